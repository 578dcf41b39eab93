//! `leadline import`: a list of people as CSV, with what became of each row.

use std::{
    collections::{BTreeMap, HashMap},
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use leadline::{
    domain::{
        client::Client,
        ids::{FormId, RunId},
        phone::PhoneNumber,
        tenants::Tenants,
    },
    flows::{
        import::{Became, Import, PHONE, Row},
        intake::Intake,
        record::Recorder,
    },
    integrations,
    ports::{Directory, IdSource, StoreError, StoreResult},
    runtime::RandomIds,
};
use serde::Serialize;

use crate::{
    connect::{Connection, Target},
    person::{Person, told_here},
};

/// Rows that are worked on at once.
const AT_ONCE: usize = 16;
/// How long a row waits that the table did not take, each time longer: it was busy, or two rows moved the
/// same counter. What was brought in is known by its key, so a row can be repeated.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
];
/// Rows whose words are kept for the summary, of those that were texted before.
const NAMED: usize = 20;

/// What to bring in, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The file: CSV with a header. `phone` must be there; `email`, `first_name`, `last_name`, address fields and
    /// any others are read as a form's are.
    pub file: PathBuf,
    /// The form that these people are counted to. A campaign lists it, with the consent that they gave.
    #[arg(long)]
    pub form: FormId,
    /// A column and the field that it is: `--map 'Mobile=phone'`. Can be given several times.
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapping)]
    pub maps: Vec<(String, String)>,
    /// Say what would become of each row, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Where rows that were not used are written, with the reason. Else FILE.rejected.csv.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// No progress on stderr.
    #[arg(long, short)]
    pub quiet: bool,
}

fn mapping(text: &str) -> Result<(String, String), String> {
    let (column, field) = text.split_once('=').ok_or("give COLUMN=FIELD, such as 'Mobile=phone'")?;
    Ok((column.trim().to_owned(), field.trim().to_owned()))
}

/// What became of a list.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows in the file.
    pub rows: u64,
    /// People who are in the campaign now, or would be.
    pub enrolled: u64,
    /// Of those, how many were texted in the last 30 days.
    pub texted_before: u64,
    /// Rows that were brought in before, or whose people are in the campaign already.
    pub known: u64,
    /// Rows that were not used, by reason.
    pub turned_away: BTreeMap<String, u64>,
    /// Where those are.
    pub rejected_file: Option<PathBuf>,
    /// What to know before, or after.
    pub notes: Vec<String>,
}

/// Brings in a list, or says what that would do.
///
/// # Errors
/// When the file or the store cannot be read, or the list cannot be brought in at all.
pub async fn import(target: &Target, options: &Options, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let client = there.store.client(&there.client).await?.context("the client's settings")?;
    let total = count(&options.file)?;
    if !options.dry_run {
        let sent = if client.in_test() { " The client is in test mode." } else { "" };
        person.agrees(&format!(
            "Bring in {total} rows for {} by form {}? They are texted as the campaign says.{sent}",
            client.name, options.form
        ))?;
    }
    let summary = run(&there, &client, options, total).await?;
    if options.json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
    } else {
        show(&summary, options, out)?;
    }
    Ok(())
}

/// Works a file through.
///
/// # Errors
/// As [`import`].
pub async fn run(there: &Connection, client: &Client, options: &Options, total: u64) -> anyhow::Result<Summary> {
    let store = &there.store;
    let alerts = told_here(store);
    let import = Import {
        intake: Intake {
            read: integrations::read,
            directory: store,
            leads: store,
            events: store,
            alerts,
            queue: None,
            tenants: Tenants::default(),
        },
        journal: store,
        client,
        form: &options.form,
    };
    let campaign = import.campaign().await?;
    let run = RunId(RandomIds.new_id(there.now));
    let recorder = Recorder { ids: &RandomIds, client: &client.id, test: client.in_test(), run, now: there.now };

    let mut reader = reader(&options.file)?;
    let header = reader.headers().context("reading the header")?.clone();
    let names = fields(&header, &options.maps)?;
    let mut rejected = Rejected::new(options, &header);
    let bar = progress(total, options.quiet);
    let mut summary = Summary { rows: total, ..Summary::default() };
    let mut seen = Seen::default();
    let rows = reader.records().enumerate().map(|(n, record)| (n as u64 + 2, record));
    // What is the same in the file itself is told while it is read, in order.
    let rows = rows.map(|(line, record)| {
        let record = record.with_context(|| format!("line {line}"))?;
        let row = row_of(&names, &record);
        let first = row.phone(client.region).ok().and_then(|phone| seen.before(&phone, line));
        anyhow::Ok((record, row, first))
    });
    let mut working = stream::iter(rows)
        .map(async |read| {
            let (record, row, first) = read?;
            let became = match first {
                Some(first) => Became::TurnedAway {
                    code: "twice_in_the_file".to_owned(),
                    words: format!("the number is in line {first} already"),
                },
                None if options.dry_run => import.would(&row, there.now).await?,
                None => brought_in(&import, &row, &recorder).await?,
            };
            anyhow::Ok((record, became))
        })
        .buffer_unordered(AT_ONCE);
    while let Some(worked) = working.next().await {
        let (record, became) = worked.context("the rest of the file was not brought in; bring it in again")?;
        match became {
            Became::Enrolled { before } => {
                summary.enrolled += 1;
                if let Some(before) = before {
                    summary.texted_before += 1;
                    if summary.texted_before <= NAMED as u64 {
                        let who = record.get(0).unwrap_or_default();
                        let at = before.with_timezone(&client.zone).format("%-d %b %Y");
                        summary.notes.push(format!("`{who}` was texted before, on {at}"));
                    }
                }
            }
            Became::Known => summary.known += 1,
            Became::TurnedAway { code, words } => {
                rejected.write(&record, &words)?;
                *summary.turned_away.entry(code).or_default() += 1;
            }
        }
        bar.inc(1);
    }
    drop(working);
    bar.finish_and_clear();
    summary.rejected_file = rejected.finish()?;
    summary.notes.extend(pace(&campaign, client, summary.enrolled));
    Ok(summary)
}

