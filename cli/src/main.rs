//! `leadline`, the operator's tool.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use leadline::domain::Instant;
use leadline_cli::{
    bookings, campaigns,
    connect::{Queues, Table, Target},
    conversation::{self, Decided},
    dead_letters::{self, Which},
    erase, events, explain, export, import, init, leads,
    opt_outs::{self, OptOutsCommand},
    person::Person,
    release, restored,
    sending::{self, Button},
    settings,
    settle::{self, Said},
    sweep, templates,
};

/// Lead follow-up by SMS: rehearse a campaign, run the whole system on this machine, ask why, and do what only
/// a person can.
#[derive(Parser)]
#[command(
    name = "leadline",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 it was done; 1 it was refused or failed, which is said on stderr; 2 the command line makes no sense."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// A moment as people and programs write it.
fn moment(text: &str) -> Result<Instant, String> {
    text.parse().map_err(|_| "give a moment with its offset from UTC, such as 2026-01-06T15:00:00-05:00".to_owned())
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
        #[arg(long, value_parser = moment)]
        at: Option<Instant>,
        /// JSON instead of tables.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Bring in a list of people as CSV: each row is taken in as if it had come from a form.
    #[command(
        after_help = "Example: leadline import people.csv --form november-list --dry-run\n\nThe form is one that you list in a campaign's `forms`, with the consent that these people gave."
    )]
    Import {
        #[command(flatten)]
        options: import::Options,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Write everything of a client into a new folder: leads, conversations and opt-outs as CSV, and all of it as JSON.
    #[command(
        after_help = "Example: leadline export acme-2026-11-21\n\nIt reads the whole table once, which is slow and costs a read of every item."
    )]
    Export {
        /// The folder. It must not be there yet.
        folder: PathBuf,
        /// The summary as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// A client's campaigns, as files: list, show, write, pause, resume, deactivate.
    #[command(
        after_help = "Example: leadline campaigns show free-webinar > webinar.json, edit it, then leadline campaigns put webinar.json"
    )]
    Campaigns {
        #[command(subcommand)]
        command: campaigns::Command,
        #[command(flatten)]
        target: Target,
    },
    /// A client's people: list them, show one, put one into a campaign, on hold, or out of what it is in.
    #[command(
        after_help = "Examples: leadline leads list --status held\n          leadline leads end '(305) 555-0123' --because \"asked for email instead\""
    )]
    Leads {
        #[command(subcommand)]
        command: leads::Command,
        #[command(flatten)]
        target: Target,
    },
    /// The texts of campaigns: what they cost, what is wrong with them, and how one lead would get one.
    #[command(
        after_help = "Examples: leadline templates check\n          leadline templates preview free-webinar 1 '(305) 555-0123'"
    )]
    Templates {
        #[command(subcommand)]
        command: templates::Command,
        #[command(flatten)]
        target: Target,
    },
    /// Set up a client in one step: settings, addresses, a key, and campaigns that are paused.
    #[command(
        after_help = "Example: leadline init --id acme --name \"Acme Coaching\" --zone America/New_York --admin owner@example.org --provider twilio --account AC… --sender +13055550199 --url https://…\n\nNobody is texted by it: the campaigns are paused, and the client is in test mode unless --live is given."
    )]
    Init {
        #[command(flatten)]
        options: Box<init::Options>,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Table,
    },
    /// Who is texted for: list, show, write, and new tokens for webhook addresses.
    #[command(after_help = "Example: leadline clients put acme.json")]
    Clients {
        #[command(subcommand)]
        command: settings::Clients,
        #[command(flatten)]
        target: Target,
    },
    /// The keys that a client's own programs come in with.
    #[command(after_help = "Example: leadline keys add site --scope send --scope status --days 365")]
    Keys {
        #[command(subcommand)]
        command: settings::Keys,
        #[command(flatten)]
        target: Target,
    },
    /// Print the description of the API (OpenAPI 3.1), which is kept in docs/openapi.json.
    #[command(after_help = "Example: leadline openapi > docs/openapi.json")]
    Openapi,
    /// Raw events that made no sense: list them, look at one, have it worked on again.
    #[command(after_help = "Example: leadline events list --days 30, then leadline events replay kj:fs:2150000001")]
    Events {
        #[command(subcommand)]
        command: events::Command,
        #[command(flatten)]
        target: Target,
    },
    /// Find sequences that should have ended and have not, and counters that are off, and mend them.
    #[command(
        after_help = "Example: leadline sweep --dry-run\n\nIt looks at every lead of the client, a hundred at a time, and goes on where it was left."
    )]
    Sweep {
        #[command(flatten)]
        options: sweep::Options,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Erase a person's data on their request. The proof that texts were lawful stays, and so does a no.
    #[command(after_help = "Example: leadline erase pat@example.org --because 'asked by email on 3 March'")]
    Erase {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Why, for the audit, where it stays: without name, number and address.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        erasures: erase::ErasuresTable,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Show every text that will go out until a moment, by the same decision, writing nothing.
    #[command(after_help = "Example: leadline preview --until 2026-01-09T20:00:00-05:00")]
    Preview {
        /// The moment, with its offset from UTC.
        #[arg(long, value_parser = moment)]
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
    /// List what calendars said of bookings, or the bookings of people whom nobody knew.
    #[command(after_help = "Example: leadline bookings --unmatched --days 30")]
    Bookings {
        #[command(flatten)]
        which: bookings::Which,
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// List the jobs that were given up, with what each is about now and what to do.
    #[command(after_help = "Example: leadline dead-letters --table leadline-Table-1A2B --dead-letters-url https://…")]
    DeadLetters {
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        queues: Queues,
        #[command(flatten)]
        target: Target,
    },
    /// Have dead letters, or leads that wait for review, tried again. The sender decides afresh: nothing is sent late.
    #[command(after_help = "Examples: leadline redrive --all\n          leadline redrive '(305) 555-0123' --yes")]
    Redrive {
        #[command(flatten)]
        which: Which,
        /// One JSON object a line instead of words.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        queues: Queues,
        #[command(flatten)]
        target: Target,
    },
    /// Say whether a text went out of which nobody else can tell.
    #[command(
        after_help = "Examples: leadline settle '(305) 555-0123' --sent --provider-id SM0123456789abcdef0123456789abcdef\n          leadline settle '(305) 555-0123' --not-sent --because \"it is not in Twilio's log\""
    )]
    Settle {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Lift the hold on one lead, such as one that somebody wrote to from the provider's own inbox.
    #[command(after_help = "Example: leadline release '(305) 555-0123' --because \"Kim is done talking to Pat\"")]
    Release {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Why.
        #[arg(long, value_name = "WORDS")]
        because: String,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Print what was said between us and a lead, in order, or note that somebody answered it.
    #[command(
        after_help = "Examples: leadline conversation '(305) 555-0123'\n          leadline conversation '(305) 555-0123' --answered"
    )]
    Conversation {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Note that somebody answered what it wrote, by whatever way: it waits for your answer no more.
        #[arg(long, conflicts_with = "json")]
        answered: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// Decide on a lead that is held since a reply that may mean no, or asks who is texting.
    #[command(
        after_help = "Examples: leadline answer '(305) 555-0123' --end --because \"not now, she says\"\n          leadline answer '(305) 555-0123' --go-on --because \"asked about another course\""
    )]
    Answer {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        #[command(flatten)]
        decided: Decided,
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        target: Target,
    },
    /// List the opt-outs, write one down, or take one back.
    #[command(after_help = "Example: leadline opt-outs add '(305) 555-0123' --reason \"asked by phone\"")]
    OptOuts {
        #[command(subcommand)]
        command: OptOutsCommand,
    },
    /// Put sending on hold until a person lifts it. Forms and replies are still taken in.
    #[command(after_help = "Example: leadline hold --reason \"wrong text in step 2\" --client acme")]
    Hold {
        /// Why, for whoever finds it on hold.
        #[arg(long)]
        reason: String,
        /// Every client.
        #[arg(long, conflicts_with = "client")]
        all_clients: bool,
        /// Who does it, for the audit. Without it, the name of the machine's user.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Lift the hold on sending.
    #[command(after_help = "Example: leadline resume --client acme")]
    Resume {
        /// Who does it, for the audit. Without it, the name of the machine's user.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Print what a shell completes these commands by.
    #[command(
        after_help = "Example: leadline completions bash > /etc/bash_completion.d/leadline\n\nFor zsh a file `_leadline` in a folder of $fpath, for fish ~/.config/fish/completions/leadline.fish."
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// After a restore from a backup: learn from the provider whom the table does not know to have been texted.
    #[command(
        after_help = "Example: leadline restored --since 2026-11-21T12:00:00Z --table leadline-restored\n\nIt can be called again. At the end sending is on hold until `leadline resume`."
    )]
    Restored {
        /// The moment that the table was restored to.
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        since: Instant,
        /// Also for a table that is no copy under another name.
        #[arg(long)]
        force: bool,
        /// Only erase again who was erased since. Do this before anything is taken in by the table: a new form of
        /// theirs is then a new lead.
        #[arg(long)]
        erasures_only: bool,
        /// One JSON object a client instead of tables.
        #[arg(long)]
        json: bool,
        /// Who does it, for the audit. Without it, the name of the machine's user.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        erasures: erase::ErasuresTable,
        #[command(flatten)]
        target: Target,
    },
}

