//! What an SMS provider can do, as data: code asks for what it needs to know and never for a name.

/// How long after a text was taken its silence says something: carriers report within a day, or not at all.
pub const SILENCE: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// What a provider can do, in the way in which a client uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It lists the texts of a number, so what became of a text can be looked up.
    pub list: bool,
    /// It says by itself how far a text has come.
    pub status_callbacks: bool,
    /// What it says includes that a text did not arrive. Without it, silence is no sign of failure.
    pub failure_events: bool,
    /// What it says of a text names our own attempt. Else it names its own id of the text and a number.
    pub callbacks_name_attempt: bool,
    /// It signs what it posts. Else a secret in the address is the only proof.
    pub signed_webhooks: bool,
    /// It answers STOP and HELP itself, so we must not do it a second time.
    pub answers_stop: bool,
    /// It replaces the links in a text, so what it lists is not what it was given.
    pub rewrites_links: bool,
    /// A text can be given a moment after which it does not leave any more.
    pub expiry: bool,
    /// It only texts numbers of the North American Numbering Plan (+1).
    pub north_america_only: bool,
}

impl Capabilities {
    /// Twilio Programmable Messaging.
    pub const TWILIO: Self = Self {
        list: true,
        status_callbacks: true,
        failure_events: true,
        callbacks_name_attempt: true,
        signed_webhooks: true,
        answers_stop: true,
        rewrites_links: false,
        expiry: true,
        north_america_only: false,
    };

    /// OpenPhone (Quo), by its current webhooks. How it treats STOP and HELP is not documented, so
    /// answering is ours.
    pub const OPENPHONE: Self = Self {
        list: true,
        status_callbacks: true,
        failure_events: true,
        callbacks_name_attempt: false,
        signed_webhooks: true,
        answers_stop: false,
        rewrites_links: false,
        expiry: false,
        north_america_only: false,
    };

    /// OpenPhone by its legacy webhooks, which know `message.received` and `message.delivered` only.
    pub const OPENPHONE_LEGACY: Self = Self { failure_events: false, ..Self::OPENPHONE };

    /// SimpleTexting.
    pub const SIMPLETEXTING: Self = Self {
        list: true,
        status_callbacks: true,
        failure_events: true,
        callbacks_name_attempt: false,
        signed_webhooks: false,
        answers_stop: true,
        rewrites_links: true,
        expiry: false,
        north_america_only: true,
    };
}

/// How many characters before the first link are compared where links are replaced.
const COMPARED: usize = 40;

impl Capabilities {
    /// Whether a text that the provider shows can be the one that it was given. Where links are replaced, a
    /// text with a link is compared by what comes before it, at most its first 40 characters; a text that
    /// begins with its link has nothing to be known by.
    #[must_use]
    pub fn same_words(self, given: &str, shown: &str) -> bool {
        let (given, shown) = (given.trim(), shown.trim());
        if given == shown {
            return true;
        }
        let Some(link) = self.rewrites_links.then(|| first_link(given)).flatten() else { return false };
        let before: String = given[..link].trim_end().chars().take(COMPARED).collect();
        !before.is_empty() && shown.starts_with(&before)
    }
}

/// Where the first link of a text begins, in bytes: what any shortener takes for one.
fn first_link(text: &str) -> Option<usize> {
    let begins = |word: &str| {
        let word = word.trim_start_matches(['(', '<', '"']).to_ascii_lowercase();
        let host = word.split(['/', '?']).next().unwrap_or_default().trim_end_matches(['.', ',', '!', ':', ')']);
        let ends_like_a_host = host.rsplit_once('.').is_some_and(|(name, end)| {
            !name.is_empty() && end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        word.starts_with("http://") || word.starts_with("https://") || ends_like_a_host
    };
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if begins(word.trim_end()) {
            return Some(at);
        }
        at += word.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WITH_LINK: &str = "Hi Pat, it's Sam. Book here: https://example.org/pat or call.";

    #[test]
    fn a_text_is_known_by_all_its_words_where_nothing_is_replaced() {
        let can = Capabilities::TWILIO;
        assert!(can.same_words("Hi Pat ", " Hi Pat"));
        assert!(!can.same_words(WITH_LINK, "Hi Pat, it's Sam. Book here: https://s.example.com/a or call."));
    }

    #[test]
    fn a_text_with_a_link_is_known_by_what_comes_before_it_where_links_are_replaced() {
        let can = Capabilities::SIMPLETEXTING;
        for (given, shown, same) in [
            (WITH_LINK, "Hi Pat, it's Sam. Book here: https://s.example.com/a or call.", true),
            (WITH_LINK, "Hi Kim, it's Sam. Book here: https://s.example.com/a or call.", false),
            ("Book: example.org/pat", "Book: s.example.com/1", true),
            ("Book: example.org/pat", "Look: s.example.com/1", false),
            // Nothing before the link says whose it is.
            ("https://example.org/pat", "https://s.example.com/a", false),
            // Without a link nothing is replaced.
            ("Hi Pat, it's Sam", "Hi Pat, it's Sam again", false),
            ("It ends at 8 p.m. Yes?", "It ends at 8 p.m. No?", false),
        ] {
            assert_eq!(can.same_words(given, shown), same, "{given} / {shown}");
        }
        let long = format!("{} https://example.org", "x".repeat(50));
        assert!(can.same_words(&long, &format!("{}y", "x".repeat(40))), "40 characters are enough");
    }

    proptest! {
        #[test]
        fn a_text_is_always_the_same_as_itself_and_no_text_breaks_the_comparison(given in ".{0,80}", shown in ".{0,80}") {
            for can in [Capabilities::TWILIO, Capabilities::SIMPLETEXTING] {
                prop_assert!(can.same_words(&given, &given));
                let _ = can.same_words(&given, &shown);
            }
        }
    }
}
