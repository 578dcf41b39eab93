//! The rows of words, and how a reply is held against them. Pure.

use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Class, Known};

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let file = include_str!("../../../data/reply_words.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    let rows = reader.deserialize().collect::<Result<Vec<Written>, _>>();
    rows.expect("a data file of this crate can be read").into_iter().map(Row::new).collect()
});

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Stop,
    StopFree,
    Legal,
    WrongPerson,
    Doubtful,
    Help,
    Start,
    StartAfterStop,
    Other,
    Filler,
}

/// How a row is held against a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Match {
    Whole,
    Contains,
    Short,
    Fuzzy,
    Sign,
}

#[derive(Debug, Deserialize)]
struct Written {
    class: Kind,
    #[serde(rename = "match")]
    how: Match,
    phrase: String,
}

struct Row {
    kind: Kind,
    how: Match,
    /// The phrase as replies are normalised; a sign as it is. `{name}` stands as [`NAME`].
    phrase: String,
}

/// What stands for the lead's first name in a phrase. No reply can hold it.
const NAME: &str = "\u{1}";

/// More of a reply is not read, in bytes. A text has 1,600 characters at most.
const LONGEST: usize = 16 * 1024;

impl Row {
    fn new(written: Written) -> Self {
        let Written { class: kind, how, phrase } = written;
        let phrase = match how {
            Match::Sign => phrase,
            _ => {
                let parts: Vec<String> = phrase.split("{name}").map(|part| normal(part).join(" ")).collect();
                parts.join(&format!(" {NAME} ")).trim().to_owned()
            }
        };
        Self { kind, how, phrase }
    }
}

/// A reply as it is held against the rows.
struct Read<'a> {
    raw: &'a str,
    /// All of its words, without what is harmless.
    text: String,
    /// Those but for politeness at both ends.
    short: Vec<String>,
    /// All of its words, harmless or not.
    all: String,
    /// Those but for politeness at both ends.
    core: String,
    name: Option<String>,
}

pub(super) fn classify(body: &str, known: Known<'_>) -> Class {
    let body = &body[..body.floor_char_boundary(LONGEST)];
    let all = normal(body);
    let kept: Vec<String> = joined_letters(sentences(body).into_iter().flat_map(without_harmless).collect());
    let read = Read {
        raw: body,
        text: format!(" {} ", kept.join(" ")),
        short: core(&kept).to_vec(),
        core: core(&all).join(" "),
        all: all.join(" "),
        name: known.first_name.map(|name| normal(name).join(" ")).filter(|name| name.chars().count() > 1),
    };
    let order = [
        (Kind::Stop, Class::StopExact),
        (Kind::Legal, Class::Legal),
        (Kind::WrongPerson, Class::WrongPerson),
        (Kind::StopFree, Class::StopFree),
        (Kind::Doubtful, Class::Doubtful),
        (Kind::Help, Class::Help),
        (Kind::Start, Class::Start),
        (Kind::StartAfterStop, if known.opted_out { Class::Start } else { Class::Other }),
    ];
    let fits = |kind| ROWS.iter().any(|row| row.kind == kind && read.fits(row));
    order.into_iter().find(|(kind, _)| fits(*kind)).map_or(Class::Other, |(_, class)| class)
}

impl Read<'_> {
    fn fits(&self, row: &Row) -> bool {
        match row.how {
            // What takes a no back is nothing but that.
            Match::Whole if matches!(row.kind, Kind::Start | Kind::StartAfterStop) => self.all == row.phrase,
            Match::Whole => self.core == row.phrase,
            Match::Contains => match (row.phrase.contains(NAME), &self.name) {
                (false, _) => self.contains(&row.phrase),
                (true, Some(name)) => self.contains(&row.phrase.replace(NAME, name)),
                (true, None) => false,
            },
            Match::Short => self.short.len() <= 3 && self.has_slip(&row.phrase, 1),
            Match::Fuzzy if row.phrase.chars().count() >= 8 => self.has_slip(&row.phrase, 2),
            Match::Fuzzy => self.short.len() == 1 && self.has_slip(&row.phrase, 1),
            Match::Sign => self.core.is_empty() && self.raw.contains(&row.phrase),
        }
    }

    /// Whether a word is this one, or one that is only a slip away and none of its own.
    fn has_slip(&self, phrase: &str, slips: usize) -> bool {
        let own = |word: &str| {
            let mut rows = ROWS.iter().filter(|row| row.kind == Kind::Other && row.how == Match::Fuzzy);
            rows.any(|row| row.phrase == word)
        };
        self.short.iter().any(|word| is_slip_of(word, phrase, slips) && !own(word))
    }

    fn contains(&self, phrase: &str) -> bool {
        !phrase.is_empty() && self.text.contains(&format!(" {phrase} "))
    }
}

/// The words of a text: compatible forms made one, lower case, without accents, apostrophes and signs.
fn normal(text: &str) -> Vec<String> {
    joined_letters(sentences(text).into_iter().flatten().collect())
}

/// The words of each sentence of a text.
fn sentences(text: &str) -> Vec<Vec<String>> {
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

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' | '\u{2bc}')
}

fn is_unseen(c: char) -> bool {
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
fn joined_letters(words: Vec<String>) -> Vec<String> {
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

/// Words without politeness at both ends.
fn core(words: &[String]) -> &[String] {
    let mut rest = words;
    loop {
        let fillers = ROWS.iter().filter(|row| row.kind == Kind::Filler);
        let shorter = fillers.into_iter().find_map(|row| {
            let filler: Vec<&str> = row.phrase.split(' ').collect();
            let is = |part: &[String]| part.iter().map(String::as_str).eq(filler.iter().copied());
            let n = filler.len();
            let front = rest.get(..n).filter(|part| is(part)).map(|_| &rest[n..]);
            front.or_else(|| {
                let at = rest.len().checked_sub(n)?;
                is(&rest[at..]).then(|| &rest[..at])
            })
        });
        match shorter {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
}

/// The words of a sentence without those that are harmless together.
fn without_harmless(mut words: Vec<String>) -> Vec<String> {
    for row in ROWS.iter().filter(|row| row.kind == Kind::Other && row.how != Match::Fuzzy) {
        let phrase: Vec<&str> = row.phrase.split(' ').collect();
        let is = |part: &[String]| part.iter().map(String::as_str).eq(phrase.iter().copied());
        while let Some(at) = words.windows(phrase.len()).position(is) {
            words.drain(at..at + phrase.len());
        }
    }
    words
}

/// Whether a word is another with up to `slips` letters wrong, missing, added or changed with their neighbour
/// (optimal string alignment).
fn is_slip_of(word: &str, of: &str, slips: usize) -> bool {
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
