//! Patterns of words: a small grammar, so that one row reads what many people write. How they are written
//! is said at the top of `shared/data/reply_words.csv`.

use std::{collections::BTreeMap, ops::Range};

use super::text::normal;

/// What stands for an emoji in the words of a reaction. No reply can hold it.
pub(super) const SIGN: &str = "\u{2}";
/// What stands for a quoted text in the words of a reaction. No reply can hold it.
pub(super) const QUOTE: &str = "\u{3}";

/// How many words `..` stands for at most.
const GAP: usize = 3;

/// A pattern that is ready to be held against words.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<Token>);

/// Words that patterns name.
pub(super) type Sets = BTreeMap<String, String>;

#[derive(Debug, Clone)]
enum Token {
    /// The beginning.
    Start,
    /// The end.
    End,
    /// Up to so many words of any kind.
    Gap(usize),
    /// The lead's first name, or what is theirs: `Pat's`.
    Name { theirs: bool },
    /// None of these stands before.
    NotAfter(Vec<Word>),
    /// One of these words.
    One(Vec<Word>),
    /// One of these words, or none.
    Maybe(Vec<Word>),
}

#[derive(Debug, Clone)]
enum Word {
    Whole(String),
    /// All words that begin so.
    Stem(String),
}

impl Word {
    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Whole(whole) => whole == word,
            Self::Stem(stem) => word.starts_with(stem.as_str()),
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What in it cannot be read, in words.
    pub(super) fn parse(written: &str, sets: &Sets) -> Result<Self, String> {
        let tokens: Result<Vec<Token>, String> = written.split_whitespace().map(|token| read(token, sets)).collect();
        let tokens = tokens.map_err(|why| format!("`{written}`: {why}"))?;
        if tokens.iter().any(|token| matches!(token, Token::One(_) | Token::Name { .. })) {
            return Ok(Self(tokens));
        }
        Err(format!("`{written}` holds no word that must be there"))
    }

    /// Where the pattern stands in a sentence, first of all.
    pub(super) fn find(&self, words: &[String], name: Option<&[String]>) -> Option<Range<usize>> {
        (0..=words.len()).find_map(|from| Some(from..end(&self.0, words, from, name)?))
    }

    /// Whether the words are this and nothing else.
    pub(super) fn is_all_of(&self, words: &[String]) -> bool {
        let mut tokens = self.0.clone();
        tokens.push(Token::End);
        end(&tokens, words, 0, None).is_some()
    }
}

#[cfg(test)]
impl Pattern {
    /// The shortest words that it reads, of alternatives the first. A name is one letter that no reply holds.
    pub(super) fn example(&self) -> Vec<String> {
        let first = |words: &[Word]| match &words[0] {
            Word::Whole(word) | Word::Stem(word) => word.clone(),
        };
        let word = |token: &Token| match token {
            Token::One(words) => Some(first(words)),
            Token::Name { theirs } => Some(if *theirs { "\u{1}s" } else { "\u{1}" }.to_owned()),
            Token::Start | Token::End | Token::Gap(_) | Token::NotAfter(_) | Token::Maybe(_) => None,
        };
        self.0.iter().filter_map(word).collect()
    }
}

/// Where the rest of a pattern ends that begins at a word.
fn end(tokens: &[Token], words: &[String], at: usize, name: Option<&[String]>) -> Option<usize> {
    let Some((token, rest)) = tokens.split_first() else { return Some(at) };
    let fits = |all: &[Word], word: &str| all.iter().any(|one| one.fits(word));
    let next = |all: &[Word]| words.get(at).is_some_and(|word| fits(all, word));
    match token {
        Token::Start => (at == 0).then(|| end(rest, words, at, name))?,
        Token::End => (at == words.len()).then(|| end(rest, words, at, name))?,
        Token::Gap(most) => {
            let last = at.saturating_add(*most).min(words.len());
            (at..=last).find_map(|at| end(rest, words, at, name))
        }
        Token::Name { theirs } => {
            let (last, first) = name?.split_last()?;
            let last = if *theirs { format!("{last}s") } else { last.clone() };
            let rest_of = words.get(at..)?.strip_prefix(first)?;
            (*rest_of.first()? == last).then(|| end(rest, words, at + first.len() + 1, name))?
        }
        Token::NotAfter(all) => {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            (!before.is_some_and(|word| fits(all, word))).then(|| end(rest, words, at, name))?
        }
        Token::One(all) => next(all).then(|| end(rest, words, at + 1, name))?,
        Token::Maybe(all) => {
            let with = next(all).then(|| end(rest, words, at + 1, name)).flatten();
            with.or_else(|| end(rest, words, at, name))
        }
    }
}

fn read(token: &str, sets: &Sets) -> Result<Token, String> {
    match token {
        "^" => return Ok(Token::Start),
        "$" => return Ok(Token::End),
        ".." => return Ok(Token::Gap(GAP)),
        "..." => return Ok(Token::Gap(usize::MAX)),
        "{name}" => return Ok(Token::Name { theirs: false }),
        "{name}s" => return Ok(Token::Name { theirs: true }),
        _ => {}
    }
    if let Some(words) = token.strip_prefix('!') {
        return alternatives(words, sets).map(Token::NotAfter);
    }
    match token.strip_prefix('[').and_then(|token| token.strip_suffix(']')) {
        Some(words) => alternatives(words, sets).map(Token::Maybe),
        None => alternatives(token, sets).map(Token::One),
    }
}

fn alternatives(token: &str, sets: &Sets) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    for one in token.split('|') {
        match one.strip_prefix('<').and_then(|one| one.strip_suffix('>')) {
            Some(set) => {
                let set = sets.get(set).ok_or_else(|| format!("there is no set {set}"))?;
                for word in set.split('|') {
                    words.push(self::word(word)?);
                }
            }
            None => words.push(word(one)?),
        }
    }
    Ok(words)
}

fn word(written: &str) -> Result<Word, String> {
    match written {
        "{sign}" => return Ok(Word::Whole(SIGN.to_owned())),
        "{quote}" => return Ok(Word::Whole(QUOTE.to_owned())),
        _ => {}
    }
    let (stem, plain) = match written.strip_suffix('*') {
        Some(stem) => (true, stem),
        None => (false, written),
    };
    let letters: Vec<char> = plain.chars().collect();
    if letters.windows(3).any(|run| run[0] == run[1] && run[1] == run[2]) {
        return Err(format!("`{written}` is drawn out, which no word is once it is read"));
    }
    let [word] = <[String; 1]>::try_from(normal(plain)).map_err(|_| format!("`{written}` is not one word"))?;
    Ok(if stem { Word::Stem(word) } else { Word::Whole(word) })
}
