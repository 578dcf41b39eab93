//! Codes in plain words, and what came from outside made fit to print: no numbers, no addresses.

use std::collections::BTreeMap;

/// Longest piece of free text that a report repeats.
const LONGEST: usize = 120;

/// A reason's code in words. What is no code of ours is never repeated if it could hold personal data.
#[must_use]
pub fn in_words(code: &str) -> String {
    let code = code.replace('-', "_");
    let known = match code.as_str() {
        "no_valid_phone" => "no valid phone number",
        "country_not_served" => "number of a country that is not texted",
        "state_not_cleared" => "a state of which the client has not said how it meets the law",
        "no_consent" | "consent" => "no consent to be texted",
        "template_missing" | "template" => "the step has no text",
        "placeholder_empty" => "a placeholder has neither value nor fallback",
        "template_invalid" => "the text has a brace or a merge tag that would be sent as it stands",
        "two_numbers" => "two phone numbers in one field",
        "text_too_long" => "the text is too long",
        "missed" => "a form that was lost on its way and found by the comparison",
        "unknown_form" => "no campaign enrolls by this form",
        "already_enrolled" => "is in the campaign already",
        "already_completed" => "was in the campaign before",
        "too_soon_again" => "was in the campaign too short a time ago",
        "in_another_sequence" => "is in another sequence",
        "too_late" => "a step that came too late and was passed over",
        "no_messages" => "the campaign has no active message",
        "campaign_deactivated" | "campaign_deleted" => "the campaign was deactivated",
        "test_sample" => "a test sample of Kajabi",
        "cool_down" => "the same tag came again too soon",
        "no_lead" => "an event about nobody that is known",
        "not_enrolled" => "an event about a lead that is not in the campaign",
        "not_named" => "an event that does not say what it is about",
        "no_form" => "does not say which form it is",
        "unreadable" => "cannot be read",
        "not_sent" => "tries that did not go out",
        "throttled" => "the SMS provider asked to wait",
        "reply" => "a reply that cannot be read",
        "doubtful" => "a reply that may mean no",
        "question_who" => "asks who is texting",
        "legal" => "a threat of the law to another client",
        "answer_sent" => "answers to replies that failed",
        "failed" => "a text that failed in every try, or was refused",
        "settle" => "the lead could not be written",
        "queue" => "the queue did not take a text",
        "client" => "the client's sending is on hold",
        "test_mode" => "test mode has no test phone",
        "campaign" => "the campaign is paused",
        "standing" => "the person said no or is on hold",
        "booked" => "has booked",
        "booking" => "has asked for an appointment",
        "review" => "waits for a person",
        "inbox" => "someone wrote from the provider's own inbox",
        "phone" => "no phone number",
        "country" => "country not texted",
        "in_flight" => "another text is on its way",
        "delay" => "the step's delay is not over",
        "window" => "outside the sending window",
        "lawful_hours" => "outside the recipient's lawful hours",
        "number_per_hour" => "limit of texts to one number in an hour",
        "number_per_day" => "limit of texts to one number in a day",
        "patience" | "expired" => "too late for the first text",
        "per_run" => "limit of texts in one run",
        "per_hour" => "limit of texts in an hour",
        "opted_out" => "opted out",
        "undeliverable" => "the number cannot be texted",
        "abandoned" => "ended by a person",
        "sms_attempt" => "texts that failed",
        "settle_failed" => "outcome of a text could not be written",
        "job_failed" => "work that failed",
        "run_stopped" => "runs stopped by the settings",
        "scheduler_run" => "runs that failed",
        "alert_sent" => "alerts that could not be emailed",
        "report_sent" => "reports that could not be emailed",
        other => return unknown(other),
    };
    known.to_owned()
}

fn unknown(code: &str) -> String {
    let digits = code.chars().filter(char::is_ascii_digit).count();
    let plain = code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && digits < 6 && (1..=40).contains(&code.len()) {
        code.replace('_', " ")
    } else {
        "another reason".to_owned()
    }
}

/// Why a text failed: the provider's meaning with its code where there is one, else our own reason.
pub(super) fn failure(reason: Option<&str>, detail: Option<&str>) -> String {
    let coded = detail.filter(|detail| {
        let code = detail.strip_suffix(')').and_then(|head| head.rsplit_once(" (")).map(|(_, code)| code);
        code.is_some_and(|code| (1..=6).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()))
    });
    match (coded, reason) {
        (Some(meaning), _) => scrubbed(meaning),
        (None, Some(reason)) => in_words(reason),
        (None, None) => "no reason given".to_owned(),
    }
}

/// A piece of free text on one short line, with whatever looks like a phone number or an address hidden.
#[must_use]
pub fn scrubbed(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(hide_address)
        .collect();
    let line = hide_numbers(&words.join(" "));
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn hide_address(word: &str) -> String {
    if word.contains('@') { "•••".to_owned() } else { word.to_owned() }
}

/// Hides runs of seven digits and more, however they are written: `+1 (305) 555-0123`.
fn hide_numbers(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut run = String::new();
    for c in line.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_digit() || (!run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')')) || c == '+' {
            run.push(c);
            continue;
        }
        if run.chars().filter(char::is_ascii_digit).count() >= 7 {
            let blanks = run.chars().rev().take_while(|c| *c == ' ').count();
            shown.push_str("•••");
            shown.push_str(&" ".repeat(blanks));
        } else {
            shown.push_str(&run);
        }
        run.clear();
        if c != '\n' {
            shown.push(c);
        }
    }
    shown
}

/// Most different words that one count tells apart.
const MOST_KINDS: usize = 40;

/// Counts one more of a kind, in bounded memory whatever the kinds are.
pub(super) fn count<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, kind: K, rest: K) {
    let kind = if counts.len() < MOST_KINDS || counts.contains_key(&kind) { kind } else { rest };
    *counts.entry(kind).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_words_with_its_code() {
        assert_eq!(failure(Some("recipient"), Some("Number is a landline (30006)")), "Number is a landline (30006)");
        assert_eq!(failure(Some("text_too_long"), Some("anything at all")), "the text is too long");
        assert_eq!(failure(None, Some("Hi Pat, it is Acme")), "no reason given");
    }

    #[test]
    fn numbers_and_addresses_are_hidden_however_they_are_written() {
        for raw in ["+13055550123", "+1 (305) 555-0123", "305.555.0123", "3055550123"] {
            let shown = scrubbed(&format!("The number {raw} is not valid (21211)"));
            assert!(!shown.contains("555") && !shown.contains("0123"), "{shown}");
            assert!(shown.starts_with("The number •••"), "{shown}");
        }
        assert_eq!(scrubbed("unknown variant pat@example.org, expected live"), "unknown variant ••• expected live");
        assert_eq!(scrubbed("a\r\nBcc: x"), "a Bcc: x");
    }

    #[test]
    fn a_code_that_could_be_anything_is_not_repeated() {
        assert_eq!(in_words("lawful-hours"), "outside the recipient's lawful hours");
        assert_eq!(in_words("carrier_daily_limit"), "carrier daily limit");
        for odd in ["13055550123", "Pat Doe", "pat@example.org", "", &"a".repeat(60)] {
            assert_eq!(in_words(odd), "another reason", "{odd}");
        }
    }

    #[test]
    fn kinds_beyond_the_bound_are_counted_together() {
        let mut counts = BTreeMap::new();
        for n in 0..1000 {
            count(&mut counts, format!("kind {n}"), "other".to_owned());
        }
        assert!(counts.len() <= MOST_KINDS + 1);
        assert_eq!(counts.values().sum::<u64>(), 1000);
    }
}
