//! The tables of a report.

use leadline::domain::{
    lead::{Need, Outcome},
    report::{Books, Figures, Function, Kept, Person, Rate, Report, Tested, Usual, WaitingFor, age},
};

use super::{moment, number};

/// Reasons for texts that did not go out that are written out.
const MOST_REASONS: usize = 12;
/// Templates that are written out.
const MOST_TEMPLATES: usize = 5;

/// A table under a heading.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A line of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) note: String,
    /// Whether the number should not be what it is.
    pub(crate) wrong: bool,
}

impl Row {
    fn new(what: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { what: what.into(), value: value.into(), note: note.into(), wrong: false }
    }

    fn wrong_if(mut self, wrong: bool) -> Self {
        self.wrong = wrong;
        self
    }

    fn count(what: impl Into<String>, value: u64, note: impl Into<String>) -> Self {
        Self::new(what, number(value), note)
    }
}

/// What is said of a number that nobody has.
const NOT_MEASURED: &str = "not measured";

pub(super) fn all(report: &Report) -> Vec<Section> {
    let mut sections = waiting(report);
    sections.extend([
        Section { title: "Texts nobody should have got", rows: safety(report) },
        Section { title: "Not sent", rows: not_sent(report) },
        Section { title: "The day", rows: day(report) },
        Section { title: "Runs and errors", rows: work(report) },
        Section { title: "Templates used", rows: templates(&report.figures) },
        Section { title: "Books since the first report", rows: books(&report.books) },
    ]);
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// Everybody who waits for a person, by what for and by name.
fn waiting(report: &Report) -> Vec<Section> {
    let Some(waiting) = &report.waiting else { return Vec::new() };
    let section = |(need, waiting): (&Need, &WaitingFor)| {
        let title = match need {
            Need::Unanswered => "Wait for your answer",
            Need::Held => "Held for your decision",
            Need::Review => "Wait for review",
            Need::Unclear => "May have gone out",
        };
        let row = |person: &Person| {
            let since = moment(person.since, report.zone());
            let note = format!("Since {since}: {}. Command: {}", person.why, person.command);
            Row::new(format!("{}, {}", person.name, person.number), age(person.since, report.as_of), note)
        };
        let mut rows: Vec<Row> = waiting.people.iter().map(row).collect();
        let more = waiting.count.saturating_sub(rows.len() as u64);
        if more > 0 {
            rows.push(Row::count("And more", more, "See leadline leads list --status"));
        }
        Section { title, rows }
    };
    waiting.by_need.iter().map(section).collect()
}

fn safety(report: &Report) -> Vec<Row> {
    let safety = &report.safety;
    let row = |what: &str, tested: &Tested| {
        if tested.unmeasured() {
            return Row::new(what, NOT_MEASURED, format!("none of {} could be checked", number(tested.of)));
        }
        let unchecked = (tested.unchecked > 0)
            .then(|| format!("{} of {} could not be checked", number(tested.unchecked), number(tested.of)));
        Row::count(what, tested.found, unchecked.unwrap_or_default()).wrong_if(tested.found > 0)
    };
    let oldest = safety.unclear.since.map(|since| format!("oldest since {}", moment(since, report.zone())));
    vec![
        row("After an opt-out", &safety.after_opt_out),
        row("Outside the lawful hours", &safety.outside_hours),
        row("Twice for one step", &safety.doubles),
        Row::count("Unclear: may have gone out", safety.unclear.found, oldest.unwrap_or_default())
            .wrong_if(safety.unclear.found > 0),
    ]
}

fn not_sent(report: &Report) -> Vec<Row> {
    let mut rows = vec![match report.overdue {
        Some(overdue) => {
            let oldest = overdue.since.map(|since| format!("oldest since {}", moment(since, report.zone())));
            Row::count("Overdue leads", overdue.leads, oldest.unwrap_or_default()).wrong_if(overdue.leads > 0)
        }
        None => Row::new("Overdue leads", NOT_MEASURED, ""),
    }];
    // These two are asked for every day, so they stand there on days without any, too.
    let none = |kept: Kept| report.not_sent.iter().all(|row| row.kept != kept);
    rows.extend(
        [Kept::NoTemplate, Kept::Limit]
            .into_iter()
            .filter(|kept| none(*kept))
            .map(|which| Row::count(kept(which), 0, "")),
    );
    rows.extend(
        report.not_sent.iter().take(MOST_REASONS).map(|row| Row::count(kept(row.kept), row.count, row.reason.clone())),
    );
    let rest: u64 = report.not_sent.iter().skip(MOST_REASONS).map(|row| row.count).sum();
    if rest > 0 {
        rows.push(Row::count("Other", rest, format!("{} more reasons", report.not_sent.len() - MOST_REASONS)));
    }
    rows.push(match report.next_day {
        Some(leads) => Row::count("Due in the next 24 hours", leads, ""),
        None => Row::new("Due in the next 24 hours", NOT_MEASURED, ""),
    });
    rows
}

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Failed => "Failed",
        Kept::Review => "Put before a person",
        Kept::NoTemplate => "No template",
        Kept::Limit => "Limit reached",
        Kept::Deferred => "Put off",
        Kept::Ended => "Given up",
        Kept::Rejected => "Not enrolled",
        Kept::Unusable => "Unusable",
        Kept::Ignored => "Changed nothing",
    }
}

