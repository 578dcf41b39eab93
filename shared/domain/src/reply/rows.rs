//! The rows of `shared/data/reply_words.csv`, read once.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{
    pattern::{Pattern, Sets},
    text::normal,
};

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Stop,
    StopFree,
    Legal,
    WrongPerson,
    Willing,
    QuestionWho,
    Doubtful,
    Reaction,
    Automatic,
    Help,
    Start,
    StartAfterStop,
    Other,
    Filler,
    Signature,
    Same,
    Set,
}

/// How a row is held against a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Match {
    Whole,
    Contains,
    Pattern,
    Aside,
    Declares,
    Beside,
    Short,
    Fuzzy,
    Sign,
    Message,
    Undone,
}

#[derive(Debug, Deserialize)]
struct Written {
    class: Kind,
    #[serde(rename = "match")]
    how: Match,
    phrase: String,
}

/// A row.
pub(super) struct Row {
    pub(super) how: Match,
    /// The phrase as replies are normalised; a sign as it is. `{name}` stands as [`NAME`].
    pub(super) phrase: String,
    /// The words of the phrase.
    pub(super) words: Vec<String>,
    /// The phrase of a row that is a pattern.
    pub(super) pattern: Option<Pattern>,
}

/// What stands for the lead's first name in a phrase. No reply can hold it.
pub(super) const NAME: &str = "\u{1}";

static FILE: LazyLock<Vec<Written>> = LazyLock::new(|| {
    let file = include_str!("../../../data/reply_words.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a data file of this crate can be read")
});

static ROWS: LazyLock<BTreeMap<Kind, Vec<Row>>> = LazyLock::new(|| {
    let set = |row: &Written| {
        let (name, words) = row.phrase.split_once(" = ")?;
        Some((name.to_owned(), words.to_owned()))
    };
    let sets: Sets = of(Kind::Set).filter_map(set).collect();
    let mut rows: BTreeMap<Kind, Vec<Row>> = BTreeMap::new();
    for written in FILE.iter().filter(|row| !matches!(row.class, Kind::Set | Kind::Same)) {
        let row = Row::new(written, &sets).expect("a data file of this crate can be read");
        rows.entry(written.class).or_default().push(row);
    }
    rows
});

/// Words, and those that they are read as.
type ReadAs = (Vec<String>, Vec<String>);

/// Words that are read as others, by the first of them.
static SAME: LazyLock<BTreeMap<String, Vec<ReadAs>>> = LazyLock::new(|| {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut same: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (from, to) in of(Kind::Same).filter_map(|row| row.phrase.split_once(" = ")) {
        let from = words(from);
        same.entry(from[0].clone()).or_default().push((from, words(to)));
    }
    same
});

fn of(kind: Kind) -> impl Iterator<Item = &'static Written> {
    FILE.iter().filter(move |row| row.class == kind)
}

/// The rows of a class.
pub(super) fn rows(kind: Kind) -> &'static [Row] {
    ROWS.get(&kind).map_or(&[], Vec::as_slice)
}

/// Words with those that are read as others put in their place.
pub(super) fn same(words: Vec<String>) -> Vec<String> {
    let mut read = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some(first) = rest.first() {
        let known = SAME.get(first).and_then(|all| all.iter().find(|(from, _)| rest.starts_with(from)));
        if let Some((from, to)) = known {
            read.extend_from_slice(to);
            rest = &rest[from.len()..];
        } else {
            read.push(first.clone());
            rest = &rest[1..];
        }
    }
    read
}

/// All rows that are patterns.
#[cfg(test)]
pub(super) fn patterns() -> impl Iterator<Item = &'static Pattern> {
    ROWS.values().flatten().filter_map(|row| row.pattern.as_ref())
}

impl Row {
    fn new(written: &Written, sets: &Sets) -> Result<Self, String> {
        let Written { how, phrase, .. } = written;
        let with_name = || {
            let parts: Vec<String> = phrase.split("{name}").map(|part| normal(part).join(" ")).collect();
            parts.join(&format!(" {NAME} ")).trim().to_owned()
        };
        let (phrase, pattern) = match how {
            Match::Sign => (phrase.clone(), None),
            Match::Pattern | Match::Aside | Match::Declares | Match::Message | Match::Undone => {
                (phrase.clone(), Some(Pattern::parse(phrase, sets)?))
            }
            Match::Whole | Match::Contains | Match::Short | Match::Fuzzy | Match::Beside => (with_name(), None),
        };
        let words = phrase.split_whitespace().map(str::to_owned).collect();
        Ok(Self { how: *how, phrase, words, pattern })
    }
}
