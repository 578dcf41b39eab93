//! Reactions of phones to a text of ours, which come as a text that quotes it: `Liked “…”`, `👍 to “…”`. The
//! verb alone is none: it needs the quote, and nothing after it. Pure.

use super::{
    Class, Known, ours,
    pattern::{QUOTE, SIGN},
    rows::{Kind, Match, Row, rows},
    text::{is_apostrophe, is_unseen, normal},
    words,
};

/// Up to so many words a quoted text may be the person's own, where what we sent is not known.
const OWN_WORDS: usize = 8;

/// What a reaction is read as; `None` if the reply is none.
pub(super) fn read(body: &str, sent: &[String]) -> Option<Class> {
    let (tokens, signs, quoted) = tokens(body)?;
    let row = |kind: Kind, how: Match| {
        let fits = |row: &&Row| row.how == how && row.pattern.as_ref().is_some_and(|p| p.is_all_of(&tokens));
        rows(kind).iter().find(fits)
    };
    if row(Kind::Reaction, Match::Undone).is_some() {
        return Some(Class::Reaction);
    }
    if row(Kind::Doubtful, Match::Message).is_some() {
        return Some(Class::Doubtful);
    }
    row(Kind::Reaction, Match::Message)?;
    let holds = is_angry(&signs) || quoted.is_some_and(|quoted| is_own_opt_out(&quoted, sent));
    Some(if holds { Class::Doubtful } else { Class::Reaction })
}

fn is_angry(signs: &str) -> bool {
    let of = |kind: Kind| rows(kind).iter().filter(|row| row.how == Match::Sign && row.phrase != "?");
    of(Kind::Doubtful).chain(of(Kind::StopFree)).any(|row| signs.contains(&row.phrase))
}

/// Whether a quoted text may be the person's own request to stop: none of ours, and of a few words where what we sent
/// is not known.
fn is_own_opt_out(quoted: &str, sent: &[String]) -> bool {
    let all = normal(quoted);
    let instructs =
        |row: &Row| row.how == Match::Pattern && row.pattern.as_ref().is_some_and(|p| p.find(&all, None).is_some());
    (all.len() <= OWN_WORDS || !sent.is_empty())
        && !ours::is_ours(quoted, sent)
        && words::classify(quoted, Known::default()).is_no()
        && !rows(Kind::Reaction).iter().any(instructs)
}

/// The words of what may be a reaction, with [`QUOTE`] for the quoted text and [`SIGN`] for emoji; those
/// emoji; and the quoted text. `None` if there is too much of it for one.
fn tokens(body: &str) -> Option<(Vec<String>, String, Option<String>)> {
    let body = body.trim_matches(|c: char| c.is_whitespace() || is_unseen(c));
    let (before, quoted, after) = around_quote(body);
    let mut signs = String::new();
    let mut tokens = outside(before, &mut signs);
    if quoted.is_some() {
        tokens.push(QUOTE.to_owned());
        tokens.extend(outside(after, &mut signs));
    }
    (tokens.len() <= 12).then(|| (tokens, signs, quoted.map(str::to_owned)))
}

/// A text before, in and after its quotation marks. One that was cut off has no closing mark.
fn around_quote(body: &str) -> (&str, Option<&str>, &str) {
    let double = |c: char| {
        matches!(c, '"' | '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{ff02}' | '\u{300c}' | '\u{300d}')
    };
    let single = |c: char| matches!(c, '\u{2018}' | '\u{201a}' | '\u{2039}');
    let Some((at, open)) = body.char_indices().find(|(_, c)| double(*c) || single(*c)) else { return (body, None, "") };
    let inside = at + open.len_utf8();
    let closes = |c: char| if double(open) { double(c) } else { is_apostrophe(c) || c == '\u{203a}' };
    match body[inside..].char_indices().rfind(|(_, c)| closes(*c)) {
        Some((to, close)) => (&body[..at], Some(&body[inside..inside + to]), &body[inside + to + close.len_utf8()..]),
        None => (&body[..at], Some(&body[inside..]), ""),
    }
}

/// Words and emoji.
fn outside(text: &str, signs: &mut String) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut in_sign = false;
    for c in text.chars() {
        if is_sign(c) {
            tokens.extend(normal(&std::mem::take(&mut word)));
            if !in_sign {
                tokens.push(SIGN.to_owned());
            }
            signs.push(c);
        } else {
            word.push(c);
        }
        in_sign = is_sign(c) || (in_sign && is_unseen(c));
    }
    tokens.extend(normal(&word));
    tokens
}

fn is_sign(c: char) -> bool {
    let symbol = matches!(c, '\u{203c}' | '\u{2049}' | '\u{2190}'..='\u{2fff}' | '\u{1f000}'..='\u{1faff}');
    symbol && !c.is_alphanumeric()
}
