//! What can be said of a text before anybody gets it: what it costs, what no carrier or no law lets pass,
//! and what most often goes wrong. Pure; words that an operator reads.
//!
//! An error is what certainly keeps texts from arriving. A warning is what a person must judge: no program
//! knows whether "Sam" is who the reader thinks it is.

use std::{cmp::Reverse, sync::LazyLock};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{
    booking::link_for,
    campaign::{Campaign, Step, Webinar, When},
    client::{Client, ProviderSettings},
    ids::{CampaignId, LeadId},
    profile::{LONGEST_ANSWER, LONGEST_NAME},
    segments::{self, Encoding, Segments},
    template::{CannotRender, Field, MAX_TEXT, Template},
};

/// After so many minutes of silence a text says again who writes, and how to stop it (30 days: CTIA
/// Messaging Principles, carriers' handbooks).
const SILENCE_MINUTES: u32 = 30 * 24 * 60;
/// Segments above which a text is worth a second look.
const MANY_SEGMENTS: usize = 3;
/// Values that stand for a lead's own, of a usual length.
const USUAL: (&str, &str, &str) = ("Alexandra", "Morgan", "something");

static SHORTENERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Row {
        domain: String,
    }
    let file = include_str!("../../data/link_shorteners.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    let rows = reader.deserialize().collect::<Result<Vec<Row>, _>>();
    rows.expect("a data file of this crate can be read").into_iter().map(|row| row.domain).collect()
});

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A person must judge.
    Warning,
    /// Texts certainly do not arrive.
    Error,
}

/// Something about a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, by a code that does not change: `link_shortener`.
    pub code: &'static str,
    /// In words, with what to do.
    pub words: String,
}

/// What was found out about one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextCheck {
    /// The text with usual values.
    pub sample: String,
    /// Its characters.
    pub characters: usize,
    /// What it costs with usual values.
    pub cost: Segments,
    /// What it costs with the longest values that a lead can have.
    pub cost_at_most: Segments,
    /// The first character that makes all of it Unicode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unicode: Option<char>,
    /// What is wrong or worth a look, errors first.
    pub findings: Vec<Finding>,
}

/// What was found out about one step of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepCheck {
    /// The step.
    pub step: u16,
    /// Whether the text is the client's default, as the step has none.
    pub by_default: bool,
    /// What was found out about its text; `None`: there is none.
    pub text: Option<TextCheck>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The client whose text it is.
    pub client: &'a Client,
    /// Whether `{{message}}` has a value there: in the campaign of single texts.
    pub has_message: bool,
    /// The webinar of its campaign, if that is one.
    pub webinar: Option<&'a Webinar>,
    /// Whether nobody wrote to the reader in the 30 days before: the first text of a sequence.
    pub after_silence: bool,
}

impl Finding {
    fn error(code: &'static str, words: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, words: words.into() }
    }

    fn warning(code: &'static str, words: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code, words: words.into() }
    }

    /// Its code in words: `ERROR: link shortener`.
    #[must_use]
    pub fn named(&self) -> String {
        let name = self.code.replace('_', " ");
        if self.is_error() { format!("ERROR: {name}") } else { name }
    }

    /// Whether it certainly keeps texts from arriving.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl StepCheck {
    /// What is wrong or worth a look, errors first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        match &self.text {
            Some(text) => text.findings.clone(),
            None => vec![Finding::warning(
                "no_text",
                "the step has no text and the client no default text: who comes to it waits for review",
            )],
        }
    }
}

/// Checks the texts of a campaign, one after the other. Steps that are not active are left out.
#[must_use]
pub fn check_campaign(campaign: &Campaign, client: &Client) -> Vec<StepCheck> {
    let plan = campaign.plan();
    let check = |step: &Step| {
        let (template, by_default) = match (&step.text, &client.default_text) {
            (Some(own), _) => (Some(own), false),
            (None, default) => (default.as_ref(), true),
        };
        let place = Place {
            client,
            has_message: is_direct(&campaign.id),
            webinar: plan.webinar.as_ref(),
            after_silence: plan.is_first(step.step) || is_after_silence(&step.when),
        };
        StepCheck { step: step.step, by_default, text: template.map(|template| check_text(template, place)) }
    };
    campaign.messages.iter().filter(|step| step.active).map(check).collect()
}

fn is_after_silence(when: &When) -> bool {
    match when {
        When::After { minutes, .. } => *minutes >= SILENCE_MINUTES,
        When::Webinar { .. } => false,
    }
}

