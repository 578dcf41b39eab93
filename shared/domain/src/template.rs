//! Templates: text with placeholders such as `{{first_name|there}}`.
//!
//! A template is read once, when it is saved; what cannot be filled in is known before anything is sent.
//! What was stored before a rule was made is still read, and never becomes a text.

mod tags;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest text that a provider takes, in characters (Twilio error 21617 above it).
pub const MAX_TEXT: usize = 1_600;

/// What a placeholder may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The lead's first name.
    FirstName,
    /// The lead's last name.
    LastName,
    /// The client's business name.
    BusinessName,
    /// The client's booking link.
    BookingLink,
    /// The words that one text was asked for with.
    Message,
    /// The link to the campaign's webinar.
    WebinarLink,
    /// The webinar's date in the client's zone.
    WebinarDate,
    /// The webinar's time of day in the client's zone.
    WebinarTime,
    /// A field of the lead's form, by its name there: `custom_1`.
    Form(String),
}

impl Field {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "first_name" => Some(Self::FirstName),
            "last_name" => Some(Self::LastName),
            "business_name" => Some(Self::BusinessName),
            "booking_link" => Some(Self::BookingLink),
            "message" => Some(Self::Message),
            "webinar_link" => Some(Self::WebinarLink),
            "webinar_date" => Some(Self::WebinarDate),
            "webinar_time" => Some(Self::WebinarTime),
            custom if custom.starts_with("custom_") && custom.len() > 7 => Some(Self::Form(custom.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::BusinessName => "business_name",
            Self::BookingLink => "booking_link",
            Self::Message => "message",
            Self::WebinarLink => "webinar_link",
            Self::WebinarDate => "webinar_date",
            Self::WebinarTime => "webinar_time",
            Self::Form(name) => name,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder { field: Field, fallback: Option<String> },
}

/// A text with placeholders, already read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    source: String,
    parts: Vec<Part>,
    /// What is wrong with a text that was stored before this was asked for.
    fault: Option<InvalidTemplate>,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// Nothing would be sent.
    #[error("the text is empty")]
    Empty,
    /// `{{` without `}}`.
    #[error("the placeholder that starts at character {0} is not closed with }}}}")]
    Unclosed(usize),
    /// A name that nothing stands behind.
    #[error(
        "`{0}` is not a placeholder: use first_name, last_name, business_name, booking_link, webinar_link, webinar_date, webinar_time, message or custom_…"
    )]
    Unknown(String),
    /// The text itself is over the limit, whatever is filled in.
    #[error("the text has {0} characters, {MAX_TEXT} are allowed")]
    TooLong(usize),
    /// A brace that belongs to no placeholder: most likely one of a placeholder that is not closed.
    #[error(
        "the brace at character {0} belongs to no placeholder: a placeholder is written as {{{{first_name|there}}}}, and a text has no other braces"
    )]
    Brace(usize),
    /// A placeholder as other tools write it.
    #[error("`{written}` is a merge tag of another tool and is not filled in here: {instead}")]
    ForeignTag {
        /// The tag.
        written: String,
        /// What to do about it.
        instead: String,
    },
}

/// Why a template cannot become a text for this lead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRender {
    /// The lead has no value for it and the template gives no fallback.
    #[error("the placeholder {0} has no value and no fallback")]
    NoValue(String),
    /// Longer than a provider takes.
    #[error("the text has {0} characters, {MAX_TEXT} are allowed")]
    TooLong(usize),
    /// It was stored before it was known to be wrong.
    #[error(transparent)]
    Invalid(InvalidTemplate),
}

/// The first merge tag of another tool, or placeholder of ours, that was left in a text which is to be sent
/// as it stands.
///
/// # Errors
/// [`InvalidTemplate::ForeignTag`] or [`InvalidTemplate::Brace`].
pub fn finished(text: &str) -> Result<(), InvalidTemplate> {
    let doubled = ["{{", "}}"].into_iter().find_map(|braces| text.find(braces));
    let fault = tags::first(text).or_else(|| doubled.map(|at| InvalidTemplate::Brace(character(text, at))));
    fault.map_or(Ok(()), Err)
}

