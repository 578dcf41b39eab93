//! A reply as words: compatible forms made one, lower case, without accents, apostrophes and signs. Pure.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::rows::same;

/// The words of a text.
pub(super) fn normal(text: &str) -> Vec<String> {
    same(joined_letters(split(text).into_iter().flatten().collect()))
}

/// The words of a text, none of them read as another.
pub(super) fn plain(text: &str) -> Vec<String> {
    split(text).into_iter().flatten().collect()
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

/// A text with every letter that only looks like a Latin one written as that: Cyrillic, Greek, small capitals, letters
/// in boxes, and digits and signs in their place, as in `ST0P`. Only for words that are compared whole: it makes
/// nonsense of a sentence in another script.
pub(super) fn undisguised(text: &str) -> String {
    text.chars().map(|c| in_a_box(c).unwrap_or_else(|| latin(c))).collect()
}

/// A white letter in a black circle or box: 🅐 and 🅰.
fn in_a_box(c: char) -> Option<char> {
    let code = u32::from(c);
    let first = [0x1f150, 0x1f170].into_iter().find(|first| (*first..first + 26).contains(&code))?;
    char::from_u32(u32::from('a') + code - first)
}

fn latin(c: char) -> char {
    match c {
        'а' | 'А' | 'Α' | 'α' | 'ᴀ' | '@' => 'a',
        'В' | 'Β' | 'ʙ' => 'b',
        'с' | 'С' | 'ᴄ' => 'c',
        'ԁ' | 'ᴅ' => 'd',
        'е' | 'Е' | 'Ε' | 'ε' | 'ᴇ' | '3' => 'e',
        'ꜰ' => 'f',
        'Н' | 'Η' | 'ʜ' => 'h',
        'і' | 'І' | 'Ι' | 'ι' | 'ɪ' | '1' => 'i',
        'к' | 'К' | 'Κ' | 'κ' | 'ᴋ' => 'k',
        'ʟ' => 'l',
        'М' | 'Μ' | 'ᴍ' => 'm',
        'Ν' | 'ɴ' => 'n',
        'о' | 'О' | 'Ο' | 'ο' | 'ᴏ' | '0' => 'o',
        'р' | 'Р' | 'Ρ' | 'ρ' | 'ᴘ' => 'p',
        'ԛ' | 'Ԛ' | 'ꞯ' => 'q',
        'ʀ' => 'r',
        'ѕ' | 'Ѕ' | 'Σ' | 'ꜱ' | '5' | '$' => 's',
        'т' | 'Т' | 'Τ' | 'τ' | 'ᴛ' => 't',
        'υ' | 'ᴜ' => 'u',
        'ν' | 'ᴠ' => 'v',
        'у' | 'У' | 'Υ' | 'ʏ' => 'y',
        _ => c,
    }
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
