//! How a reply is held against the rows. Pure.

use super::{
    Class, Known, message, ours,
    pattern::Pattern,
    reaction,
    rows::{Kind, Match, NAME, Row, rows},
    text::{clauses, is_slip_of, normal, sentences, undisguised},
};

/// More of a reply is not read, in bytes. A text has 1,600 characters at most.
const LONGEST: usize = 16 * 1024;

/// A reply as it is held against the rows.
struct Read<'a> {
    raw: &'a str,
    /// Its sentences and their parts, without what is harmless and without politeness at both ends.
    parts: Vec<Vec<String>>,
    /// All of its words, without what is harmless.
    text: String,
    /// Those but for politeness at both ends.
    short: Vec<String>,
    /// All of its words, harmless or not.
    all: String,
    /// Those but for politeness at both ends.
    core: String,
    name: Option<Vec<String>>,
    /// Whether words were taken out that a person must look at.
    held: bool,
    /// Whether an automatic answer was taken out.
    automatic: bool,
    /// Whether it says of itself that it is one, or nothing but what stands in automatic answers is left.
    is_automatic_only: bool,
    /// Whether an automatic answer or a signature was taken out, with words of any kind beside it.
    taken_out: bool,
}

/// Reads a reply: as it came for the words that always opt out, then for a phone's reaction, then for all else.
pub(super) fn classify(body: &str, known: Known<'_>) -> Class {
    let body = &body[..body.floor_char_boundary(LONGEST)];
    if is_stop_word(body) || is_stop_word(&undisguised(body)) {
        return Class::StopExact;
    }
    if let Some(class) = reaction::read(body, known.sent) {
        return class;
    }
    let plain = message::without_markup(body);
    let body = plain.as_ref();
    let without_ours = ours::taken_out(body, known.sent);
    if without_ours.as_deref().is_some_and(says_nothing) {
        // Our own words alone: nobody knows what is meant by it.
        return Class::Doubtful;
    }
    let body = without_ours.as_deref().unwrap_or(body);
    let class = read_words(body, known);
    if !class.is_no() {
        return class;
    }
    // A piece of ours, such as `STOP to end these texts`, beside the person's own words: a no only if those say so.
    match ours::without_pieces(body, known.sent).filter(|own| !says_nothing(own)) {
        Some(own) if !read_words(&own, known).is_no() => Class::Doubtful,
        Some(_) | None => class,
    }
}

/// Reads what the person wrote.
fn read_words(body: &str, known: Known<'_>) -> Class {
    let parts = message::parts(body);
    let mut read = Read::new(body, &parts.written, known, Without::WhatNobodyWrote);
    if read.automatic && !read.is_automatic_only {
        // A person wrote it, about an office or a phone: all of it counts.
        read = Read::new(body, &parts.written, known, Without::Signature);
    }
    let class = read.class(known);
    if !matches!(class, Class::Other | Class::Automatic | Class::Help | Class::Start) {
        return class;
    }
    // What was set aside on the way here can hold a lead, and never lets its sequence go on. Not taken apart again:
    // there may be dashes on every line.
    let below = parts.below.as_deref().is_some_and(|below| {
        let class = Read::new(below, below, known, Without::WhatNobodyWrote).class(known);
        class.is_no() || matches!(class, Class::Doubtful | Class::QuestionWho)
    });
    let hidden = read.taken_out && {
        let whole = Read::new(&parts.written, &parts.written, known, Without::Nothing);
        // An automatic answer has doubtful words of its own, such as `do not reply`.
        whole.class(known).is_no() || whole.ends_in_a_stop_word()
    };
    // A line that begins with `>` may be the person's own after all.
    let quoted = parts.quoted.as_deref().is_some_and(|quoted| {
        !ours::is_ours(quoted, known.sent) && Read::new(quoted, quoted, known, Without::Nothing).class(known).is_no()
    });
    if below || quoted || hidden || read.may_be_a_slip() { Class::Doubtful } else { class }
}

/// Whether a whole text is one of the words that always opt out.
fn is_stop_word(body: &str) -> bool {
    let whole = core(&normal(body)).join(" ");
    rows(Kind::Stop).iter().any(|row| row.how == Match::Whole && row.phrase == whole)
}

/// What a reply is read without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without {
    /// Automatic answers, and what mail programs write below a reply.
    WhatNobodyWrote,
    /// What mail programs write below a reply.
    Signature,
    /// Only what the rows call harmless or set aside.
    Nothing,
}