/// The exit status for a command line that makes no sense.
const USAGE: u8 = 2;

/// Writes what a shell completes the commands by.
fn complete(shell: clap_complete::Shell, out: &mut dyn io::Write) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "leadline", &mut script);
    Ok(out.write_all(&script)?)
}

#[tokio::main]
async fn main() -> ExitCode {
    start_logging();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // Help and the version are told in this way, too.
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
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
        Command::Import { options, person, target } => {
            import::import(&target, &options, &person, &mut io::stdout().lock()).await
        }
        Command::Export { folder, json, target } => {
            export::export(&target, &folder, json, &mut io::stdout().lock()).await
        }
        Command::Campaigns { command, target } => campaigns::campaigns(&target, &command, &mut io::stdout()).await,
        Command::Leads { command, target } => leads::leads(&target, &command, &mut io::stdout().lock()).await,
        Command::Templates { command, target } => {
            templates::templates(&target, &command, &mut io::stdout().lock()).await
        }
        Command::Init { options, person, target } => {
            init::init(&target.into(), &options, &person, &mut io::stdout().lock()).await
        }
        Command::Clients { command, target } => settings::clients(&target, &command, &mut io::stdout().lock()).await,
        Command::Keys { command, target } => settings::keys(&target, &command, &mut io::stdout().lock()).await,
        Command::Openapi => leadline_cli::openapi::print(&mut io::stdout().lock()),
        Command::Events { command, target } => events::events(&target, &command, &mut io::stdout().lock()).await,
        Command::Sweep { options, person, target } => sweep::sweep(&target, options, &person, &mut io::stdout()).await,
        Command::Erase { lead, because, json, erasures, person, target } => {
            let options = erase::Options { lead: &lead, because: &because, json };
            erase::erase(&target, &erasures, options, &person, &mut io::stdout().lock()).await
        }
        Command::Bookings { which, json, target } => {
            bookings::show(&target, &which, json, &mut io::stdout().lock()).await
        }
        Command::DeadLetters { json, queues, target } => {
            dead_letters::show(&target, &queues, json, &mut io::stdout().lock()).await
        }
        Command::Redrive { which, json, person, queues, target } => {
            dead_letters::redrive(&target, &queues, &which, &person, json, &mut io::stdout().lock()).await
        }
        Command::Settle { lead, said, person, target } => {
            settle::settle(&target, &lead, &said, &person, &mut io::stdout().lock()).await
        }
        Command::Release { lead, because, person, target } => {
            release::release(&target, &lead, &because, &person, &mut io::stdout().lock()).await
        }
        Command::Conversation { lead, answered: true, person, target, .. } => {
            conversation::answered(&target, &lead, &person, &mut io::stdout().lock()).await
        }
        Command::Conversation { lead, json, target, .. } => {
            conversation::show(&target, &lead, json, &mut io::stdout().lock()).await
        }
        Command::Answer { lead, decided, person, target } => {
            conversation::answer(&target, &lead, &decided, &person, &mut io::stdout().lock()).await
        }
        Command::OptOuts { command } => opt_outs::run(&command, &mut io::stdout().lock()).await,
        Command::Hold { reason, all_clients, by, target } => {
            let (button, person) = (Button::Hold(reason), Person { by, yes: true });
            sending::press(&button, &target, all_clients, &person, &mut io::stdout().lock()).await
        }
        Command::Resume { by, target } => {
            let person = Person { by, yes: true };
            sending::press(&Button::Resume, &target, false, &person, &mut io::stdout().lock()).await
        }
        Command::Completions { shell } => complete(shell, &mut io::stdout().lock()),
        Command::Restored { since, force, erasures_only, json, by, erasures, target } => {
            let person = Person { by, yes: true };
            restored::restored(
                &target,
                &erasures,
                restored::Options { since, force, erasures_only, json },
                &person,
                &mut io::stdout().lock(),
            )
            .await
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

#[cfg(test)]
mod tests;
