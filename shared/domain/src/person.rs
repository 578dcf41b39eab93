//! Who an event is about, as it was sent: foreign text, parsed into domain types by whoever takes it in.

use std::{collections::BTreeMap, fmt};

/// A person as a source describes them. Texts are at most 500 characters and otherwise as they came.
/// `Debug` hides who it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The email address as it was written.
    pub email: Option<String>,
    /// The phone number as it was written, the mobile one if there is a choice.
    pub phone: Option<String>,
    /// The first name, or the first word of a name that came in one piece.
    pub first_name: Option<String>,
    /// The last name, or all but the first word of a name that came in one piece.
    pub last_name: Option<String>,
    /// What else is said of them, by field name: at most 40, `custom_…` before the others.
    pub answers: BTreeMap<String, String>,
}

impl Person {
    /// Whether nobody can be found by what is said.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.email.is_none() && self.phone.is_none()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |field: &Option<String>| field.as_ref().map(|_| "•••");
        f.debug_struct("Person")
            .field("email", &hidden(&self.email))
            .field("phone", &hidden(&self.phone))
            .field("first_name", &hidden(&self.first_name))
            .field("last_name", &hidden(&self.last_name))
            .field("answers", &self.answers.len())
            .finish()
    }
}
