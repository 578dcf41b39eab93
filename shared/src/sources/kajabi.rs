//! What Kajabi posts to us, read into one [`Delivery`]. Pure: it stores nothing and decides nothing.
//!
//! Kajabi publishes no schema for its dashboard webhooks and signs nothing, so every field is foreign
//! text: bounded here, parsed into domain types by whoever enrolls.

mod body;
mod event;
mod fields;
mod key;
mod shape;
pub mod signature;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use crate::{
    domain::{Instant, ids::FormId},
    ports::EventKey,
};
use event::Kind;
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
    /// Another event that we know: a purchase, a payment, an order, a tag.
    Other {
        /// Its name as Kajabi gave it, or the one that its shape tells.
        event: String,
    },
    /// It makes no sense to us. To be kept for the operator.
    Unusable {
        /// Why, in words, without anything from the body but the event's name.
        reason: String,
    },
}

/// A form as it was sent. At least one of `email` and `phone` is there. Texts are at most 500
/// characters and otherwise as they came. `Debug` hides who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct FormSubmission {
    /// Which form, if the request says so in a way that can be an id.
    pub form: Option<FormId>,
    /// The form's title.
    pub form_title: Option<String>,
    /// The email address as it was written.
    pub email: Option<String>,
    /// The phone number as it was written, the mobile one if there is a choice.
    pub phone: Option<String>,
    /// The first name, or the first word of a name that came in one piece.
    pub first_name: Option<String>,
    /// The last name, or all but the first word of a name that came in one piece.
    pub last_name: Option<String>,
    /// All other answers by field name: at most 40, `custom_…` before the others.
    pub answers: BTreeMap<String, String>,
    /// Kajabi's sample (id 0). Nobody is to be texted for it.
    pub is_test: bool,
}

impl fmt::Debug for FormSubmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |field: &Option<String>| field.as_ref().map(|_| "•••");
        f.debug_struct("FormSubmission")
            .field("form", &self.form)
            .field("form_title", &self.form_title)
            .field("email", &hidden(&self.email))
            .field("phone", &hidden(&self.phone))
            .field("first_name", &hidden(&self.first_name))
            .field("last_name", &hidden(&self.last_name))
            .field("answers", &self.answers.len())
            .field("is_test", &self.is_test)
            .finish()
    }
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
        Kind::Purchase | Kind::Payment | Kind::Order | Kind::TagAdded | Kind::TagRemoved => {
            Content::Other { event: event::name(shape, kind) }
        }
        // Not `Other`: a form's event under a name that we do not know would be lost without a sound.
        Kind::Unknown => Content::Unusable { reason: format!("the event `{}` is not known", event::name(shape, kind)) },
    }
}