/// Checks one text.
#[must_use]
pub fn check_text(template: &Template, place: Place<'_>) -> TextCheck {
    let (first, last, answer) = USUAL;
    let usual = |field: &Field| match field {
        Field::FirstName => Some(first.to_owned()),
        Field::LastName => Some(last.to_owned()),
        Field::Form(_) => Some(answer.to_owned()),
        other => fixed(other, place),
    };
    let longest = |field: &Field| match field {
        Field::FirstName | Field::LastName => Some("x".repeat(LONGEST_NAME)),
        Field::Form(_) => Some("x".repeat(LONGEST_ANSWER)),
        other => fixed(other, place),
    };
    let sample = shown(template, usual);
    let at_most = shown(template, longest);
    let mut findings = Vec::new();
    // A single text is checked when it is asked for: here nothing is known of it.
    if !place.has_message {
        findings.extend(lengths(&sample, &at_most));
        findings.extend(who_and_how_to_stop(&sample, template, place));
    }
    findings.extend(template.fault().map(|fault| Finding::error("template_invalid", fault.to_string())));
    findings.extend(placeholders(template, place));
    findings.extend(links(&sample));
    findings.extend(digit_opt_out(&sample));
    let unicode = segments::first_outside_gsm7(&sample);
    findings.extend(unicode.map(|odd| is_unicode(&sample, odd)));
    if sample.contains("%%") && matches!(place.client.provider, ProviderSettings::SimpleTexting { .. }) {
        findings.push(Finding::error("merge_tag", "SimpleTexting reads `%%` as its own placeholder: write one `%`"));
    }
    findings.sort_by_key(|found| Reverse(found.severity));
    TextCheck {
        characters: sample.chars().count(),
        cost: segments::count(&sample),
        cost_at_most: segments::count(&at_most),
        unicode,
        findings,
        sample,
    }
}

/// The values that are the same for every lead.
fn fixed(field: &Field, Place { client, webinar, .. }: Place<'_>) -> Option<String> {
    match field {
        Field::BusinessName => Some(client.name.clone()),
        Field::BookingLink => client.booking_link.as_ref().map(|link| link_for(link, LeadId(Ulid::nil()))),
        Field::WebinarLink | Field::WebinarDate | Field::WebinarTime => webinar?.value(field, client.zone),
        Field::Message | Field::FirstName | Field::LastName | Field::Form(_) => None,
    }
}

/// The text with these values; what has no value stands as its own placeholder, and what is too long is
/// shown all the same.
fn shown(template: &Template, value: impl Fn(&Field) -> Option<String>) -> String {
    let or_itself = |field: &Field| {
        let fallback = || template.placeholders().any(|(other, fallback)| other == field && fallback.is_some());
        value(field).or_else(|| (!fallback()).then(|| format!("[{field}]")))
    };
    match template.render(or_itself) {
        Ok(text) => text,
        Err(CannotRender::TooLong(characters)) => "x".repeat(characters),
        Err(CannotRender::NoValue(_) | CannotRender::Invalid(_)) => template.source().to_owned(),
    }
}

fn lengths(sample: &str, at_most: &str) -> Option<Finding> {
    let (usual, most) = (sample.chars().count(), at_most.chars().count());
    let cost = segments::count(sample);
    if usual > MAX_TEXT {
        let words = format!("it has {usual} characters, and {MAX_TEXT} are the most that a provider takes");
        Some(Finding::error("too_long", words))
    } else if most > MAX_TEXT {
        Some(Finding::warning(
            "may_be_too_long",
            format!(
                "with the longest names and answers it has {most} characters; above {MAX_TEXT} it waits for review"
            ),
        ))
    } else if cost.count > MANY_SEGMENTS {
        let words = format!("it costs {} segments; most texts need no more than {MANY_SEGMENTS}", cost.count);
        Some(Finding::warning("many_segments", words))
    } else {
        None
    }
}

fn placeholders(template: &Template, place: Place<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (field, fallback) in template.placeholders() {
        let found = match (field, fallback) {
            (Field::BusinessName, _) => None,
            (Field::Message, _) if place.has_message => None,
            (Field::BookingLink, None) if place.client.booking_link.is_some() => None,
            (Field::BookingLink, None) => Some(Finding::error(
                "no_booking_link",
                "{{booking_link}} stands for nothing: set the client's `booking_link`",
            )),
            (Field::Message, None) => Some(Finding::error(
                "no_message",
                "{{message}} stands for nothing in a sequence: it is for the campaign `direct`",
            )),
            (Field::WebinarLink | Field::WebinarDate | Field::WebinarTime, _) if place.webinar.is_some() => None,
            (Field::WebinarLink | Field::WebinarDate | Field::WebinarTime, _) => {
                Some(Finding::error("no_webinar", "it stands for the campaign's webinar, and the campaign has none"))
            }
            (field, None) => Some(Finding::warning(
                "no_fallback",
                format!(
                    "who gave no {field} gets no text and waits for review: give it a fallback, {{{{{field}|there}}}}"
                ),
            )),
            (field, Some("")) => Some(Finding::warning(
                "empty_fallback",
                format!(
                    "for who gave no {field} there is a gap in the text: give it a fallback, {{{{{field}|there}}}}"
                ),
            )),
            (_, Some(_)) => None,
        };
        findings.extend(found.filter(|found| !findings.contains(found)));
    }
    findings
}

