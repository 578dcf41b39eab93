//! Whom an erasure is about: what names a person in stored text, and what is remembered of it afterwards.
//! It reads and changes text, and stores nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{
    Instant,
    email::EmailAddress,
    ids::{ClientId, LeadId},
    lead::Lead,
    phone::PhoneNumber,
    profile::Profile,
};

/// What stands where words were.
pub const GONE: &str = "(erased)";

/// Most characters between two digits of one number, as in `305) - 555`.
const WIDEST_GAP: usize = 3;
/// A number of fewer digits, without its country code, is found only where it stands alone.
const LONG: usize = 9;

/// What a person is known by. `Debug` masks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifiers {
    /// The lead.
    pub lead: LeadId,
    /// The number, and former ones.
    pub phones: Vec<PhoneNumber>,
    /// The email address, and former ones.
    pub emails: Vec<EmailAddress>,
    names: Names,
}

/// First and last name, which `Debug` hides.
#[derive(Clone, PartialEq, Eq)]
struct Names(Vec<String>);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} names", self.0.len())
    }
}

impl Identifiers {
    /// Everything that a lead and its data are known by.
    #[must_use]
    pub fn of(lead: &Lead, profile: &Profile) -> Self {
        let names = [&profile.first_name, &profile.last_name].into_iter().flatten();
        Self {
            lead: lead.id,
            phones: lead.phone.iter().chain(&profile.former.phones).cloned().collect(),
            emails: profile.email.iter().chain(&profile.former.emails).cloned().collect(),
            names: Names(names.flat_map(|name| words(&name.to_lowercase())).filter_map(own_name).collect()),
        }
    }

    /// What a person is known by of whom only the lead's id is left.
    #[must_use]
    pub fn unknown(lead: LeadId) -> Self {
        Self { lead, phones: Vec::new(), emails: Vec::new(), names: Names(Vec::new()) }
    }

    /// Returns `true` if a text names the person: by a number however it is written, by an email address (also
    /// URL-encoded), or by the lead's id.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        let plain = plain(text);
        plain.contains(&self.lead.to_string().to_lowercase())
            || self.emails.iter().any(|email| !addresses(&plain, email.as_str()).is_empty())
            || self.phones.iter().any(|phone| !numbers(&plain, phone).is_empty())
    }

    /// Returns `true` if a text names the person as [`are_in`](Self::are_in) says, or holds their first or last
    /// name as a word of its own. For text that is known to be about this person, as names are shared.
    #[must_use]
    pub fn or_names_are_in(&self, text: &str) -> bool {
        self.are_in(text) || !self.names_in(&words(&text.to_lowercase())).is_empty()
    }

    /// Returns `true` if what somebody else wrote speaks of the person: as [`are_in`](Self::are_in) says, or by first
    /// and last name together. One name alone may be anybody's.
    #[must_use]
    pub fn are_spoken_of_in(&self, text: &str) -> bool {
        // `Pat Rivera`, `Rivera, Pat`, `Pat M. Rivera`.
        let beside = |one: &Place, other: &Place| {
            let (first, last) = if one.at < other.at { (one, other) } else { (other, one) };
            one.name != other.name && last.at - first.at <= 2
        };
        self.are_in(text) || {
            let places = self.names_in(&words(&text.to_lowercase()));
            places.iter().any(|one| places.iter().any(|other| beside(one, other)))
        }
    }

    /// Whether somebody else is called like the person, by two names: what they say of themselves is theirs.
    #[must_use]
    pub fn have_namesake(&self, other: &Profile) -> bool {
        let names = [&other.first_name, &other.last_name].into_iter().flatten();
        names.flat_map(|name| words(&name.to_lowercase())).filter(|word| self.names.0.contains(&word.letters)).count()
            > 1
    }

    /// What somebody else wrote, without what names the person in it: number, address and names. `None` if they cannot
    /// be told apart from the rest of it.
    #[must_use]
    pub fn unnamed(&self, text: &str) -> Option<String> {
        let named = self.names_in(&words(&text.to_lowercase())).into_iter().map(|place| place.characters);
        let unnamed = self.crossed_out(text, named.collect())?;
        (!self.are_spoken_of_in(&unnamed)).then_some(unnamed)
    }

    /// Where the names stand in the words of a text.
    fn names_in(&self, words: &[Word]) -> Vec<Place> {
        let name_of = |word: &Word| self.names.0.iter().position(|name| *name == word.letters);
        let places = words.iter().enumerate();
        places
            .filter_map(|(at, word)| Some(Place { name: name_of(word)?, at, characters: (word.from, word.to) }))
            .collect()
    }

    /// The text without numbers and addresses of the person: for an event that is somebody else's. `None` if
    /// they cannot be told apart from the rest of it, as where they are encoded.
    #[must_use]
    pub fn redacted(&self, text: &str) -> Option<String> {
        self.crossed_out(text, Vec::new())
    }

    /// The text without numbers and addresses, and without what stands in some more places.
    fn crossed_out(&self, text: &str, more: Vec<(usize, usize)>) -> Option<String> {
        // JSON's line breaks are as long as two blanks.
        let lower = text.to_lowercase().replace("\\n", "  ").replace("\\r", "  ").replace("\\t", "  ");
        // Lower case may be longer than what it is of; then nothing says which characters to replace.
        let mut characters: Vec<char> = text.chars().collect();
        if lower.chars().count() != characters.len() {
            return None;
        }
        let spans = self.emails.iter().flat_map(|email| addresses(&lower, email.as_str()));
        let spans = spans.chain(self.phones.iter().flat_map(|phone| numbers(&lower, phone))).chain(more);
        let spans: Vec<_> = spans.collect();
        for (from, to) in spans {
            for character in &mut characters[from..to] {
                if character.is_alphanumeric() || *character == '@' {
                    *character = 'x';
                }
            }
        }
        let redacted: String = characters.into_iter().collect();
        (!self.are_in(&redacted)).then_some(redacted)
    }
}

