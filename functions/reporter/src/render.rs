//! Reports as emails: a text that is complete, and the same as HTML.

use askama::Template;
use chrono::NaiveDate;
use leadline::{
    domain::{
        client::{Client, SettingsProblem},
        email::EmailAddress,
        report::{Report, Verdict, scrubbed},
    },
    ports::{ClientEntry, Email},
};

use crate::page::{Page, Row};

/// An email that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the email could not be rendered")]
pub struct Unrenderable(#[from] askama::Error);

#[derive(Template)]
#[template(path = "report.txt")]
struct Text<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "settings.txt")]
struct Settings<'a> {
    client: &'a str,
    day: String,
    problem: String,
    repeat: bool,
}

/// The email of a report. `repeat` says that it may have been sent before.
///
/// # Errors
/// [`Unrenderable`] when a template fails.
pub fn email(report: &Report, client: &Client, to: EmailAddress, repeat: bool) -> Result<Email, Unrenderable> {
    let page = Page::of(report, client, repeat);
    let text = Text { page: &page }.render()?;
    let html = Html { page: &page }.render()?;
    Ok(Email { to, subject: page.subject, text, html: Some(html) })
}

/// The email about a client whose settings cannot be read, to the address in the list of clients.
///
/// # Errors
/// [`Unrenderable`] when the template fails.
pub fn settings_email(
    entry: &ClientEntry,
    problem: &SettingsProblem,
    day: NaiveDate,
    repeat: bool,
) -> Result<Email, Unrenderable> {
    let client = entry.id.as_str();
    let day = day.format("%a %-d %b %Y").to_string();
    let text = Settings { client, day, problem: scrubbed(&problem.to_string()), repeat }.render()?;
    let again = if repeat { " (repeat)" } else { "" };
    let subject =
        format!("{client}: ACT. The settings cannot be read, nothing is sent and nothing was measured{again}");
    Ok(Email { to: entry.admin_email.clone(), subject, text, html: None })
}

impl Page {
    /// The foot in lines of the text version.
    fn foot_lines(&self) -> Vec<String> {
        self.foot.iter().map(|line| wrapped(line, LINE, 0)).collect()
    }

    /// The colour behind the verdict's word; white on it can be read on light and on dark pages.
    fn colour(&self) -> &'static str {
        match self.verdict {
            Verdict::Ok => "#1b7a3d",
            Verdict::Look => "#9a5b00",
            Verdict::Act => "#b3261e",
        }
    }
}

/// Width of the text version: the label, the number, and what fits beside them.
const LABEL: usize = 26;
const VALUE: usize = 10;
const LINE: usize = 100;

impl Row {
    /// The row as a line of the text version: numbers to the right, long notes on lines of their own.
    fn line(&self) -> String {
        let (what, value) = (&self.what, &self.value);
        let line = format!("  {what:<LABEL$} {value:>VALUE$}");
        if self.note.is_empty() {
            return line;
        }
        let note = wrapped(&self.note, LINE - LABEL - VALUE - 5, LABEL + VALUE + 5);
        format!("{line}  {note}")
    }
}

/// Text in lines of at most `width`, all but the first one indented.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut shown = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            shown.push('\n');
            shown.push_str(&" ".repeat(indent));
            used = 0;
        } else if used > 0 {
            shown.push(' ');
            used += 1;
        }
        shown.push_str(word);
        used += length;
    }
    shown
}
