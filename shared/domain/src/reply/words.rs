//! How a reply is held against the rows. Pure.

use super::{
    Class, Known, message,
    pattern::Pattern,
    reaction,
    rows::{Kind, Match, NAME, Row, rows},
    text::{clauses, is_slip_of, normal, sentences},
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
}

/// Reads a reply: as it came for the words that always opt out, then for a phone's reaction, then for all else.
pub(super) fn classify(body: &str, known: Known<'_>) -> Class {
    let body = &body[..body.floor_char_boundary(LONGEST)];
    let whole = core(&normal(body)).join(" ");
    if rows(Kind::Stop).iter().any(|row| row.how == Match::Whole && row.phrase == whole) {
        return Class::StopExact;
    }
    if let Some(class) = reaction::read(body) {
        return class;
    }
    let parts = message::parts(body);
    let class = Read::new(body, &parts.written, known).class(known);
    let may_opt_out = |below: &str| {
        // Not taken apart again: there may be dashes on every line.
        let class = Read::new(below, below, Known::default()).class(Known::default());
        class.is_no() || class == Class::Doubtful
    };
    let goes_on = matches!(class, Class::Other | Class::Automatic | Class::Help | Class::Start);
    if goes_on && parts.below.as_deref().is_some_and(may_opt_out) { Class::Doubtful } else { class }
}

impl<'a> Read<'a> {
    fn new(raw: &'a str, written: &str, known: Known<'_>) -> Self {
        let all = normal(raw);
        let name = known.first_name.map(normal).filter(|name| name.concat().chars().count() > 1);
        let (mut held, mut automatic) = (false, false);
        let mut drain = |mut words: Vec<String>| {
            automatic |= take_out(&mut words, Kind::Automatic);
            take_out(&mut words, Kind::Signature);
            take_out(&mut words, Kind::Other);
            held |= take_out(&mut words, Kind::Doubtful);
            words
        };
        let kept: Vec<Vec<String>> = sentences(written).into_iter().map(&mut drain).collect();
        let clauses = clauses(written).into_iter().map(&mut drain).collect::<Vec<_>>();
        let parts = kept.iter().chain(&clauses).map(|words| core(words).to_vec()).filter(|words| !words.is_empty());
        let parts = parts.collect();
        let words = super::text::joined_letters(kept.concat());
        Self {
            raw,
            parts,
            text: format!(" {} ", words.join(" ")),
            short: core(&words).to_vec(),
            core: core(&all).join(" "),
            all: all.join(" "),
            name,
            held,
            // What asks something is answered by nobody if it is taken for automatic.
            automatic: automatic && !written.contains(['?', '\u{bf}', '\u{ff1f}']),
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
            Match::Aside | Match::Message | Match::Undone => false,
        }
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
        !phrase.is_empty() && self.text.contains(&format!(" {phrase} "))
    }
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
            Match::Whole | Match::Short | Match::Fuzzy | Match::Sign | Match::Message | Match::Undone => {}
        }
    }
    words.len() != before
}