/// A word of a text, and where it stands in it, in characters.
struct Word {
    letters: String,
    from: usize,
    to: usize,
}

/// Where a name stands in a text: which one, in words, and in characters.
struct Place {
    name: usize,
    at: usize,
    characters: (usize, usize),
}

/// A word of a name, unless it is one that stands in any text, as in `de la Cruz`.
fn own_name(word: Word) -> Option<String> {
    const PARTICLES: [&str; 16] = [
        "van", "von", "del", "der", "den", "dem", "los", "las", "san", "dos", "das", "ter", "ten", "bin", "ibn", "the",
    ];
    let is_name = word.letters.chars().count() > 2 && !PARTICLES.contains(&word.letters.as_str());
    is_name.then_some(word.letters)
}

/// The words of lower-case text, without accents. `pat's` is `pat`.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in text.chars().enumerate() {
        let part = c.is_alphanumeric() || c == '-';
        let c = c.nfd().next().unwrap_or(c);
        match words.last_mut().filter(|_| open && part) {
            Some(word) => {
                word.letters.push(c);
                word.to = at + 1;
            }
            None if part => words.push(Word { letters: c.to_string(), from: at, to: at + 1 }),
            None => {}
        }
        open = part;
    }
    words
}

/// Where an email address stands in lower-case text, in characters: whole, and not as a part of another one.
fn addresses(text: &str, email: &str) -> Vec<(usize, usize)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%');
    let mut found = Vec::new();
    for (at, _) in text.match_indices(email) {
        let (before, after) = (&text[..at], &text[at + email.len()..]);
        let longer_after = {
            let mut next = after.chars();
            match next.next() {
                Some('.') => next.next().is_some_and(char::is_alphanumeric),
                Some(c) => c.is_alphanumeric() || c == '-',
                None => false,
            }
        };
        if !before.chars().next_back().is_some_and(part) && !longer_after {
            let from = before.chars().count();
            found.push((from, from + email.chars().count()));
        }
    }
    found
}

/// Where a phone number stands in text, in characters: with or without its country code, and with whatever people
/// put between its digits.
fn numbers(text: &str, phone: &PhoneNumber) -> Vec<(usize, usize)> {
    let only = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    numbers_of(text, &only(phone.e164()), only(&phone.national()).trim_start_matches('0'))
}

/// The same, by the digits with the country code and without.
fn numbers_of(text: &str, whole: &str, national: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for run in runs(text) {
        let digits: String = run.iter().map(|(_, digit)| *digit).collect();
        let place = if let Some(at) = digits.find(whole) {
            Some((at, whole.len()))
        } else if national.len() >= LONG {
            digits.find(national).map(|at| (at, national.len()))
        } else {
            (digits.trim_start_matches('0') == national).then(|| (digits.len() - national.len(), national.len()))
        };
        let place = place.filter(|(at, length)| *length > 0 && stands_alone(&run, *at, *length, whole, national));
        if let Some((at, length)) = place {
            found.push((run[at].0, run[at + length - 1].0 + 1));
        }
    }
    found
}

