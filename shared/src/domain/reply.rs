//! What a reply says. The law's list wins: 47 CFR 64.1200(a)(10).

use super::phone::PhoneNumber;

/// A text that somebody sent to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingReply {
    /// From whom.
    pub from: PhoneNumber,
    /// What it says.
    pub body: String,
    /// Whether the provider itself took it for a stop.
    pub provider_says_stop: bool,
}

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Stop.
    Stop,
    /// Anything else.
    Other,
}

/// Whole replies that always mean stop, normalised: the regulation's seven and the carriers' own.
const STOP: [&str; 17] = [
    "stop",
    "stopall",
    "stop all",
    "quit",
    "end",
    "revoke",
    "opt out",
    "optout",
    "cancel",
    "unsubscribe",
    "unsub",
    "arret",
    "td",
    "remove",
    "exit",
    "please stop",
    "stop please",
];

/// Reads a reply.
#[must_use]
pub fn read(body: &str) -> Reply {
    let words = normalised(body);
    if STOP.contains(&words.as_str()) { Reply::Stop } else { Reply::Other }
}

fn normalised(body: &str) -> String {
    let spaced: String = body.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_law_stop_however_they_are_written() {
        for stop in
            ["STOP", " stop. ", "Stop!", "opt-out", "OPT OUT", "Unsubscribe 😡", "“Cancel”", "end", "quit", "revoke"]
        {
            assert_eq!(read(stop), Reply::Stop, "{stop}");
        }
        for other in ["", "yes", "When does it end?", "I can't stop smiling"] {
            assert_eq!(read(other), Reply::Other, "{other}");
        }
    }
}