/// Brings a row in, if need be in several tries.
async fn brought_in(import: &Import<'_>, row: &Row, recorder: &Recorder<'_>) -> StoreResult<Became> {
    for pause in PAUSES {
        match import.row(row, recorder).await {
            Err(StoreError::Conflict | StoreError::Unavailable(_)) => tokio::time::sleep(pause).await,
            done => return done,
        }
    }
    import.row(row, recorder).await
}

/// The numbers of a file and the lines in which they first stood: a dozen bytes for each.
#[derive(Default)]
struct Seen {
    lines: HashMap<u64, u32>,
}

impl Seen {
    /// The line before this one in which a number stood, if there is one.
    fn before(&mut self, phone: &PhoneNumber, line: u64) -> Option<u64> {
        // At most 15 digits (ITU-T E.164): they are a number.
        let digits = phone.e164().trim_start_matches('+').parse().ok()?;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let first = *self.lines.entry(digits).or_insert(line);
        (first != line).then_some(u64::from(first))
    }
}

/// That not all of them can be texted in time, if so.
fn pace(campaign: &leadline::domain::campaign::Campaign, client: &Client, people: u64) -> Option<String> {
    let minutes = campaign.timing.latest_minutes.saturating_sub(campaign.timing.earliest_minutes);
    let in_time = u64::from(client.limits.per_hour) * u64::from(minutes.max(60)) / 60;
    (people > in_time).then(|| {
        format!(
            "at {} texts an hour about {in_time} of {people} first texts go out before campaign {} gives them up \
             ({} minutes after the import): raise the limit or `latest_minutes`, or bring in parts",
            client.limits.per_hour, campaign.id, campaign.timing.latest_minutes
        )
    })
}

fn reader(file: &Path) -> anyhow::Result<csv::Reader<std::fs::File>> {
    let opened = std::fs::File::open(file).with_context(|| format!("opening {}", file.display()))?;
    Ok(csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(opened))
}

fn count(file: &Path) -> anyhow::Result<u64> {
    let mut reader = reader(file)?;
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).with_context(|| format!("reading {}", file.display()))? {
        rows += 1;
    }
    Ok(rows)
}

/// The field that each column is.
fn fields(header: &csv::StringRecord, maps: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let columns: Vec<&str> = header.iter().map(|column| column.trim_start_matches('\u{feff}').trim()).collect();
    if let Some((missing, _)) = maps.iter().find(|(column, _)| !columns.contains(&column.as_str())) {
        bail!("there is no column `{missing}`; there are: {}", columns.join(", "));
    }
    let named = |column: &&str| {
        let mapped = maps.iter().find(|(from, _)| from == column).map(|(_, field)| field.clone());
        mapped.unwrap_or_else(|| column.to_lowercase().replace([' ', '-'], "_"))
    };
    let fields: Vec<String> = columns.iter().map(named).collect();
    if !fields.iter().any(|field| PHONE.contains(&field.as_str())) {
        bail!("no column is a phone number; there are: {}. Say which it is: --map 'COLUMN=phone'", columns.join(", "));
    }
    Ok(fields)
}

fn row_of(names: &[String], record: &csv::StringRecord) -> Row {
    let filled = names.iter().zip(record.iter()).filter(|(_, value)| !value.is_empty());
    Row { fields: filled.map(|(name, value)| (name.clone(), value.to_owned())).collect() }
}

/// Rows that were not used, as they came, with the reason.
struct Rejected {
    path: PathBuf,
    header: csv::StringRecord,
    file: Option<csv::Writer<std::fs::File>>,
}

impl Rejected {
    fn new(options: &Options, header: &csv::StringRecord) -> Self {
        let path = options.rejected.clone().unwrap_or_else(|| options.file.with_extension("rejected.csv"));
        Self { path, header: header.clone(), file: None }
    }

    fn write(&mut self, record: &csv::StringRecord, words: &str) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let opened = csv::WriterBuilder::new().flexible(true).from_path(&self.path);
                let mut opened = opened.with_context(|| format!("writing {}", self.path.display()))?;
                opened.write_record(self.header.iter().chain(["reason"]))?;
                self.file.insert(opened)
            }
        };
        // A row may be shorter than the header: the reason still stands in its own column.
        let missing = self.header.len().saturating_sub(record.len());
        file.write_record(record.iter().chain(std::iter::repeat_n("", missing)).chain([words]))?;
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Option<PathBuf>> {
        let Some(mut file) = self.file else { return Ok(None) };
        file.flush()?;
        Ok(Some(self.path))
    }
}

fn progress(total: u64, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {per_sec}, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(summary: &Summary, options: &Options, out: &mut dyn Write) -> anyhow::Result<()> {
    let would = if options.dry_run { "would be " } else { "" };
    writeln!(out, "{} rows", summary.rows)?;
    writeln!(out, "  {} {would}enrolled", summary.enrolled)?;
    writeln!(out, "  {} known before", summary.known)?;
    for (code, count) in &summary.turned_away {
        writeln!(out, "  {count} not used: {}", code.replace('_', " "))?;
    }
    for note in &summary.notes {
        writeln!(out, "note: {note}")?;
    }
    if let Some(path) = &summary.rejected_file {
        writeln!(out, "Rows that were not used, with the reason: {}", path.display())?;
    }
    if options.dry_run {
        writeln!(out, "Nothing was written.")?;
    }
    Ok(())
}