fn day(report: &Report) -> Vec<Row> {
    let figures = &report.figures;
    let known =
        if figures.known_leads > 0 { format!("{} known before", number(figures.known_leads)) } else { String::new() };
    let rate = match figures.failure_rate {
        Rate::TooFew => "too few texts for a rate".to_owned(),
        Rate::Percent(rate) => format!("{rate:.1} % of {}", number(figures.texts + figures.failed)),
    };
    let test = if figures.test_texts > 0 {
        format!("{} to the test phone", number(figures.test_texts))
    } else {
        String::new()
    };
    let segments = format!("{} segments", number(figures.segments));
    let retried =
        if figures.retried > 0 { format!("{} tries repeated", number(figures.retried)) } else { String::new() };
    let first = match figures.minutes_to_first_text {
        Some(minutes) => Row::new("Import to first text", format!("{minutes} min"), "average"),
        None => Row::new("Import to first text", "–", "no first text was sent"),
    };
    let outcomes: Vec<String> = figures
        .ended
        .iter()
        .map(|(outcome, count)| format!("{} {}", number(*count), outcome_words(*outcome)))
        .collect();
    vec![
        Row::count("Forms received", figures.forms, usual(figures.usual_leads)),
        Row::count("New leads", figures.new_leads, known),
        Row::count("Enrolled", figures.enrolled, ""),
        first,
        Row::count("Texts sent", figures.texts, joined(&[usual(figures.usual_texts), segments, test])),
        Row::count("Texts failed", figures.failed, joined(&[rate, retried])),
        Row::count("Replies", figures.replies, usual(figures.usual_replies)),
        Row::count("Opt-outs", figures.opt_outs, ""),
        Row::count("Sequences ended", figures.ended.values().sum(), outcomes.join(", ")),
    ]
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Booked => "booked",
        Outcome::OptedOut => "opted out",
        Outcome::Replied => "replied",
        Outcome::Expired => "too late",
        Outcome::Undeliverable => "undeliverable",
        Outcome::Purchased => "bought",
        Outcome::Abandoned => "abandoned",
        Outcome::CampaignDeleted => "campaign deactivated",
    }
}

fn usual(usual: Usual) -> String {
    match usual {
        Usual::Learning => String::new(),
        Usual::Between(low, high) if low == high => format!("usual {}", number(low)),
        Usual::Between(low, high) => format!("usual {}–{}", number(low), number(high)),
    }
}

fn work(report: &Report) -> Vec<Row> {
    let figures = &report.figures;
    let runs = figures.runs;
    let failed = if runs.failed > 0 { format!("{} failed", number(runs.failed)) } else { String::new() };
    let gap = format!("longest gap {} min", runs.longest_gap.num_minutes());
    let mut rows = vec![Row::new(
        "Scheduler runs",
        format!("{} of {}", number(runs.done), number(runs.expected)),
        joined(&[gap, failed]),
    )];
    for (function, name) in [
        (Function::Webhook, "Webhook"),
        (Function::Scheduler, "Scheduler"),
        (Function::Sender, "Sender"),
        (Function::Reporter, "Reporter"),
    ] {
        let last = figures.last_seen.get(&function).map(|at| moment(*at, report.zone()));
        rows.push(Row::new(format!("{name} last at work"), "", last.unwrap_or_else(|| "never seen".to_owned())));
    }
    let spike = match figures.error_spike {
        Some(true) => "far more than usual",
        Some(false) => "",
        None => "usual number not known yet",
    };
    let kinds: Vec<String> = figures.errors.iter().map(|(kind, count)| format!("{} {kind}", number(*count))).collect();
    rows.push(Row::count("Errors", figures.errors_in_all(), joined(&[spike.to_owned(), kinds.join(", ")])));
    rows.push(Row::count("Alerts", figures.alerts, ""));
    rows
}

fn templates(figures: &Figures) -> Vec<Row> {
    let row =
        |(campaign, template, count): &(String, String, u64)| Row::count(campaign.clone(), *count, template.clone());
    let mut rows: Vec<Row> = figures.templates.iter().take(MOST_TEMPLATES).map(row).collect();
    let rest: u64 = figures.templates.iter().skip(MOST_TEMPLATES).map(|(_, _, count)| count).sum();
    if rest > 0 {
        rows.push(Row::count("Others", rest, format!("{} more templates", figures.templates.len() - MOST_TEMPLATES)));
    }
    rows
}

fn books(books: &Books) -> Vec<Row> {
    let totals = books.totals;
    let before =
        if books.waited_before > 0 { format!("{} before + ", number(books.waited_before)) } else { String::new() };
    let waiting = books.waiting.map_or_else(|| NOT_MEASURED.to_owned(), number);
    let more = |count: u64, what: &str| if count > 0 { format!(" + {} {what}", number(count)) } else { String::new() };
    let (bookings, applied) = (more(totals.bookings, "bookings"), more(totals.applied, "applied"));
    let events = format!(
        "{before}{} in = {} enrolled + {} rejected + {} unusable + {} ignored + {} replies{bookings}{applied} + waiting {waiting}",
        number(totals.received),
        number(totals.enrolled),
        number(totals.rejected),
        number(totals.unusable),
        number(totals.ignored),
        number(totals.replies),
    );
    let difference = books.difference.map_or_else(|| NOT_MEASURED.to_owned(), |difference| difference.to_string());
    let active = books.active.map_or_else(|| NOT_MEASURED.to_owned(), number);
    let enrollments =
        format!("{} enrolled = active {active} + {} ended", number(totals.enrollments()), number(totals.ended));
    let unbegun = if books.from_the_start { books.ended_unbegun.to_string() } else { NOT_MEASURED.to_owned() };
    vec![
        Row::new("Events: difference", difference, events)
            .wrong_if(books.difference.is_some_and(|difference| difference != 0)),
        Row::new("Enrollments: difference", unbegun, enrollments).wrong_if(books.ended_unbegun > 0),
    ]
}

fn joined(notes: &[String]) -> String {
    notes.iter().filter(|note| !note.is_empty()).map(String::as_str).collect::<Vec<_>>().join("; ")
}
