//! `cargo sim`: runs worlds until enough texts were accepted, and says what came of it.

use std::process::ExitCode;

use clap::Parser;
use leadline_sim::{
    Asked, Summary,
    backlog::{self, Backlog},
    judge::Violation,
    run::run,
    shrink::shrink,
    simulate,
    spec::{Scale, Spec},
    world::Options,
};

/// The whole system in simulated time, under every kind of fault, judged from the outside.
#[derive(Parser)]
struct Arguments {
    /// Texts that the stand-in provider must accept before it is enough.
    #[arg(long, default_value_t = 100_000)]
    texts: u64,
    /// The same seed gives the same trace on every run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One object of JSON instead of lines.
    #[arg(long)]
    json: bool,
    /// Only the world of this number, as a violation names it.
    #[arg(long)]
    world: Option<u64>,
    /// The whole trace of that world.
    #[arg(long, requires = "world")]
    trace: bool,
    /// So many texts due at once instead, with half of all calls of the first hour turned away (429): how long
    /// they take, and how many calls.
    #[arg(long, conflicts_with_all = ["world", "json"])]
    backlog: Option<usize>,
    /// Only name the first violation of each kind, and look for no shortest trace.
    #[arg(long)]
    brief: bool,
}

/// Violations that are printed.
const SHOWN: usize = 10;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (seed, scale) = (arguments.seed, Scale::default());
    if let Some(texts) = arguments.backlog {
        return Ok(drain(seed, texts));
    }
    let violations = match arguments.world {
        Some(number) => {
            let options = Options { lines: arguments.trace, ..Options::default() };
            let ran = run(Spec::of(seed, number, scale), &options);
            ran.lines.iter().for_each(|(at, line)| println!("{at} {line}"));
            println!("world {number} of seed {seed}: {} texts, {} days", ran.texts, ran.span.num_days());
            ran.violations.into_iter().map(|violation| (number, violation)).collect()
        }
        None => {
            let asked = Asked { seed, texts: arguments.texts, scale, options: Options::default() };
            let (summary, seconds) = timed(|| simulate(&asked));
            if arguments.json {
                print_json(&summary, seconds)?;
            } else {
                print(&summary, seconds);
            }
            summary.violations
        }
    };
    if violations.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.brief {
        let mut named = std::collections::BTreeSet::new();
        violations
            .iter()
            .filter(|(_, found)| named.insert(found.judge))
            .for_each(|(world, found)| name(seed, *world, found));
    } else {
        complain(seed, scale, &violations);
    }
    Ok(ExitCode::FAILURE)
}

/// Prints how a backlog went. It fails if it took more than twice what the limits allow, or 1.2 calls a text.
fn drain(seed: u64, texts: usize) -> ExitCode {
    let clients = texts.div_ceil(backlog::MOST).max(1);
    let asked = Backlog { clients, each: texts.div_ceil(clients), turned_away: 5_000 };
    let (drained, seconds) = timed(|| asked.drain(seed));
    let calls = drained.calls as f64 / drained.texts.max(1) as f64;
    println!("backlog     {} texts of {clients} clients, {} of each", clients * asked.each, asked.each);
    println!("texts       {} to {} people", drained.texts, drained.people);
    println!("calls       {}, {calls:.3} a text", drained.calls);
    let (took, limit) = (drained.took.num_minutes(), asked.by_limit().num_minutes());
    println!("took        {took} min; the limit of {} an hour allows {limit} min", backlog::PER_HOUR);
    println!("reviews     {}, mails {}", drained.reviews, drained.mails);
    println!("speed       {:.0} texts a second", drained.texts as f64 / seconds);
    let all = drained.texts == clients * asked.each && drained.people == drained.texts && drained.reviews == 0;
    match all && took <= 2 * limit && calls <= 1.2 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[expect(clippy::disallowed_methods, reason = "the speed is that of this machine, and nothing else depends on it")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = std::time::Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

fn print(summary: &Summary, seconds: f64) {
    println!("texts       {} in {} worlds", summary.texts, summary.worlds);
    println!("years       {:.1}", summary.years());
    println!("faults      {}", summary.faults_in_all());
    for (class, count) in &summary.faults {
        println!("            {count:>9} {}", class.name());
    }
    println!("violations  {}", summary.violations.len());
    let speed = summary.texts as f64 / seconds;
    println!("speed       {speed:.0} texts a second, {:.0} a minute", speed * 60.0);
    println!("trace hash  {}", summary.trace_hash());
}

/// What `--json` prints, in this order.
#[derive(serde::Serialize)]
struct Said {
    texts: u64,
    years: f64,
    faults: u64,
    violations: usize,
    texts_per_second: f64,
    trace_hash: String,
}

fn print_json(summary: &Summary, seconds: f64) -> serde_json::Result<()> {
    let said = Said {
        texts: summary.texts,
        years: (summary.years() * 10.0).round() / 10.0,
        faults: summary.faults_in_all(),
        violations: summary.violations.len(),
        texts_per_second: (summary.texts as f64 / seconds).round(),
        trace_hash: summary.trace_hash(),
    };
    println!("{}", serde_json::to_string(&said)?);
    Ok(())
}

fn name(seed: u64, world: u64, violation: &Violation) {
    eprintln!("VIOLATION   seed {seed}, world {world}: {} at {}: {}", violation.judge, violation.at, violation.what);
}

/// Names the violations, and prints the shortest trace that shows the first of them.
fn complain(seed: u64, scale: Scale, violations: &[(u64, Violation)]) {
    violations.iter().take(SHOWN).for_each(|(world, violation)| name(seed, *world, violation));
    if violations.len() > SHOWN {
        eprintln!("            and {} more", violations.len() - SHOWN);
    }
    // One that is about a person leaves more out.
    let of_person = violations.iter().find(|(_, violation)| violation.person.is_some());
    let Some((world, violation)) = of_person.or_else(|| violations.first()) else { return };
    eprintln!("looking for the shortest trace of: {}", violation.what);
    let shrunk = shrink(seed, *world, scale, &Options::default(), violation);
    let (people, faults) = (shrunk.people, shrunk.faults);
    eprintln!("seed {seed}, world {world}, reduced to {people} people and {faults} faults:");
    for (at, line) in &shrunk.lines {
        eprintln!("  {} {line}", at.format("%Y-%m-%d %H:%M:%S%.3f"));
    }
    eprintln!("  {}: {}", shrunk.violation.judge, shrunk.violation.what);
}
