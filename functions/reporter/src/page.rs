//! A report as people read it: the same lines for text and HTML, in the order of the questions.

mod sections;

use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    client::Client,
    report::{Action, Check, NOT_IN_THIS_RELEASE, Report, THRESHOLDS, Verdict},
};

pub(crate) use sections::{Row, Section};

/// Most actions that are written out.
const MOST_ACTIONS: usize = 5;

/// Everything that is on the page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) subject: String,
    pub(crate) client: String,
    pub(crate) verdict: Verdict,
    pub(crate) headline: String,
    pub(crate) about: String,
    pub(crate) reminders: Vec<String>,
    pub(crate) actions: Vec<Todo>,
    pub(crate) changes: Vec<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) foot: Vec<String>,
}

/// Something to do.
#[derive(Debug)]
pub(crate) struct Todo {
    pub(crate) number: usize,
    pub(crate) what: String,
    pub(crate) since: Option<String>,
    pub(crate) consequence: String,
    pub(crate) leads: Option<String>,
}

impl Page {
    pub(crate) fn of(report: &Report, client: &Client, repeat: bool) -> Self {
        Self {
            subject: subject(report, client, repeat),
            client: one_line(&report.client),
            verdict: report.verdict,
            headline: headline(report),
            about: about(report),
            reminders: reminders(report, repeat),
            actions: todos(report),
            changes: changes(report),
            sections: sections::all(report),
            foot: foot(report, client),
        }
    }
}

/// The client, the verdict, and three numbers: enough to decide whether to open it.
fn subject(report: &Report, client: &Client, repeat: bool) -> String {
    let worst: Vec<&str> = report
        .actions
        .iter()
        .filter(|action| action.verdict == report.verdict)
        .map(|action| action.headline.as_str())
        .take(2)
        .collect();
    let worst = if worst.is_empty() { String::new() } else { format!("{}. ", worst.join(", ")) };
    format!(
        "{}{}: {}. {worst}{}, {}, {}{}",
        if client.in_test() { "[TEST] " } else { "" },
        one_line(&report.client),
        report.verdict.word(),
        many(report.figures.texts, "text", "texts"),
        many(report.figures.replies, "reply", "replies"),
        many(report.actions.len() as u64, "problem", "problems"),
        if repeat { " (repeat)" } else { "" },
    )
}

fn headline(report: &Report) -> String {
    // Somebody who waits for an answer is the first thing that is said, whatever else there is.
    let (waiting, others): (Vec<&Action>, Vec<&Action>) =
        report.actions.iter().partition(|action| action.check == Check::Unanswered);
    let Some(waiting) = waiting.first() else { return summary(report, &others) };
    let rest = if others.is_empty() { String::new() } else { format!(" {}", summary(report, &others)) };
    format!("{}.{rest}", waiting.headline)
}

fn summary(report: &Report, actions: &[&Action]) -> String {
    let of = |verdict: Verdict| actions.iter().filter(|action| action.verdict == verdict).count();
    let (many_act, many_look) = (of(Verdict::Act), of(Verdict::Look));
    let first = actions.first().map(|action| action.headline.as_str()).unwrap_or_default();
    match (report.verdict, many_act, many_look) {
        (Verdict::Ok, ..) if report.figures.forms == 0 && report.figures.texts == 0 => {
            "Everything ran. Nothing came in and nothing was sent. Nothing needs you.".to_owned()
        }
        (Verdict::Ok, ..) => "Everything ran. Nothing needs you.".to_owned(),
        (Verdict::Look, _, 1) => format!("1 thing is worth a look: {first}."),
        (Verdict::Look, _, many) => format!("{many} things are worth a look, first: {first}."),
        (Verdict::Act, 1, _) => format!("1 thing needs you: {first}."),
        (Verdict::Act, many, _) => format!("{many} things need you, first: {first}."),
    }
}

fn about(report: &Report) -> String {
    let hours = report.period.length().num_hours();
    let changed = if hours == 24 { String::new() } else { format!(" ({hours} hours: the clocks changed)") };
    let day = report.period.day.format("%a %-d %b %Y");
    format!(
        "Report {} · {day}{changed} · {} · read {}",
        report.number,
        report.zone(),
        moment(report.as_of, report.zone())
    )
}

fn reminders(report: &Report, repeat: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if repeat {
        lines.push("This report may have been sent before: the run that began it did not come to its end.".to_owned());
    }
    if let Some(since) = report.test_since {
        let since = since.format("%a %-d %b %Y");
        lines.push(format!("TEST MODE is on (first reported for {since}): all texts go to the test phone or nowhere."));
    }
    if report.first {
        lines.push(
            "This is the first report: the totals begin with this day, and what is usual is known after four weeks."
                .to_owned(),
        );
    }
    lines
}

fn todos(report: &Report) -> Vec<Todo> {
    let todo = |(n, action): (usize, &Action)| Todo {
        number: n + 1,
        what: format!("{}{}.", upper(&action.what), if action.new { " [new]" } else { "" }),
        since: action.since.map(|since| moment(since, report.zone())),
        consequence: action.consequence.clone(),
        leads: (!action.leads.is_empty()).then(|| {
            let more = if action.how_many > action.leads.len() as u64 { " and others" } else { "" };
            format!("{}{more}", action.leads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }),
    };
    report.actions.iter().take(MOST_ACTIONS).enumerate().map(todo).collect()
}

fn changes(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if report.actions.len() > MOST_ACTIONS {
        let rest: Vec<&str> = report.actions.iter().skip(MOST_ACTIONS).map(|action| action.headline.as_str()).collect();
        lines.push(format!("And: {}.", rest.join(", ")));
    }
    if !report.fixed.is_empty() {
        let fixed: Vec<&str> = report.fixed.iter().map(|check| check.topic()).collect();
        lines.push(format!("Fixed since the last report: {}.", fixed.join(", ")));
    }
    lines
}

fn foot(report: &Report, client: &Client) -> Vec<String> {
    let mut lines = Vec::new();
    if !report.not_measured.is_empty() {
        lines.push(format!("Not measured: {}.", report.not_measured.join("; ")));
    }
    lines.push(format!("Not measured in this release: {}.", NOT_IN_THIS_RELEASE.join("; ")));
    lines.push(format!(
        "Sent daily at {} ({}), good days included; the hour is report_at in the client's settings. \
         Report numbers go up by one a day: a number that is missing is a report that is missing.",
        client.report_at.format("%H:%M"),
        report.zone(),
    ));
    lines.push(format!(
        "Limits: failed texts over {} % or {} %; no rate under {} texts; {} or {} min without a run or a look at what is due.",
        THRESHOLDS.failure_look,
        THRESHOLDS.failure_act,
        THRESHOLDS.rate_from,
        THRESHOLDS.gap_act.num_minutes(),
        THRESHOLDS.overdue_act.num_minutes(),
    ));
    lines
}

/// A moment on the reader's wall clock, with the zone's name.
fn moment(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %H:%M %Z").to_string()
}

/// `1 text`, `1,204 texts`.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

/// A number with its thousands set apart: `1,204`.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A name on one line, so that it cannot add a header or a line of its own.
fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
