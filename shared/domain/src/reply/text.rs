//! A reply as words: compatible forms made one, lower case, without accents, apostrophes and signs. Pure.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::rows::same;

/// The words of a text.
pub(super) fn normal(text: &str) -> Vec<String> {
    same(joined_letters(split(text).into_iter().flatten().collect()))
}

/// The words of each sentence of a text.
pub(super) fn sentences(text: &str) -> Vec<Vec<String>> {
    split(text).into_iter().map(|words| same(joined_letters(words))).collect()
}

/// The words of each part of a text between commas, dashes and brackets.
pub(super) fn clauses(text: &str) -> Vec<Vec<String>> {
    let parts = text.split([',', '،', '、', '，', ':', '(', ')', '\u{2013}', '\u{2014}']);
    parts.flat_map(|part| part.split(" - ")).flat_map(sentences).collect()
}

fn split(text: &str) -> Vec<Vec<String>> {
    // An ellipsis and its like become full stops here, and what cannot be seen goes.
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_unseen(*c) && !is_apostrophe(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .collect::<String>()
        .replace('ß', "ss");
    let words = |sentence: &str| -> Vec<String> {
        sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(drawn_in).collect()
    };
    plain.split(['.', '!', '?', ';', '\n', '。', '！', '？']).map(words).filter(|words| !words.is_empty()).collect()
}

/// Whether a character is an apostrophe, however it was typed.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' | '\u{2bc}')
}

/// Whether a character takes no place and says nothing.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}')
}

/// A word with letters that are drawn out (three times or more) written once.
fn drawn_in(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut drawn = String::with_capacity(word.len());
    for run in letters.chunk_by(|a, b| a == b) {
        let times = if run.len() >= 3 && run[0].is_alphabetic() { 1 } else { run.len() };
        drawn.extend(run.iter().take(times));
    }
    drawn
}

/// `s t o p` is one word: three single letters or more, one after the other.
pub(super) fn joined_letters(words: Vec<String>) -> Vec<String> {
    let single = |word: &String| word.chars().count() == 1;
    let mut joined = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| single(a) && single(b)) {
        if run.len() >= 3 && single(&run[0]) {
            joined.push(run.concat());
        } else {
            joined.extend_from_slice(run);
        }
    }
    joined
}

/// Whether a word is another with up to `slips` letters wrong, missing, added or changed with their neighbour
/// (optimal string alignment).
pub(super) fn is_slip_of(word: &str, of: &str, slips: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), of.chars().collect());
    if a.len().abs_diff(b.len()) > slips {
        return false;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()] <= slips
}
