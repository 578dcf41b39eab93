//! `cargo sim`.
use leadline_sim::{run::run, spec::{Scale, Spec}, world::Options, faults::Without};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let from: u64 = args.get(1).and_then(|a| a.parse().ok()).unwrap_or(0);
    let many: u64 = args.get(2).and_then(|a| a.parse().ok()).unwrap_or(1);
    let only: Option<usize> = args.get(3).and_then(|a| a.parse().ok());
    for n in from..from + many {
        let spec = Spec::of(1, n, Scale::default());
        let mut ran = run(spec, &Options { lines: only.is_some(), without: Without { only: only.filter(|o| *o < 100000), ..Without::default()}, ..Options::default() });
        for (at, line) in &ran.lines { println!("{at} {line}"); }
        println!("world {n}: {} texts, {} days, faults {:?} hash {:02x?}", ran.texts, ran.span.num_days(), ran.faults, &ran.hash[..4]);
        ran.violations.sort_by_key(|v| v.judge);
        let mut by = std::collections::BTreeMap::<_, usize>::new();
        for v in &ran.violations { let c = by.entry(v.judge).or_default(); *c += 1; if *c <= 5 { println!("   {} {:?} {} {}", v.judge, v.person, v.at, v.what); } }
        println!("   {by:?}");
    }
}
