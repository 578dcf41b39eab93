//! Looks for the shortest trace that still shows a violation: without other people, without kinds of
//! faults, without single faults. What is left is printed.

use std::collections::BTreeSet;

use leadline::domain::Instant;

use crate::{
    faults::{Class, Without},
    judge::Violation,
    run::{Ran, run},
    spec::{Scale, Spec},
    world::Options,
};

/// How often a world is run again in search of a shorter trace.
const RUNS: usize = 300;

/// A world, reduced to what a violation needs.
pub struct Shrunk {
    /// The violation as it shows in the reduced world.
    pub violation: Violation,
    /// What the world was run without.
    pub without: Without,
    /// People that are left.
    pub people: usize,
    /// Faults that are left.
    pub faults: usize,
    /// What happened, as far as it has to do with it.
    pub lines: Vec<(Instant, String)>,
}

struct Search<'a> {
    spec: &'a Spec,
    options: &'a Options,
    wanted: &'a Violation,
    runs: usize,
}

impl Search<'_> {
    fn run(&mut self, without: &Without, lines: bool) -> Ran {
        self.runs += 1;
        run(self.spec.clone(), &Options { without: without.clone(), lines, ..self.options.clone() })
    }

    fn shows(&self, ran: &Ran) -> Option<Violation> {
        let same = |found: &&Violation| found.judge == self.wanted.judge && found.person == self.wanted.person;
        ran.violations.iter().find(same).cloned()
    }

    /// The run, if the violation still shows without all this.
    fn still(&mut self, without: &Without) -> Option<Ran> {
        if self.runs >= RUNS {
            return None;
        }
        let ran = self.run(without, false);
        self.shows(&ran).map(|_| ran)
    }
}

/// Reduces a world to what its violation needs.
#[must_use]
pub fn shrink(seed: u64, number: u64, scale: Scale, options: &Options, wanted: &Violation) -> Shrunk {
    let spec = Spec::of(seed, number, scale);
    let mut search = Search { spec: &spec, options, wanted, runs: 0 };
    let mut without = options.without.clone();

    let everybody: Vec<usize> = (0..spec.people.len()).collect();
    let kept: Vec<usize> = wanted.person.into_iter().collect();
    without.only = Some(smallest(&everybody, &kept, |people| {
        search.still(&Without { only: Some(people.clone()), ..without.clone() }).is_some()
    }));
    for class in Class::ALL {
        let mut fewer = without.clone();
        fewer.classes.insert(class);
        if search.still(&fewer).is_some() {
            without = fewer;
        }
    }
    let injected = search.run(&without, false).injected;
    let needed = smallest(&injected, &[], |needed| {
        let masked = injected.iter().copied().filter(|key| !needed.contains(key)).collect();
        search.still(&Without { masked, ..without.clone() }).is_some()
    });
    without.masked = injected.iter().copied().filter(|key| !needed.contains(key)).collect();

    let mut ran = search.run(&without, true);
    let mut violation = search.shows(&ran);
    if violation.is_none() {
        // Masking let other faults in: back to what is known to show it.
        without.masked.clear();
        ran = search.run(&without, true);
        violation = search.shows(&ran);
    }
    let violation = violation.unwrap_or_else(|| wanted.clone());
    let lines = relevant(&spec, &ran, &violation);
    let people = without.only.as_ref().map_or(spec.people.len(), BTreeSet::len);
    Shrunk { violation, people, faults: ran.injected.len(), lines, without }
}

/// A small set of items, the `kept` ones among them, for which `enough` holds: whole parts are left out
/// first, then smaller ones (delta debugging, Zeller and Hildebrandt, 2002).
fn smallest<T: Copy + Ord>(all: &[T], kept: &[T], mut enough: impl FnMut(&BTreeSet<T>) -> bool) -> BTreeSet<T> {
    let least: BTreeSet<T> = kept.iter().copied().collect();
    if enough(&least) {
        return least;
    }
    let mut now: Vec<T> = all.iter().copied().filter(|item| !least.contains(item)).collect();
    let with = |part: &[T]| part.iter().chain(kept).copied().collect::<BTreeSet<T>>();
    let mut parts = 2;
    while now.len() > 1 {
        let size = now.len().div_ceil(parts);
        let smaller = now.chunks(size).enumerate().find_map(|(n, _)| {
            let rest: Vec<T> =
                now.chunks(size).enumerate().filter(|(m, _)| *m != n).flat_map(|(_, c)| c.to_vec()).collect();
            enough(&with(&rest)).then_some(rest)
        });
        match smaller {
            Some(rest) => {
                now = rest;
                parts = (parts - 1).max(2);
            }
            None if parts >= now.len() => break,
            None => parts = (parts * 2).min(now.len()),
        }
    }
    with(&now)
}

/// The lines that have to do with a violation: about its person, faults, operators, mails.
fn relevant(spec: &Spec, ran: &Ran, violation: &Violation) -> Vec<(Instant, String)> {
    let mut words: Vec<String> = Vec::new();
    if let Some(n) = violation.person {
        words.push(spec.people[n].name.clone());
        words.extend(ran.people.iter().filter(|(_, person)| **person == n).map(|(lead, _)| lead.to_string()));
    }
    let of_person: Vec<String> = {
        let attempt = |line: &String| Some(line.strip_prefix("provider: ")?.split(' ').next()?.to_owned());
        let own = ran.lines.iter().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        own.filter_map(|(_, line)| attempt(line)).collect()
    };
    words.extend(of_person);
    let matters = |line: &str| {
        violation.person.is_none()
            || words.iter().any(|word| line.contains(word))
            || ["fault", "operator", "a release of before"].iter().any(|word| line.contains(word))
    };
    let lines = ran.lines.iter().filter(|(at, line)| *at <= violation.at && matters(line));
    lines.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_set_is_found_that_still_shows_it() {
        let all: Vec<u32> = (0..100).collect();
        let mut asked = 0;
        let found = smallest(&all, &[3], |set| {
            asked += 1;
            set.contains(&3) && set.contains(&17) && set.contains(&80)
        });
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [3, 17, 80]);
        assert!(asked < 60, "{asked}");
    }
}
