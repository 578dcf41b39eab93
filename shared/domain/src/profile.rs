//! Who a lead is: what the forms said, kept apart from the lead's state so that a text writes little.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Instant, booking::link_for, client::Client, consent::Consent, email::EmailAddress, ids::LeadId, phone::PhoneNumber,
    place::Place, template::Field, trigger::TagTimes,
};

/// A lead's own data, and the consent on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose it is.
    pub lead: LeadId,
    /// First name, if it looks like one (see [`name`]).
    pub first_name: Option<String>,
    /// Last name, if it looks like one.
    pub last_name: Option<String>,
    /// Email address.
    pub email: Option<EmailAddress>,
    /// The phone number as it was written, when it could not be read as one.
    pub unread_phone: Option<String>,
    /// Consent to be texted.
    pub consent: Option<Consent>,
    /// The zone that the lead stated, if a form asked.
    pub zone: Option<Tz>,
    /// The place that a form's address named.
    #[serde(default, skip_serializing_if = "Place::is_unknown")]
    pub place: Place,
    /// Since when `zone` and `place` are as they are, if a form has said anything of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_since: Option<Instant>,
    /// Other answers of the forms, by field name.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// When tags enrolled the lead.
    #[serde(default, skip_serializing_if = "TagTimes::is_empty")]
    pub tags: TagTimes,
    /// Addresses and numbers that the lead had before.
    #[serde(default, skip_serializing_if = "Former::is_empty")]
    pub former: Former,
    /// When the lead was first received.
    pub created_at: Instant,
}

/// What a lead was known by before, newest last: kept so that an erasure finds it, and erased with the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Email addresses, at most [`MOST_FORMER`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<EmailAddress>,
    /// Numbers, at most [`MOST_FORMER`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<PhoneNumber>,
}

/// Most former addresses, and most former numbers, that are kept of one lead.
pub const MOST_FORMER: usize = 20;

impl Former {
    fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.phones.is_empty()
    }

    /// Keeps an address. Returns `true` if it was not kept before.
    pub fn add_email(&mut self, email: &EmailAddress) -> bool {
        add(&mut self.emails, email)
    }

    /// Keeps a number. Returns `true` if it was not kept before.
    pub fn add_phone(&mut self, phone: &PhoneNumber) -> bool {
        add(&mut self.phones, phone)
    }
}

fn add<T: Clone + PartialEq>(kept: &mut Vec<T>, new: &T) -> bool {
    let is_new = !kept.contains(new);
    if is_new {
        kept.push(new.clone());
        // The oldest goes: a form's own address counts for more than one of a hundred changes ago.
        kept.drain(..kept.len().saturating_sub(MOST_FORMER));
    }
    is_new
}

impl Profile {
    /// A profile of a lead that nothing is known of yet.
    #[must_use]
    pub fn new(lead: LeadId, created_at: Instant) -> Self {
        Self {
            lead,
            first_name: None,
            last_name: None,
            email: None,
            unread_phone: None,
            consent: None,
            zone: None,
            place: Place::default(),
            place_since: None,
            answers: BTreeMap::new(),
            tags: TagTimes::default(),
            former: Former::default(),
            created_at,
        }
    }

    /// Gives the lead another address, and keeps the one that it had.
    pub fn change_email(&mut self, email: EmailAddress) {
        if let Some(old) = self.email.replace(email)
            && self.email.as_ref() != Some(&old)
        {
            self.former.add_email(&old);
        }
    }

    /// Takes in where the person says to be: an address or a zone that is given replaces the one before.
    /// A zone that was stated earlier counts on only if it is one of the new address.
    pub fn locate(&mut self, answers: &BTreeMap<String, String>, at: Instant) {
        let stated = ["time_zone", "timezone"].iter().find_map(|name| answers.get(*name)?.trim().parse().ok());
        let place = Place::read(answers).unwrap_or_else(|| self.place.clone());
        let still =
            |zone: &Tz| place == self.place || place.states().iter().any(|state| state.zones().any(|of| of == *zone));
        let zone = stated.or(self.zone.filter(still));
        if zone != self.zone || place != self.place {
            (self.zone, self.place, self.place_since) = (zone, place, Some(at));
        }
    }

    /// What a template's placeholder stands for with this lead.
    #[must_use]
    pub fn value(&self, field: &Field, client: &Client) -> Option<String> {
        match field {
            Field::FirstName => self.first_name.clone(),
            Field::LastName => self.last_name.clone(),
            Field::BusinessName => Some(client.name.clone()),
            Field::BookingLink => client.booking_link.as_ref().map(|link| link_for(link, self.lead)),
            // It is the enrollment's, not the person's.
            Field::Message => None,
            // It is the campaign's.
            Field::WebinarLink | Field::WebinarDate | Field::WebinarTime => None,
            Field::Form(name) => self.answers.get(name).and_then(|answer| line(answer)),
        }
    }
}

