//! Plants a fault in a copy of the sources, builds it, and lets the sweep, the simulation and the model
//! loose on it. Each fault must be found, and by what it is meant to be found by.
//!
//! `cargo planted` does all of them; `cargo planted NAME` one. The copy is in `target/planted`; a fault
//! costs only the crates that it is in.

mod faults;
mod tree;

use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context, bail};
use clap::Parser;
use comfy_table::{ContentArrangement, Table, presets};

use faults::{FAULTS, Fault, Finder};
use tree::Tree;

/// Plants faults in a copy of the sources and names what finds each of them.
#[derive(Parser)]
#[command(name = "planted", after_help = "Example: cargo planted the-claim-is-released-on-an-unknown-outcome")]
struct Options {
    /// Only these faults, by name or the beginning of one.
    names: Vec<String>,
    /// List the faults and stop.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("planted: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<bool> {
    let wanted =
        |fault: &&Fault| options.names.is_empty() || options.names.iter().any(|name| fault.name.starts_with(name));
    let chosen: Vec<&Fault> = FAULTS.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("there is no such fault; `cargo planted --list` names them");
    }
    if options.list {
        chosen.iter().for_each(|fault| println!("{}\n    {}", fault.name, fault.breaks));
        return Ok(true);
    }
    let tree = Tree::copy()?;
    // What fails without a fault would find every fault, by accident.
    for finder in Finder::ALL.into_iter().filter(|finder| chosen.iter().any(|fault| fault.found_by == *finder)) {
        eprintln!("without a fault: {finder}");
        build(&tree, finder).context("the sources do not build without a fault")?;
        let ran = look(&tree, finder)?;
        if !ran.status.success() {
            bail!("{finder} finds a fault where none is planted:\n{}", text_of(&ran));
        }
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["fault", "found by", "as"]);
    let mut all_found = true;
    for fault in chosen {
        eprintln!("{}", fault.name);
        let found = try_out(&tree, fault).with_context(|| fault.name.to_owned());
        tree.restore(fault)?;
        let (by, how) = match found? {
            Found::As(line) => (fault.found_by.to_string(), line),
            Found::Otherwise(said) => {
                all_found = false;
                ("NOT AS IT SHOULD BE".to_owned(), said)
            }
            Found::Survived => {
                all_found = false;
                ("NOTHING".to_owned(), format!("{} finds nothing wrong", fault.found_by))
            }
        };
        eprintln!("    {by}: {how}");
        table.add_row([fault.name, &by, &how]);
    }
    println!("{table}");
    Ok(all_found)
}

/// What the line of a broken promise has, in the simulation's words.
const VIOLATION: &str = "VIOLATION";

/// What came of looking for a fault.
enum Found {
    /// It was found as what it is, in this line.
    As(String),
    /// Something failed, and not for the reason that it should have.
    Otherwise(String),
    /// Nobody noticed.
    Survived,
}

fn try_out(tree: &Tree, fault: &Fault) -> anyhow::Result<Found> {
    tree.plant(fault)?;
    build(tree, fault.found_by).context("it does not build, so it is no fault")?;
    let ran = look(tree, fault.found_by)?;
    if ran.status.success() {
        return Ok(Found::Survived);
    }
    let said = text_of(&ran);
    let short = |line: &str| line.trim().chars().take(200).collect::<String>();
    let broken = said.lines().find(|line| line.contains(VIOLATION));
    Ok(match said.lines().find(|line| line.contains(fault.as_what)) {
        Some(line) => Found::As(short(line)),
        None => Found::Otherwise(short(broken.or(said.lines().last()).unwrap_or("it failed without a word"))),
    })
}

fn build(tree: &Tree, finder: Finder) -> anyhow::Result<()> {
    let built = cargo(tree, finder.build())?;
    if !built.status.success() {
        bail!("{}", text_of(&built));
    }
    Ok(())
}

fn look(tree: &Tree, finder: Finder) -> anyhow::Result<Output> {
    cargo(tree, finder.run())
}

fn cargo(tree: &Tree, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut child = Command::new("cargo");
    child.args(arguments).current_dir(tree.root()).env("CARGO_TARGET_DIR", tree.build()).stdin(Stdio::null());
    child.env("RUST_BACKTRACE", "0").env_remove("RUSTFLAGS");
    child.output().with_context(|| format!("cargo {}", arguments.join(" ")))
}

fn text_of(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}
