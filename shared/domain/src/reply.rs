//! What a reply says. In doubt its lead is held: a text too many is a breach, and an opt-out that nobody asked
//! for is permanent.
//!
//! A reply is never an instruction: it is read for what it asks of us, stored, and shown as text.

mod message;
mod ours;
mod pattern;
mod reaction;
mod rows;
mod text;
mod words;

use super::phone::PhoneNumber;

/// A text that somebody sent to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingReply {
    /// From whom.
    pub from: PhoneNumber,
    /// What it says.
    pub body: String,
    /// What the provider itself took it for, if for anything.
    pub taken_for: Option<Keyword>,
    /// Whether the provider answers it by itself, as far as is known.
    pub provider_answers: bool,
    /// Whether it is proved who sent it to us, such as by a signature. Without that nothing takes a no back.
    pub proved: bool,
}

/// What a provider takes a whole reply for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// Opted out.
    Stop,
    /// Opted in again.
    Start,
    /// Asks for help.
    Help,
}

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Stop, by one of the words that always do: 47 CFR 64.1200(a)(10).
    StopExact,
    /// Clearly no more texts, in other words.
    StopFree,
    /// A threat of the law.
    Legal,
    /// The number is somebody else's.
    WrongPerson,
    /// Asks who we are. A person must look.
    QuestionWho,
    /// It may mean no. A person must look.
    Doubtful,
    /// A phone's reaction to a text of ours, such as a like: no reply.
    Reaction,
    /// An automatic answer of a phone or a mailbox: no reply.
    Automatic,
    /// Asks who we are.
    Help,
    /// Takes a no back.
    Start,
    /// Anything else.
    Other,
}

/// What is known of whom a reply is from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The first name of the lead.
    pub first_name: Option<&'a str>,
    /// Whether the person has opted out: only then does a yes take it back.
    pub opted_out: bool,
    /// What we texted to them. Words of ours that a reply quotes are not the person's.
    pub sent: &'a [String],
}

impl Class {
    /// The class as the audit writes it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::StopExact => "stop",
            Self::StopFree => "stop_free",
            Self::Legal => "legal",
            Self::WrongPerson => "wrong_person",
            Self::QuestionWho => "question_who",
            Self::Doubtful => "doubtful",
            Self::Reaction => "reaction",
            Self::Automatic => "automatic",
            Self::Help => "help",
            Self::Start => "start",
            Self::Other => "other",
        }
    }

    /// What a person may have to answer: anything else, and a call for help that nothing answers by itself. Of a
    /// doubtful reply somebody is told otherwise; opt-outs are answered by themselves or not at all.
    pub const FOR_A_PERSON: [Self; 2] = [Self::Other, Self::Help];

    /// Whether the person is not texted any more.
    #[must_use]
    pub fn is_no(self) -> bool {
        matches!(self, Self::StopExact | Self::StopFree | Self::Legal | Self::WrongPerson)
    }
}

/// Returns `true` if a class, by its code, is of what a phone or a mailbox wrote by itself: nobody replied.
#[must_use]
pub fn is_no_reply(code: &str) -> bool {
    [Class::Reaction, Class::Automatic].iter().any(|class| class.code() == code)
}

impl IncomingReply {
    /// What it says. What the provider took it for counts, but nothing that the provider says makes a no
    /// anything else.
    #[must_use]
    pub fn class(&self, known: Known<'_>) -> Class {
        let read = classify(&self.body, known);
        match (read, self.taken_for) {
            (Class::Legal, _) => Class::Legal,
            (_, Some(Keyword::Stop)) => Class::StopExact,
            (no, _) if no.is_no() => no,
            // What may be an opt-out takes none back, whatever it is flagged as.
            (Class::Doubtful | Class::QuestionWho, Some(Keyword::Start)) => read,
            (_, Some(Keyword::Start)) => Class::Start,
            (_, Some(Keyword::Help)) => Class::Help,
            (read, None) => read,
        }
    }
}

/// Whole replies that carriers and providers take as keywords, and mostly answer by themselves.
/// Source: twilio.com/docs/messaging/tutorials/advanced-opt-out.
const KEYWORDS: [&str; 13] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "START",
    "UNSTOP",
    "YES",
    "HELP",
    "INFO",
];

/// Whether a reply may hold words of ours, so that it is read together with [what was sent](Known::sent).
#[must_use]
pub fn may_quote(body: &str) -> bool {
    ours::may_hold(body)
}

/// Whether a whole reply is such a keyword. Signs do not count: in doubt it is one, as two answers are
/// worse than none.
#[must_use]
pub fn is_keyword(body: &str) -> bool {
    let word: String = body.chars().filter(char::is_ascii_alphanumeric).collect();
    KEYWORDS.contains(&word.to_ascii_uppercase().as_str())
}

/// Whether a reply is one of these keywords and not a sign more: only that does a provider surely answer.
#[must_use]
pub fn is_bare_keyword(body: &str) -> bool {
    KEYWORDS.contains(&body.trim().to_ascii_uppercase().as_str())
}

/// Whether a text to another line of the same business is a no that counts here, too.
#[must_use]
pub fn is_no_on_any_line(body: &str) -> bool {
    matches!(classify(body, Known::default()), Class::StopExact | Class::StopFree | Class::Legal)
}

/// Reads a reply by the rows of `shared/data/reply_words.csv`.
#[must_use]
pub fn classify(body: &str, known: Known<'_>) -> Class {
    words::classify(body, known)
}

#[cfg(test)]
mod tests;
