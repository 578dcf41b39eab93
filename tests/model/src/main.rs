//! `cargo model`: checks how a text is sent, and that the designs that are known to fail do.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use leadline_model::{
    check::{Failure, Findings, check, fail},
    designs::Design,
    protocol::{Protocol, Times},
    state::MAX_WORKERS,
    trace::Line,
};

/// Try every order in which one text can be sent: at most one may be accepted, in each of them.
#[derive(Parser)]
#[command(name = "model")]
struct Options {
    /// Workers at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=MAX_WORKERS as i64))]
    workers: u8,
    /// Deliveries of the job, all repeats counted.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(3..))]
    deliveries: u8,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let protocol = Protocol::new(Design::Leadline, options.workers, options.deliveries);
    let (ours, took) = timed(|| check(protocol));
    let failures: Vec<Failure> = Design::FAILING.into_iter().filter_map(fail).collect();
    let right = ours.right() && failures.iter().all(|failure| !failure.broken_by.is_empty());
    let out = &mut io::stdout().lock();
    let written = match options.json {
        true => json(out, &options, &ours, took, &failures),
        false => text(out, &protocol, &ours, took, &failures),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("model: {error}");
            ExitCode::FAILURE
        }
        _ if right => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn json(
    out: &mut impl Write,
    options: &Options,
    ours: &Findings,
    took: Duration,
    failures: &[Failure],
) -> io::Result<()> {
    let report = serde_json::json!({
        "workers": options.workers,
        "deliveries": options.deliveries,
        "seconds": took.as_secs_f64(),
        "ours": ours,
        "must_fail": failures,
    });
    writeln!(out, "{report:#}")
}

fn text(
    out: &mut impl Write,
    protocol: &Protocol,
    ours: &Findings,
    took: Duration,
    failures: &[Failure],
) -> io::Result<()> {
    let Protocol { workers, deliveries, times: Times { lease, call, lag, slack }, .. } = protocol;
    writeln!(
        out,
        "workers {workers}, deliveries {deliveries}; ticks: lease {lease}, call {call}, lag {lag}, slack {slack}"
    )?;
    writeln!(out, "{} states, {} steps, depth {}, {took:.1?}\n", ours.states, ours.steps, ours.depth)?;
    for finding in &ours.properties {
        let found = match (finding.always, finding.right) {
            (true, true) => "always",
            (true, false) => "BROKEN",
            (false, true) => "happens",
            (false, false) => "NEVER",
        };
        writeln!(out, "  {found:<8} {}", finding.property)?;
        lines(out, &finding.broken_by)?;
    }
    for Failure { design, words, property, broken_by } in failures {
        let found = if broken_by.is_empty() { "SHOULD BREAK, AND DOES NOT" } else { "breaks" };
        writeln!(out, "\n{design}: {words}\n  {found}: {property}")?;
        lines(out, broken_by)?;
    }
    Ok(())
}

fn lines(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
    for (number, Line { time, who, what }) in (1..).zip(lines) {
        writeln!(out, "  {number:>4}  t={time:<3} {who:<9} {what}")?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how long the check itself took")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = std::time::Instant::now();
    (work(), begin.elapsed())
}
