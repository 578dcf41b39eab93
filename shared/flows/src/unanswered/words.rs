//! The mail about people who wrote. Their words are a stranger's: shown as text, quoted, and cut.

use super::Waiting;
use domain::{Instant, client::Client, report::named};

/// Most characters of one reply that are shown. All of it is in the conversation.
const SHOWN: usize = 500;
/// Most replies of one person that are shown.
const MOST_REPLIES: usize = 5;

/// `1 person waits for your answer`.
pub(super) fn people(count: usize) -> String {
    if count == 1 {
        "1 person waits for your answer".to_owned()
    } else {
        format!("{count} people wait for your answer")
    }
}

pub(super) fn subject(client: &Client, all: &[Waiting]) -> String {
    let test = if client.in_test() { "[TEST] " } else { "" };
    let who = match all {
        [one] if one.again() => format!("{} wrote again and waits for your answer", named(&one.profile)),
        [one] => format!("{} waits for your answer", named(&one.profile)),
        _ => people(all.len()),
    };
    format!("{test}{}: LOOK. {who}", client.id)
}

pub(super) fn text(client: &Client, all: &[Waiting]) -> String {
    let each: Vec<String> = all.iter().map(|waiting| person(client, waiting)).collect();
    format!(
        "{}.\n\n{}\nLeadline does not answer for you. Reply from your provider's inbox, or call. Then run the command \
         with --answered; until then your daily report lists everybody who waits. A booking, an opt-out or a text \
         that you write in the inbox of OpenPhone or SimpleTexting clears it by itself.\n",
        people(all.len()),
        each.join("\n")
    )
}

fn person(client: &Client, waiting: &Waiting) -> String {
    let mut lines = vec![format!("{}, {}", named(&waiting.profile), waiting.number)];
    let local = |at: Instant| at.with_timezone(&client.zone).format("%a %-d %b %H:%M %Z");
    if waiting.again() {
        let since = local(waiting.unanswered.since);
        lines.push(format!("Wrote again. You were told of what came before; nobody has answered since {since}."));
    }
    let skipped = waiting.wrote.len().saturating_sub(MOST_REPLIES);
    if skipped > 0 {
        lines.push(format!("{skipped} earlier replies are in the conversation."));
    }
    for event in waiting.wrote.iter().skip(skipped) {
        lines.push(format!("{}:", local(event.at)));
        lines.push(quoted(event.detail.as_deref().unwrap_or_default()));
    }
    let read = match (waiting.opted_out, waiting.goes_on) {
        (true, _) => "This number has opted out, and Leadline sends it nothing",
        (false, true) => "Its sequence goes on, as the campaign says",
        (false, false) => "No further text of a sequence goes to this person",
    };
    lines.push(format!("Read as: a reply that a person should answer. {read}."));
    lines.push(format!("See it all: leadline conversation {}", waiting.id));
    lines.push(format!("When you have answered: leadline conversation {} --answered", waiting.id));
    lines.join("\n") + "\n"
}

/// A person's own words, each line marked, so that none can pass for ours.
fn quoted(words: &str) -> String {
    let mut shown: String = words.chars().take(SHOWN).collect();
    if words.chars().count() > SHOWN {
        shown.push('…');
    }
    let line = |line: &str| -> String {
        let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("> {plain}").trim_end().to_owned()
    };
    let shown = shown.replace("\r\n", "\n");
    let lines: Vec<String> = shown.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_are_quoted_line_by_line_and_cut_and_hold_no_control_signs() {
        assert_eq!(quoted("Yes!\r\nLeadline: pay here\u{1b}[2J"), "> Yes!\n> Leadline: pay here [2J");
        let long = quoted(&"ä".repeat(600));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN + 3, true));
        assert_eq!(quoted(""), ">");
    }
}
