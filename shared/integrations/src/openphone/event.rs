//! The envelope of an event and the text in it. What OpenPhone documents of the fields inside differs
//! from generation to generation, so each is read by every name that it is known under.

use serde_json::Value;

use domain::{Instant, incoming::Reason};

/// The longest id that is taken for one.
const LONGEST_ID: usize = 128;

/// An event, as far as it is needed.
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) kind: Kind,
    resource: Value,
}

/// What happened.
pub(super) enum Kind {
    /// A text came in.
    Received,
    /// A text of the workspace arrived.
    Delivered,
    /// One did not.
    Failed,
    /// Nothing that concerns a text's way.
    Other(String),
}

/// The text that an event is about. `Debug` is not there: it would show numbers and words.
pub(super) struct Message {
    pub(super) id: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
    pub(super) text: Option<String>,
    pub(super) direction: Option<String>,
    pub(super) phone_number_id: Option<String>,
    pub(super) created_at: Option<Instant>,
}

/// Whether an id can be part of a key: letters, digits and `_ - . :`.
pub(super) fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

fn text(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| value.get(name)?.as_str().map(str::to_owned))
}

impl Event {
    /// Reads the envelope.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(super) fn parse(body: &str) -> Result<Self, &'static str> {
        let whole: Value = serde_json::from_str(body).map_err(|_| "the event is not JSON")?;
        // Some have been seen inside an outer `object`.
        let event = match whole.get("object") {
            Some(inner) if inner.get("type").is_some_and(Value::is_string) => inner,
            _ => &whole,
        };
        let kind = match event.get("type").and_then(Value::as_str).ok_or("the event does not say what it is")? {
            "message.received" => Kind::Received,
            "message.delivered" => Kind::Delivered,
            "message.failed" | "message.undelivered" => Kind::Failed,
            other => Kind::Other(other.chars().filter(char::is_ascii_graphic).take(40).collect()),
        };
        let data = event.get("data");
        let resource = data.and_then(|data| data.get("resource").or_else(|| data.get("object")).or(Some(data)));
        Ok(Self {
            id: text(event, &["id"]).filter(|id| is_plain(id)),
            kind,
            resource: resource.cloned().unwrap_or_default(),
        })
    }

    /// The text that it is about.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn message(&self) -> Result<Message, Reason> {
        let resource = &self.resource;
        if !resource.is_object() {
            return Err(Reason::new("unreadable", "the event holds no text"));
        }
        let to = match resource.get("to") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        let created_at = text(resource, &["createdAt"]);
        Ok(Message {
            id: text(resource, &["id"]).filter(|id| is_plain(id)),
            from: text(resource, &["from"]),
            to,
            text: text(resource, &["text", "body", "content"]),
            direction: text(resource, &["direction"]),
            phone_number_id: text(resource, &["phoneNumberId"]),
            created_at: created_at.and_then(|at| at.parse().ok()),
        })
    }
}
