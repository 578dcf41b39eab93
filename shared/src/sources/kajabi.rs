//! What Kajabi posts to us, read into one [`Delivery`]. Pure: it stores nothing and decides nothing.
//!
//! Kajabi publishes no schema for its dashboard webhooks and signs nothing, so every field is foreign
//! text: bounded here, parsed into domain types by whoever enrolls.

mod body;
mod event;
mod fields;
mod happening;
mod key;
mod shape;
pub mod signature;
#[cfg(test)]
mod tests;

use super::person::Person;
use crate::{
    domain::{Instant, ids::FormId},
    ports::EventKey,
};
use event::Kind;
pub use happening::{Amount, Happening};
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
    Happening(Happening),
    /// It makes no sense to us. To be kept for the operator.
    Unusable {
        /// Why, in words, without anything from the body but the event's name.
        reason: String,
    },
}

/// A form as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormSubmission {
    /// Which form, if the request says so in a way that can be an id.
    pub form: Option<FormId>,
    /// The form's title.
    pub form_title: Option<String>,
    /// Who sent it, with all their answers. An email address or a phone number is there.
    pub person: Person,
    /// Kajabi's sample (id 0). Nobody is to be texted for it.
    pub is_test: bool,
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

fn content(shape: &Shape<'_>, kind: Kind) -> Content {
    match kind {
        Kind::Form => fields::form(shape).map_or_else(|reason| Content::Unusable { reason }, Content::Form),
        Kind::Happening(on) => happening::read(shape, on, event::name(shape, kind))
            .map_or_else(|reason| Content::Unusable { reason }, Content::Happening),
        // Not `Other`: a form's event under a name that we do not know would be lost without a sound.
        Kind::Unknown => Content::Unusable { reason: format!("the event `{}` is not known", event::name(shape, kind)) },
    }
}
