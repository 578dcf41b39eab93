//! `leadline`, the operator's tool.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use leadline::domain::Instant;
use leadline_cli::{connect::Target, explain};

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
    /// Run the whole system on this machine, with a page to watch it.
    #[command(after_help = "Example: leadline local, then open http://127.0.0.1:8787/ and follow what it prints.")]
    Local(leadline_cli::local::Options),
    /// Say why a lead is where it is: every gate of the decision, with the fact it went by.
    #[command(after_help = "Example: leadline why '(305) 555-0123'")]
    Why {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Another moment than now, such as 2026-01-06T15:00:00-05:00.
        #[arg(long)]
        at: Option<Instant>,
        /// JSON instead of tables.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Show every text that will go out until a moment, by the same decision, writing nothing.
    #[command(after_help = "Example: leadline preview --until 2026-01-09T20:00:00-05:00")]
    Preview {
        /// The moment, with its offset from UTC.
        #[arg(long)]
        until: Instant,
        /// One lead only: its id, its phone number or its email address.
        #[arg(long)]
        lead: Option<String>,
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
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
        Command::Local(options) => leadline_cli::local::run(options, &mut io::stdout()).await,
        Command::Why { lead, at, json, target } => {
            explain::why(&target, &lead, at, json, &mut io::stdout().lock()).await
        }
        Command::Preview { until, lead, json, target } => {
            explain::look_ahead(&target, until, lead.as_deref(), json, &mut io::stdout().lock()).await
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