/// Whether a number is not part of a longer one: only its country code, or what is dialed before it, stands right
/// before its digits, and nothing right after them.
fn stands_alone(run: &[(usize, char)], at: usize, length: usize, whole: &str, national: &str) -> bool {
    let joined = |one: usize, next: usize| run[one].0 + 1 == run[next].0;
    let ends = at + length == run.len() || !joined(at + length - 1, at + length);
    let mut from = at;
    while from > 0 && joined(from - 1, from) {
        from -= 1;
    }
    let before: String = run[from..at].iter().map(|(_, digit)| *digit).collect();
    let code = whole.strip_suffix(national).unwrap_or_default();
    ends && ["", code].contains(&before.trim_start_matches("011").trim_start_matches('0'))
}

/// The digits that may be of one number each: where in the text, and which.
fn runs(text: &str) -> Vec<Vec<(usize, char)>> {
    let between = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '–' | '(' | ')' | '.' | '/' | '+');
    let mut runs: Vec<Vec<(usize, char)>> = Vec::new();
    let mut gap = usize::MAX;
    for (at, character) in text.chars().enumerate() {
        if let Some(digit) = digit(character) {
            if gap <= WIDEST_GAP
                && let Some(run) = runs.last_mut()
            {
                run.push((at, digit));
            } else {
                runs.push(vec![(at, digit)]);
            }
            gap = 0;
        } else {
            gap = if between(character) { gap.saturating_add(1) } else { usize::MAX };
        }
    }
    runs
}

/// A digit, full-width and Arabic ones included.
fn digit(character: char) -> Option<char> {
    let from = ['0', '\u{ff10}', '\u{660}', '\u{6f0}'].into_iter().find(|zero| {
        let zero = u32::from(*zero);
        (zero..zero + 10).contains(&u32::from(character))
    })?;
    char::from_digit(u32::from(character) - u32::from(from), 10)
}

/// Text in lower case, with URL encoding and JSON's `\u0040` undone.
fn plain(text: &str) -> String {
    let decoded = percent_decoded(text).replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
    let mut plain = String::with_capacity(decoded.len());
    let mut rest = decoded.as_str();
    while let Some(at) = rest.find("\\u") {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match code {
            Some(character) => {
                plain.push(character);
                rest = &rest[at + 6..];
            }
            None => {
                plain.push_str("\\u");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    plain.to_lowercase()
}

/// Text without its percent signs (RFC 3986).
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |n: usize| bytes.get(at + n).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What is remembered of an erasure: the lead's id, which is random, and hashes of numbers and addresses under a
/// salt of its own, by which only somebody who has a number or an address can tell that it was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureRecord {
    /// The client.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// When it was erased, for the last time.
    pub at: Instant,
    /// What every value is hashed with.
    pub salt: String,
    /// SHA-256 of the salt and each number (E.164) and email address (lower case), in hex.
    pub hashes: Vec<String>,
}

impl ErasureRecord {
    /// The record of an erasure.
    #[must_use]
    pub fn of(client: &ClientId, person: &Identifiers, salt: String, at: Instant) -> Self {
        let phones = person.phones.iter().map(PhoneNumber::e164);
        let values = phones.chain(person.emails.iter().map(EmailAddress::as_str));
        let hashes = values.map(|value| salted(&salt, value)).collect();
        Self { client: client.clone(), lead: person.lead, at, salt, hashes }
    }

    /// Returns `true` if a number or an address is one of those that were erased.
    #[must_use]
    pub fn knows(&self, phone: Option<&PhoneNumber>, email: Option<&EmailAddress>) -> bool {
        let values = [phone.map(PhoneNumber::e164), email.map(EmailAddress::as_str)];
        values.into_iter().flatten().any(|value| self.hashes.contains(&salted(&self.salt, value)))
    }
}

fn salted(salt: &str, value: &str) -> String {
    hex::encode(Sha256::digest(format!("{salt}:{value}")))
}

#[cfg(test)]
mod tests;
