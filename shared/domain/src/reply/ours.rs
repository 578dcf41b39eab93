//! Words of ours in a reply, such as the text that a mail program puts below it. They are known, so they are taken out
//! before a reply is read: our own `Reply STOP to end these texts` is nobody's opt-out. Pure.

use std::ops::Range;

use super::text::plain;

/// So many words in a row are no coincidence. Fewer may be the person's own, unless they are a whole text of ours.
const QUOTED: usize = 8;
/// So many beside words of the person's own may be a piece of a text of ours.
const PIECE: usize = 3;
/// A text of ours of fewer words is not looked for at all.
const SHORTEST: usize = 5;

/// A word of a reply, and where it stands in it.
struct Word {
    letters: String,
    at: Range<usize>,
}

/// Whether a reply is long enough to hold words of ours.
pub(super) fn may_hold(body: &str) -> bool {
    plain(body).len() >= SHORTEST
}

/// Whether a text is of ours, or cut out of it.
pub(super) fn is_ours(text: &str, sent: &[String]) -> bool {
    let words = plain(text);
    !words.is_empty() && sent.iter().any(|sent| plain(sent).windows(words.len()).any(|run| run == words))
}

/// A reply without words of ours, or `None` if it holds none.
pub(super) fn taken_out(body: &str, sent: &[String]) -> Option<String> {
    cut(body, sent, |longest, of| longest >= QUOTED.min(of))
}

/// A reply without the longest runs of words of ours that are long enough, of a text of so many words.
fn cut(body: &str, sent: &[String], is_long_enough: impl Fn(usize, usize) -> bool) -> Option<String> {
    if sent.is_empty() {
        return None;
    }
    let words = words(body);
    let sent: Vec<Vec<String>> = sent.iter().map(|sent| plain(sent)).filter(|sent| sent.len() >= SHORTEST).collect();
    let (mut kept, mut copied, mut at) = (String::with_capacity(body.len()), 0, 0);
    while at < words.len() {
        let run = sent.iter().filter_map(|sent| {
            let longest = quoted(&words[at..], sent)?;
            is_long_enough(longest, sent.len()).then_some(longest)
        });
        let run = run.max().unwrap_or(0);
        if run == 0 {
            at += 1;
            continue;
        }
        kept.push_str(&body[copied..words[at].at.start.max(copied)]);
        // A full stop: what stands before and after our words is no sentence.
        kept.push_str(" .");
        at += run;
        copied = words[at - 1].at.end;
    }
    (copied > 0).then(|| kept + &body[copied..])
}

/// A reply without pieces of ours that are too short to be sure of, or `None` if it holds none.
pub(super) fn without_pieces(body: &str, sent: &[String]) -> Option<String> {
    cut(body, sent, |longest, _| longest >= PIECE)
}

/// How many words at the beginning are quoted from a text of ours.
fn quoted(words: &[Word], sent: &[String]) -> Option<usize> {
    let common =
        |from: usize| words.iter().zip(&sent[from..]).take_while(|(word, sent)| word.letters == **sent).count();
    (0..sent.len()).map(common).max()
}

fn words(body: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    for token in body.split_inclusive(char::is_whitespace) {
        let here = at..at + token.trim_end().len();
        words.extend(plain(token).into_iter().map(|letters| Word { letters, at: here.clone() }));
        at += token.len();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Vec<String> {
        vec!["Hi Pat, this is Sam from Acme. Shall I save you a seat? Reply STOP to end these texts.".to_owned()]
    }

    #[test]
    fn words_of_ours_are_taken_out_and_what_the_person_wrote_stays() {
        for (body, left) in [
            (
                "Yes!\nOn Tue Acme wrote:\nHi Pat, this is Sam from Acme. Shall I save you a seat?",
                Some("Yes! On Tue Acme wrote: ."),
            ),
            (
                "re: \"Hi Pat, this is Sam from Acme. Shall I save you a seat? Reply STOP to end these texts.\" stop",
                Some("re: . stop"),
            ),
            ("hi pat this is sam from acme — shall I", Some(".")),
            ("Reply STOP to end these texts", None),
            ("I said stop", None),
            ("", None),
        ] {
            let taken_out = taken_out(body, &sent());
            let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(taken_out.map(words).as_deref(), left, "{body}");
        }
        assert_eq!(taken_out("Hi Pat, this is Sam from Acme. Shall I save", &[]), None);
    }

    #[test]
    fn a_text_of_ours_is_known_though_it_was_cut() {
        assert!(is_ours("Reply STOP to end", &sent()) && is_ours("Hi Pat, this is Sam from Acme…", &sent()));
        assert!(!is_ours("please stop", &sent()) && !is_ours("…", &sent()));
    }
}