/// Who writes, and how to stop it: in the first text and after a long silence; in the United Kingdom in
/// every text (PECR reg. 23).
fn who_and_how_to_stop(sample: &str, template: &Template, place: Place<'_>) -> Vec<Finding> {
    let client = place.client;
    let mut findings = Vec::new();
    let names = template.placeholders().any(|(field, _)| *field == Field::BusinessName)
        || plain(sample).contains(&plain(&client.name));
    if place.after_silence && !names {
        findings.push(Finding::warning(
            "no_sender",
            format!(
                "it does not say who writes. The first text of a sequence must (CTIA; the law of Florida, Oregon and \
                 Virginia): put {{{{business_name}}}} into it, which is `{}`",
                client.name
            ),
        ));
    }
    let british = client.countries.iter().any(|country| country.code() == "GB");
    if (place.after_silence || british) && !says_how_to_stop(sample) {
        let when = if british { "Every text to the United Kingdom" } else { "The first text of a sequence" };
        let words = format!("it does not say how to stop the texts. {when} must: `Reply STOP to end these texts.`");
        findings.push(Finding::warning("no_opt_out", words));
    }
    findings
}

/// Letters and digits in words, without case and without what a company's form adds to its name.
fn plain(text: &str) -> String {
    const FORMS: [&str; 8] = ["inc", "llc", "ltd", "limited", "corp", "co", "gmbh", "plc"];
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && !FORMS.contains(word));
    words.collect::<Vec<_>>().join(" ")
}

fn says_how_to_stop(text: &str) -> bool {
    let shouted = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "STOP");
    let lower = plain(text);
    shouted
        || ["unsubscribe", "opt out", "optout", "reply stop", "text stop", "send stop"]
            .iter()
            .any(|words| lower.contains(words))
}

/// That it asks for a digit to opt out: no reply of one digit does, as it may answer a question.
fn digit_opt_out(sample: &str) -> Option<Finding> {
    const ASKS: [&str; 5] = ["reply", "text", "send", "press", "respond"];
    const ENDS: [&str; 8] = ["opt", "optout", "unsubscribe", "stop", "end", "quit", "remove", "removed"];
    let lower = plain(sample);
    let words: Vec<&str> = lower.split(' ').collect();
    let asked = words.iter().enumerate().filter(|(_, word)| ASKS.contains(word)).find_map(|(at, _)| {
        let with = usize::from(words.get(at + 1) == Some(&"with"));
        let digit = words.get(at + 1 + with).filter(|word| word.len() == 1 && word.as_bytes()[0].is_ascii_digit())?;
        let mut after = words[at + 2 + with..].iter().take(3);
        let ends = match after.next() {
            // `Reply 2 to opt out`, `text 2 to be removed`.
            Some(&("to" | "for")) => after.find(|word| **word != "be").is_some_and(|word| ENDS.contains(word)),
            // `To opt out reply 2`.
            _ => at > 0 && (ENDS.contains(&words[at - 1]) || words[at - 1] == "out"),
        };
        ends.then_some(*digit)
    })?;
    Some(Finding::error(
        "digit_opt_out",
        format!(
            "it asks for `{asked}` to opt out, and a digit opts nobody out: write `Reply STOP to end these texts.`"
        ),
    ))
}

fn links(sample: &str) -> Vec<Finding> {
    let lower = sample.to_lowercase();
    let mut findings = Vec::new();
    if let Some(shortener) = SHORTENERS.iter().find(|domain| names_host(&lower, domain)) {
        findings.push(Finding::error(
            "link_shortener",
            format!("carriers filter texts with links of {shortener}: use the whole link, or a domain of your own"),
        ));
    }
    if lower.contains("http://") {
        findings.push(Finding::warning("bare_http", "a link begins with http://: people and carriers trust https://"));
    }
    findings
}

/// Whether a text in lower case holds a host that is `domain` or below it, in whatever it is written.
fn names_host(lower: &str, domain: &str) -> bool {
    lower.match_indices(domain).any(|(at, _)| {
        let mut after = lower[at + domain.len()..].chars();
        let begins = lower[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_');
        let ends = match after.next() {
            None => true,
            Some('.') => after.next().is_none_or(|c| !c.is_alphanumeric()),
            Some(c) => !c.is_alphanumeric() && c != '-',
        };
        begins && ends
    })
}

/// That one character makes all of a text Unicode, and what could stand in its place.
fn is_unicode(sample: &str, odd: char) -> Finding {
    let instead = match odd {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => " Write ' instead.",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => " Write \" instead.",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => " Write - instead.",
        '\u{2026}' => " Write ... instead.",
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{200b}' | '\t' => " Write a plain space instead.",
        _ => "",
    };
    let cost = segments::count(sample);
    let room = if cost.encoding == Encoding::Ucs2 { 70 } else { 160 };
    let shown = if odd.is_whitespace() || odd.is_control() { String::new() } else { format!("`{odd}` ") };
    Finding::warning(
        "unicode",
        format!(
            "{shown}(U+{:04X}) makes it Unicode: {room} characters in a segment instead of 160, so it costs {}.{instead}",
            u32::from(odd),
            cost.count
        ),
    )
}

/// Whether a campaign is the one of single texts.
fn is_direct(id: &CampaignId) -> bool {
    id.as_str() == super::campaign::DIRECT
}

#[cfg(test)]
mod tests;