/// The number of the character at a byte, counted from one.
fn character(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`InvalidTemplate`] says what in it cannot be read, or would be sent although it is not meant to be.
    pub fn parse(source: &str) -> Result<Self, InvalidTemplate> {
        let template = Self::read(source)?;
        template.fault.map_or(Ok(Self { fault: None, ..template }), Err)
    }

    /// What would be sent although it is not meant to be, in a text that was stored before this was asked
    /// for. Such a text is never sent.
    #[must_use]
    pub fn fault(&self) -> Option<&InvalidTemplate> {
        self.fault.as_ref()
    }

    fn read(source: &str) -> Result<Self, InvalidTemplate> {
        if source.trim().is_empty() {
            return Err(InvalidTemplate::Empty);
        }
        let mut parts = Vec::new();
        let mut fault = None;
        let mut rest = source;
        while let Some((literal, after)) = rest.split_once("{{") {
            let start = source.len() - after.len();
            fault = fault.or_else(|| stray(literal, source, start - 2 - literal.len()));
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let unclosed = || InvalidTemplate::Unclosed(character(source, start) - 2);
            let (inner, tail) = after.split_once("}}").ok_or_else(|| fault.clone().unwrap_or_else(unclosed))?;
            let (part, wrong) = placeholder(inner, source, start)?;
            parts.push(part);
            fault = fault.or(wrong);
            rest = tail;
        }
        fault = fault.or_else(|| stray(rest, source, source.len() - rest.len()));
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let fixed = parts.iter().map(|part| match part {
            Part::Literal(text) => text.chars().count(),
            Part::Placeholder { .. } => 0,
        });
        match fixed.sum() {
            length if length > MAX_TEXT => Err(InvalidTemplate::TooLong(length)),
            _ => Ok(Self { source: source.to_owned(), parts, fault }),
        }
    }

    /// The text for one lead. `value` gives a field's value, if the lead has one.
    ///
    /// # Errors
    /// [`CannotRender`] names the placeholder without a value, the length that is too much, or what would be
    /// sent although it is not meant to be.
    pub fn render(&self, value: impl Fn(&Field) -> Option<String>) -> Result<String, CannotRender> {
        if let Some(fault) = &self.fault {
            return Err(CannotRender::Invalid(fault.clone()));
        }
        let mut text = String::with_capacity(self.source.len());
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder { field, fallback } => {
                    let filled = value(field).filter(|value| !value.trim().is_empty());
                    let shown = filled.or_else(|| fallback.clone());
                    text.push_str(&shown.ok_or_else(|| CannotRender::NoValue(field.to_string()))?);
                }
            }
        }
        let length = text.chars().count();
        if length > MAX_TEXT { Err(CannotRender::TooLong(length)) } else { Ok(text) }
    }

    /// What it has placeholders for, in order, each with its fallback.
    pub fn placeholders(&self) -> impl Iterator<Item = (&Field, Option<&str>)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Placeholder { field, fallback } => Some((field, fallback.as_deref())),
        })
    }

    /// The template as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// What stands between `{{` and `}}`, and what in it is not meant to be sent. `start` is where it begins.
fn placeholder(inner: &str, source: &str, start: usize) -> Result<(Part, Option<InvalidTemplate>), InvalidTemplate> {
    let (name, fallback) = match inner.split_once('|') {
        Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
        None => (inner.trim(), None),
    };
    let Some(field) = Field::parse(name) else {
        let foreign = tags::unknown(inner);
        return Err(foreign.unwrap_or_else(|| InvalidTemplate::Unknown(name.to_owned())));
    };
    let brace = inner.find(['{', '}']).map(|at| InvalidTemplate::Brace(character(source, start + at)));
    let in_fallback = || {
        let fallback = fallback.as_deref()?;
        tags::not_a_fallback(inner, name, fallback).or_else(|| tags::first(fallback))
    };
    let fault = brace.or_else(in_fallback);
    Ok((Part::Placeholder { field, fallback }, fault))
}

/// What in a literal part, which begins at `start`, is not meant to be sent.
fn stray(literal: &str, source: &str, start: usize) -> Option<InvalidTemplate> {
    let brace = || literal.find(['{', '}']).map(|at| InvalidTemplate::Brace(character(source, start + at)));
    tags::first(literal).or_else(brace)
}

/// As it is stored: a text with a [`Template::fault`] is read.
impl TryFrom<String> for Template {
    type Error = InvalidTemplate;
    fn try_from(text: String) -> Result<Self, InvalidTemplate> {
        Self::read(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.source
    }
}

#[cfg(test)]
mod tests;