/// The longest name that a text may hold, in characters.
pub const LONGEST_NAME: usize = 40;
/// The longest answer that a text may hold, in characters.
pub const LONGEST_ANSWER: usize = 120;

/// A name that a text may begin with, or `None`: what a stranger typed into a form must not turn a
/// text into something else, so links, digits and symbols are no names.
#[must_use]
pub fn name(raw: &str) -> Option<String> {
    let name = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters = name.chars().any(char::is_alphabetic);
    let plain = name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.'));
    let link = name.contains("..") || name.split(' ').any(|word| word.trim_end_matches('.').contains('.'));
    (letters && plain && !link && name.chars().count() <= LONGEST_NAME).then_some(name)
}

/// An answer that may stand in a text: one short line without a link.
fn line(raw: &str) -> Option<String> {
    let text = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    let inner = |c: char| matches!(c, '.' | '/' | '@' | ':');
    let link = text.split(' ').any(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).contains(inner));
    (!text.is_empty() && !link && text.chars().count() <= LONGEST_ANSWER && !text.chars().any(char::is_control))
        .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_said_again_is_as_old_as_it_was_and_one_that_is_left_out_stays() {
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        let answers = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned())).collect()
        };
        let (first, later) = (at("2026-01-06T19:00:00Z"), at("2026-01-07T19:00:00Z"));
        let mut profile = Profile::new(LeadId(ulid::Ulid::from(1_u128)), first);
        profile.locate(&answers(&[("custom_1", "Yes")]), first);
        assert_eq!((profile.place.is_unknown(), profile.place_since), (true, None));
        profile.locate(&answers(&[("address_state", "FL"), ("time_zone", "America/Chicago")]), first);
        for said in [vec![("address_state", "Florida")], vec![], vec![("time_zone", "nowhere")]] {
            profile.locate(&answers(&said), later);
            assert_eq!((profile.place.states().len(), profile.zone), (1, Some(Tz::America__Chicago)));
            assert_eq!(profile.place_since, Some(first), "{said:?}");
        }
        profile.locate(&answers(&[("zip", "78701")]), later);
        assert_eq!((profile.place.to_string().as_str(), profile.place_since), ("postal code 787…", Some(later)));
    }

    #[test]
    fn former_addresses_are_kept_once_and_not_without_end() {
        let email = |n: usize| EmailAddress::parse(&format!("pat{n}@example.org")).expect("an address");
        let mut profile = Profile::new(LeadId(ulid::Ulid::nil()), chrono::DateTime::UNIX_EPOCH);
        for n in [1, 1, 2, 1, 2] {
            profile.change_email(email(n));
        }
        assert_eq!((profile.email.clone(), profile.former.emails.clone()), (Some(email(2)), vec![email(1), email(2)]));
        (0..100).for_each(|n| profile.change_email(email(n)));
        assert_eq!((profile.former.emails.len(), profile.former.emails.last()), (MOST_FORMER, Some(&email(98))));
    }

    #[test]
    fn a_zone_that_was_stated_before_a_move_does_not_outlive_it() {
        let mut profile = Profile::new(LeadId(ulid::Ulid::nil()), chrono::DateTime::UNIX_EPOCH);
        let mut say = |name: &str, answer: &str| {
            profile.locate(&BTreeMap::from([(name.to_owned(), answer.to_owned())]), chrono::DateTime::UNIX_EPOCH);
            profile.zone
        };
        assert_eq!(say("time_zone", "America/New_York"), Some(Tz::America__New_York));
        assert_eq!(say("custom_1", "yes"), Some(Tz::America__New_York), "nothing was said of a move");
        assert_eq!(say("zip", "33101"), Some(Tz::America__New_York), "Miami is in it");
        assert_eq!(say("state", "California"), None);
    }

    #[test]
    fn a_name_is_a_name_and_never_a_link() {
        assert_eq!(name("  Mary   Ann ").as_deref(), Some("Mary Ann"));
        for good in ["José", "O'Neil", "Anne-Marie", "Dr. Who", "李"] {
            assert!(name(good).is_some(), "{good}");
        }
        for bad in ["", "  ", "evil.example", "http://x", "Pat<script>", "12345", "Pat 50% off", &"a".repeat(41)] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
