//! `leadline`, the operator's tool.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Lead follow-up by SMS: rehearse a campaign, run the whole system on this machine, ask why.
#[derive(Parser)]
#[command(name = "leadline", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario in simulated time and print what happens.
    #[command(
        after_help = "Example: leadline rehearse events/scenarios/tuesday.json\n\nScenarios are described in docs/scenarios.md."
    )]
    Rehearse {
        /// The scenario file.
        scenario: PathBuf,
        /// One JSON object a line instead of a timeline.
        #[arg(long)]
        json: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    start_logging();
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Rehearse { scenario, json } => {
            leadline_cli::rehearse::rehearse(&scenario, json, &mut io::stdout().lock()).await.map(|_| ())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that stopped reading, such as `head`, is no failure.
        Err(error) if leadline_cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leadline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What goes wrong inside is said on stderr; more of it with `RUST_LOG=info`.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).without_time().init();
}
