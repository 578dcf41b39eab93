//! Templates: text with placeholders such as `{{first_name|there}}`.
//!
//! A template is read once, when it is saved; what cannot be filled in is known before anything is sent.

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
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`InvalidTemplate`] says what in it cannot be read.
    pub fn parse(source: &str) -> Result<Self, InvalidTemplate> {
        if source.trim().is_empty() {
            return Err(InvalidTemplate::Empty);
        }
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((literal, after)) = rest.split_once("{{") {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let start = source[..source.len() - after.len()].chars().count() - 1;
            let (inner, tail) = after.split_once("}}").ok_or(InvalidTemplate::Unclosed(start))?;
            let (name, fallback) = match inner.split_once('|') {
                Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
                None => (inner.trim(), None),
            };
            let field = Field::parse(name).ok_or_else(|| InvalidTemplate::Unknown(name.to_owned()))?;
            parts.push(Part::Placeholder { field, fallback });
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let fixed = parts.iter().map(|part| match part {
            Part::Literal(text) => text.chars().count(),
            Part::Placeholder { .. } => 0,
        });
        match fixed.sum() {
            length if length > MAX_TEXT => Err(InvalidTemplate::TooLong(length)),
            _ => Ok(Self { source: source.to_owned(), parts }),
        }
    }

    /// The text for one lead. `value` gives a field's value, if the lead has one.
    ///
    /// # Errors
    /// [`CannotRender`] names the placeholder without a value, or the length that is too much.
    pub fn render(&self, value: impl Fn(&Field) -> Option<String>) -> Result<String, CannotRender> {
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

impl TryFrom<String> for Template {
    type Error = InvalidTemplate;
    fn try_from(text: String) -> Result<Self, InvalidTemplate> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pat(field: &Field) -> Option<String> {
        match field {
            Field::FirstName => Some("Pat".into()),
            Field::Form(name) if name == "custom_1" => Some("coaching".into()),
            _ => None,
        }
    }

    #[test]
    fn a_placeholder_takes_the_value_or_else_the_fallback() {
        let template =
            Template::parse("Hi {{ first_name | there }}, {{custom_1}}? {{last_name|friend}}").expect("valid");
        assert_eq!(template.render(pat).expect("rendered"), "Hi Pat, coaching? friend");
        assert_eq!(template.render(|_| None), Err(CannotRender::NoValue("custom_1".into())));
    }

    #[test]
    fn an_empty_value_counts_as_none() {
        let template = Template::parse("Hi {{first_name|there}}!").expect("valid");
        assert_eq!(template.render(|_| Some("  ".into())).expect("rendered"), "Hi there!");
    }

    #[test]
    fn what_is_no_template_says_where_and_why() {
        assert_eq!(Template::parse("Hé {{first_name"), Err(InvalidTemplate::Unclosed(4)));
        assert_eq!(Template::parse("Hi {{name_of_dog}}"), Err(InvalidTemplate::Unknown("name_of_dog".into())));
        assert_eq!(Template::parse(" \n"), Err(InvalidTemplate::Empty));
        assert_eq!(Template::parse(&"a".repeat(1_601)), Err(InvalidTemplate::TooLong(1_601)));
    }

    #[test]
    fn a_text_of_1600_characters_goes_and_one_more_does_not() {
        let template = Template::parse(&format!("{}{{{{first_name}}}}", "a".repeat(1_597))).expect("valid");
        assert_eq!(template.render(|_| Some("Pat".into())).map(|text| text.chars().count()), Ok(1_600));
        assert_eq!(template.render(|_| Some("Paty".into())), Err(CannotRender::TooLong(1_601)));
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let template = Template::parse("Hi {{first_name}}").expect("valid");
        assert_eq!(template.render(|_| Some("{{last_name}}".into())).expect("rendered"), "Hi {{last_name}}");
    }
}
