//! Many worlds, on as many threads as there are cores, put together in the order of their numbers: so
//! the result does not depend on how many threads there are.

use std::{
    collections::BTreeMap,
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::{
    executor::lock,
    faults::Class,
    judge::Violation,
    run::{Ran, run},
    spec::{Scale, Spec},
    world::Options,
};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The seed.
    pub seed: u64,
    /// Worlds are run until so many texts were accepted.
    pub texts: u64,
    /// How large they are.
    pub scale: Scale,
    /// How they are run.
    pub options: Options,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Worlds.
    pub worlds: u64,
    /// Texts that a provider accepted.
    pub texts: u64,
    /// Simulated time of all worlds together.
    pub span: TimeDelta,
    /// Faults by kind.
    pub faults: BTreeMap<Class, u64>,
    /// What must never be, with the number of its world.
    pub violations: Vec<(u64, Violation)>,
    hash: Sha256,
}

impl Summary {
    /// Simulated years.
    #[must_use]
    pub fn years(&self) -> f64 {
        self.span.num_minutes() as f64 / (365.25 * 1_440.0)
    }

    /// Faults of every kind.
    #[must_use]
    pub fn faults_in_all(&self) -> u64 {
        self.faults.values().sum()
    }

    /// The hash of everything that happened, in hexadecimal.
    #[must_use]
    pub fn trace_hash(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    fn add(&mut self, number: u64, ran: Ran) {
        self.worlds += 1;
        self.texts += ran.texts;
        self.span += ran.span;
        for (class, count) in ran.faults {
            *self.faults.entry(class).or_default() += count;
        }
        self.violations.extend(ran.violations.into_iter().map(|violation| (number, violation)));
        self.hash.update(ran.hash);
    }
}

/// What was run and not yet put together.
#[derive(Default)]
struct Merged {
    next: u64,
    waiting: BTreeMap<u64, Ran>,
    summary: Summary,
}

/// Runs worlds in order until they hold enough texts. Worlds that were begun beyond that do not count.
#[must_use]
pub fn simulate(asked: &Asked) -> Summary {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (next, enough) = (AtomicU64::new(0), AtomicBool::new(asked.texts == 0));
    let merged = Mutex::new(Merged::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let ran = run(Spec::of(asked.seed, number, asked.scale), &asked.options);
                    let mut merged = lock(&merged);
                    merged.waiting.insert(number, ran);
                    while merged.summary.texts < asked.texts {
                        let number = merged.next;
                        let Some(ran) = merged.waiting.remove(&number) else { break };
                        merged.next += 1;
                        merged.summary.add(number, ran);
                    }
                    enough.store(merged.summary.texts >= asked.texts, Ordering::Relaxed);
                }
            });
        }
    });
    merged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).summary
}