impl<'a> Read<'a> {
    fn new(raw: &'a str, written: &str, known: Known<'_>, without: Without) -> Self {
        let all = normal(raw);
        let name = known.first_name.map(normal).filter(|name| name.concat().chars().count() > 1);
        let (mut held, mut automatic, mut signature) = (false, false, false);
        let mut drain = |mut words: Vec<String>| {
            if without == Without::WhatNobodyWrote {
                automatic |= take_out(&mut words, Kind::Automatic);
            }
            if without != Without::Nothing {
                signature |= take_out(&mut words, Kind::Signature);
            }
            take_out(&mut words, Kind::Other);
            held |= take_out(&mut words, Kind::Doubtful);
            words
        };
        let kept: Vec<Vec<String>> = sentences(written).into_iter().map(&mut drain).collect();
        let clauses = clauses(written).into_iter().map(&mut drain).collect::<Vec<_>>();
        let parts = kept.iter().chain(&clauses).map(|words| core(words).to_vec()).filter(|words| !words.is_empty());
        let parts = parts.collect();
        let words = super::text::joined_letters(kept.concat());
        let is_automatic_only = automatic && is_automatic_only(written, &words);
        Self {
            raw,
            parts,
            text: format!(" {} ", words.join(" ")),
            short: core(&words).to_vec(),
            core: core(&all).join(" "),
            all: all.join(" "),
            name,
            held,
            taken_out: automatic || signature,
            automatic,
            is_automatic_only,
        }
    }

    fn class(&self, known: Known<'_>) -> Class {
        let order = [
            (Kind::Stop, Class::StopExact),
            (Kind::Legal, Class::Legal),
            (Kind::WrongPerson, Class::WrongPerson),
            (Kind::StopFree, Class::StopFree),
            (Kind::QuestionWho, Class::QuestionWho),
            (Kind::Doubtful, Class::Doubtful),
            (Kind::Help, Class::Help),
            (Kind::Start, Class::Start),
            (Kind::StartAfterStop, if known.opted_out { Class::Start } else { Class::Other }),
        ];
        let fits = |kind| rows(kind).iter().any(|row| self.fits(kind, row));
        let class = order.into_iter().find(|(kind, _)| fits(*kind)).map_or(Class::Other, |(_, class)| class);
        if class == Class::WrongPerson && fits(Kind::Willing) {
            // `I'm not Pat, I'm his wife, and we are interested`
            return Class::Doubtful;
        }
        if class == Class::QuestionWho && self.opts_out_beside_the_question() {
            return Class::StopFree;
        }
        if self.held && matches!(class, Class::Other | Class::Help) {
            return Class::Doubtful;
        }
        if self.automatic && class == Class::Other { Class::Automatic } else { class }
    }

    /// Whether what is left without the question who we are is one of the words that always opt out: `who is
    /// this stop`.
    fn opts_out_beside_the_question(&self) -> bool {
        let rest = |words: &Vec<String>| {
            let mut words = words.clone();
            take_out(&mut words, Kind::QuestionWho);
            core(&words).join(" ")
        };
        let rest: Vec<String> = self.parts.iter().map(rest).collect();
        rows(Kind::Stop).iter().any(|row| row.how == Match::Whole && rest.contains(&row.phrase))
    }

    fn fits(&self, kind: Kind, row: &Row) -> bool {
        match row.how {
            // What takes an opt-out back is nothing but that.
            Match::Whole if matches!(kind, Kind::Start | Kind::StartAfterStop) => self.all == row.phrase,
            Match::Whole => self.core == row.phrase || self.short == row.words,
            Match::Contains => match (row.phrase.contains(NAME), &self.name) {
                (false, _) => self.contains(&row.phrase),
                (true, Some(name)) => self.contains(&row.phrase.replace(NAME, &name.join(" "))),
                (true, None) => false,
            },
            Match::Pattern => {
                let stands =
                    |pattern: &Pattern| self.parts.iter().any(|part| pattern.find(part, self.name()).is_some());
                row.pattern.as_ref().is_some_and(stands)
            }
            Match::Short => self.short.len() <= 3 && self.has_slip(&row.phrase, 1),
            Match::Fuzzy if row.phrase.chars().count() >= 10 => self.has_slip(&row.phrase, 2),
            Match::Fuzzy => self.short.len() == 1 && self.has_slip(&row.phrase, 1),
            Match::Sign => self.core.is_empty() && self.raw.contains(&row.phrase),
            // Taken out before, and looked for before.
            Match::Aside | Match::Declares | Match::Beside | Match::Message | Match::Undone => false,
        }
    }

