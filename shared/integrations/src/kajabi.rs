//! What Kajabi posts to us, read into one [`Delivery`]. Pure: it stores nothing and decides nothing.
//!
//! Kajabi publishes no schema for its dashboard webhooks and signs nothing, so every field is foreign
//! text: bounded here, parsed into domain types by whoever enrolls.

#[cfg(feature = "outbound")]
pub mod api;
mod body;
mod event;
mod fields;
mod happening;
mod key;
mod shape;
pub mod signature;
#[cfg(test)]
mod tests;
pub mod webhook;

use domain::{
    Instant,
    event::EventKey,
    ids::FormId,
    incoming::{CommerceEvent, FormSubmission, ListedForm},
};
use event::Kind;
use ports::FeedPage;
use serde_json::{Value, json};
use shape::Shape;

/// One request of Kajabi.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What makes it the same event when it comes again. Not empty, at most 200 bytes, no control characters.
    pub key: EventKey,
    /// What it says.
    pub content: Content,
}

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Somebody sent a form.
    Form(FormSubmission),
    /// Another event that we know: a purchase, a payment, an order, a refund, a tag, a contact.
    CommerceEvent(CommerceEvent),
    /// It makes no sense to us. To be kept for the operator.
    Unusable {
        /// Why, in words, without anything from the body but the event's name.
        reason: String,
    },
}

/// Reads a request of either of Kajabi's webhook systems. Whatever the bytes, it gives a delivery
/// with a key; what cannot be read is [`Content::Unusable`].
#[must_use]
pub fn read(body: &[u8], content_type: Option<&str>, received_at: Instant) -> Delivery {
    let by_body = || key::of_body(body, received_at);
    let unusable = |reason| Delivery { key: by_body(), content: Content::Unusable { reason } };
    let value = match body::parse(body, content_type) {
        Ok(value) => value,
        Err(reason) => return unusable(reason),
    };
    let Some(shape) = Shape::of(&value) else {
        return unusable("it is JSON, but neither an object nor a list".to_owned());
    };
    let Some(kind) = Kind::of(&shape) else {
        return unusable("it names no event, and nothing in it tells which one it is".to_owned());
    };
    Delivery { key: key::of(&shape, kind).unwrap_or_else(by_body), content: content(&shape, kind) }
}

/// A page of the site's own list of forms, from its submissions as JSON:API resources, newest first.
#[must_use]
pub fn listed(submissions: &[Value], more: bool) -> FeedPage {
    let forms: Vec<ListedForm> = submissions.iter().filter_map(listed_form).collect();
    FeedPage { unreadable: submissions.len() - forms.len(), forms, more }
}

/// A listed submission in the envelope that the webhook posts, read as that is, so that both have one key.
fn listed_form(submission: &Value) -> Option<ListedForm> {
    let id = submission.get("id")?;
    let body = json!({"id": id, "event": "form_submission", "payload": [submission]}).to_string();
    // The moment is only in a key without an id, and such a form is not listed.
    let delivery = read(body.as_bytes(), None, Instant::UNIX_EPOCH);
    let form = match delivery.content {
        Content::Form(form) => form.form?,
        // It is no less lost because nobody can be reached by it: read for its form alone.
        Content::Unusable { .. } => {
            let form = submission.pointer("/relationships/form/data/id")?;
            FormId::parse(&form.as_str().map_or_else(|| form.to_string(), str::to_owned)).ok()?
        }
        Content::CommerceEvent(_) => return None,
    };
    let key = delivery.key;
    key.0.starts_with(EventKey::KAJABI_FORM).then_some(ListedForm { key, form, body })
}

fn content(shape: &Shape<'_>, kind: Kind) -> Content {
    match kind {
        Kind::Form => fields::form(shape).map_or_else(|reason| Content::Unusable { reason }, Content::Form),
        Kind::CommerceEvent(on) => happening::read(shape, on, event::name(shape, kind))
            .map_or_else(|reason| Content::Unusable { reason }, Content::CommerceEvent),
        // Not `Other`: a form's event under a name that we do not know would be lost without a sound.
        Kind::Unknown => Content::Unusable { reason: format!("the event `{}` is not known", event::name(shape, kind)) },
    }
}
