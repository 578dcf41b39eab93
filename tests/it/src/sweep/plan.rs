//! The plan of a sweep: every call of every story with every fault that can differ there, worked off by
//! a few threads, and counted, so that nothing is left out in silence.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{Instant, ids::ClientId},
    ports::{DueIndex, DueKind, DueWork},
};
use leadline_standins::{
    faulty::{Call, Fault},
    memory::MemoryStore,
};

use super::{
    oracle::{Verdict, judge},
    process::{Broken, lock},
    story::Story,
    world::{Over, Pair, Reached, Turns, World},
};
use crate::contract::Store;

/// Every way in which a call through a port breaks. Slow is 30 seconds, longer than a call to the
/// provider may take, and 150, longer than the lease of a claim.
pub const FAULTS: [Fault; 9] = [
    Fault::ErrorBefore,
    Fault::AnswerLost,
    Fault::Twice,
    Fault::SlowBefore(TimeDelta::seconds(30)),
    Fault::SlowBefore(TimeDelta::seconds(150)),
    Fault::SlowAfter(TimeDelta::seconds(30)),
    Fault::SlowAfter(TimeDelta::seconds(150)),
    Fault::DieBefore,
    Fault::DieAfter,
];

/// A fault in few words.
#[must_use]
pub fn name(fault: Fault) -> String {
    match fault {
        Fault::ErrorBefore => "error before".to_owned(),
        Fault::AnswerLost => "answer lost".to_owned(),
        Fault::Twice => "twice".to_owned(),
        Fault::SlowBefore(span) => format!("{} s late", span.num_seconds()),
        Fault::SlowAfter(span) => format!("answer {} s late", span.num_seconds()),
        Fault::DieBefore => "dies before".to_owned(),
        Fault::DieAfter => "dies after".to_owned(),
    }
}

/// What one run came to.
pub struct Told {
    /// What is wrong with it.
    pub verdict: Verdict,
    /// Texts of the first step that the provider took.
    pub first_texts: usize,
    /// Its calls.
    pub calls: Vec<Call>,
    /// Which places of a pair were reached.
    pub reached: Reached,
    /// How often each function was executed.
    pub executions: BTreeMap<super::world::Kind, usize>,
}

/// Tells a story over plain fakes.
pub async fn tell(story: &Story, turns: Turns, breaks: Option<Broken<Fault>>) -> Told {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let over = Over {
        base: store.clone(),
        store,
        breaks_ports: true,
        current: Arc::default(),
        first_due: Arc::new(move || first_due(&memory)),
        clock: World::clock(),
    };
    let mut world = World::begin(over, story, turns, breaks).await;
    let at_rest = world.run().await;
    Told {
        verdict: judge(&world, at_rest).await,
        first_texts: world.first_texts(),
        calls: world.script.calls(),
        reached: world.reached,
        executions: std::mem::take(&mut world.executions),
    }
}

fn first_due(memory: &MemoryStore) -> Option<Instant> {
    let client = ClientId::parse("acme").expect("an id");
    let due =
        |kind| memory.due_of(&client, kind, Instant::MAX_UTC, 1).now_or_never()?.ok()?.first().map(DueWork::since);
    [due(DueKind::Events), due(DueKind::Leads)].into_iter().flatten().min()
}

/// Tells a story with two executions at once, at every pair of places. Gives how many there were.
pub async fn tell_pairs(story: &Story, pair: Pair, mut each: impl FnMut(Pair, Verdict)) -> usize {
    let mut runs = 0;
    for at in 0.. {
        for until in 0.. {
            let pair = Pair { at, until, ..pair };
            let told = tell(story, Turns { pair: Some(pair), ..Turns::default() }, None).await;
            runs += 1;
            each(pair, told.verdict);
            if !told.reached.first {
                return runs;
            }
            if !told.reached.second {
                break;
            }
        }
    }
    runs
}

/// Works `work` off on as many threads as there are processors, each with a runtime of its own.
pub fn in_parallel<W: Sync, R: Send>(work: &[W], each: impl AsyncFn(&W) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    loop {
                        let n = next.fetch_add(1, Ordering::SeqCst);
                        let Some(piece) = work.get(n) else { return };
                        let result = each(piece).await;
                        lock(&done).push((n, result));
                    }
                });
            });
        }
    });
    let mut done = done.into_inner().expect("no panic");
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Says something that is seen even when the test passes.
pub fn say(words: &str) {
    // The test's own capture only knows the printing macros.
    let _written = writeln!(std::io::stderr(), "{words}");
}

/// Counts by port and fault, as a table.
#[derive(Default)]
pub struct Counts {
    by_port: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Counts {
    /// Counts one run.
    pub fn add(&mut self, port: impl Into<String>, fault: impl Into<String>) {
        self.add_many(port, fault, 1);
    }

    /// Counts several runs.
    pub fn add_many(&mut self, port: impl Into<String>, fault: impl Into<String>, runs: usize) {
        *self.by_port.entry(port.into()).or_default().entry(fault.into()).or_default() += runs;
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.by_port.values().flat_map(BTreeMap::values).sum()
    }

    /// The table, with the faults in this order.
    #[must_use]
    pub fn table(&self, first: &str, faults: &[String]) -> String {
        let heading = faults.iter().map(|fault| format!(" {fault} |")).collect::<String>();
        let line = "---|".repeat(faults.len() + 1);
        let mut table = format!("| {first} |{heading} all |\n|---|{line}\n");
        for (port, counts) in &self.by_port {
            let cell = |fault: &String| counts.get(fault).map_or(" – |".to_owned(), |count| format!(" {count} |"));
            let cells = faults.iter().map(cell).collect::<String>();
            table.push_str(&format!("| {port} |{cells} {} |\n", counts.values().sum::<usize>()));
        }
        table
    }
}