    /// Whether a word is one that opts out with a slip of the finger, though too short to be sure of.
    fn may_be_a_slip(&self) -> bool {
        let unsure = |row: &&Row| row.how == Match::Fuzzy && matches!(row.phrase.chars().count(), 8 | 9);
        let slip = |row: &Row| self.short.iter().all(|word| *word != row.phrase) && self.has_slip(&row.phrase, 1);
        rows(Kind::StopFree).iter().filter(unsure).any(slip)
    }

    /// Whether the last word of all, or the one before it, always opts out: `if this is a machine stop it`.
    fn ends_in_a_stop_word(&self) -> bool {
        let last = &self.short[self.short.len().saturating_sub(2)..];
        rows(Kind::Stop).iter().any(|row| row.how == Match::Whole && last.contains(&row.phrase))
    }

    fn name(&self) -> Option<&[String]> {
        self.name.as_deref()
    }

    /// Whether a word is this one, or one that is only a slip away and none of its own.
    fn has_slip(&self, phrase: &str, slips: usize) -> bool {
        let own = |word: &str| rows(Kind::Other).iter().any(|row| row.how == Match::Fuzzy && row.phrase == word);
        self.short.iter().any(|word| is_slip_of(word, phrase, slips) && !own(word))
    }

    fn contains(&self, phrase: &str) -> bool {
        // Chinese and Japanese write no blanks between words.
        let without_blanks = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
        if phrase.chars().any(without_blanks) {
            return self.text.contains(phrase);
        }
        !phrase.is_empty() && self.text.contains(&format!(" {phrase} "))
    }
}

/// Whether a text with an automatic answer in it is nothing else: a machine says so of itself, or no other words are
/// left. What asks something is answered by nobody if it is taken for automatic, and where a person speaks, as in `call
/// me at 4`, nothing is.
fn is_automatic_only(written: &str, left: &[String]) -> bool {
    let parts: Vec<Vec<String>> = sentences(written).into_iter().chain(clauses(written)).collect();
    let has = |how: Match| {
        let stands = |pattern: &Pattern| parts.iter().any(|part| pattern.find(part, None).is_some());
        rows(Kind::Automatic).iter().any(|row| row.how == how && row.pattern.as_ref().is_some_and(stands))
    };
    let asks = written.contains(['?', '\u{bf}', '\u{ff1f}']);
    !asks && !has(Match::Aside) && (has(Match::Declares) || is_beside_automatic(left))
}

/// Whether all of these words stand in automatic answers: times, and when somebody will be back.
fn is_beside_automatic(words: &[String]) -> bool {
    let known = |word: &String| {
        let row = |row: &Row| row.how == Match::Beside && row.words.contains(word);
        rows(Kind::Automatic).iter().any(row)
    };
    words.iter().all(|word| word.chars().all(|c| c.is_ascii_digit()) || known(word))
}

/// Whether a text has no words of its own, but for what mail programs write before a quoted one.
fn says_nothing(text: &str) -> bool {
    let left = |mut words: Vec<String>| {
        take_out(&mut words, Kind::Signature);
        !core(&words).is_empty()
    };
    !sentences(text).into_iter().any(left)
}

/// Words without politeness at both ends.
fn core(words: &[String]) -> &[String] {
    let mut rest = words;
    loop {
        let shorter = rows(Kind::Filler).iter().find_map(|row| {
            let filler = row.words.as_slice();
            let front = rest.strip_prefix(filler);
            front.or_else(|| rest.strip_suffix(filler))
        });
        match shorter {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
}

/// Takes what the rows of a class name out of a sentence, and says whether there was any. Of the doubtful
/// ones only those that are set aside.
fn take_out(words: &mut Vec<String>, kind: Kind) -> bool {
    let before = words.len();
    for row in rows(kind) {
        match row.how {
            Match::Pattern if kind == Kind::Doubtful => {}
            Match::Aside if kind == Kind::Automatic => {}
            Match::Pattern | Match::Aside => {
                let Some(pattern) = &row.pattern else { continue };
                while let Some(at) = pattern.find(words, None).filter(|at| !at.is_empty()) {
                    words.drain(at);
                }
            }
            Match::Contains if kind == Kind::Doubtful => {}
            Match::Contains => {
                let is = |part: &[String]| part == row.words.as_slice();
                while let Some(at) = words.windows(row.words.len()).position(is) {
                    words.drain(at..at + row.words.len());
                }
            }
            Match::Whole
            | Match::Short
            | Match::Fuzzy
            | Match::Sign
            | Match::Declares
            | Match::Beside
            | Match::Message
            | Match::Undone => {}
        }
    }
    words.len() != before
}
