//! Every call of every story, broken in every way: nobody is texted twice or after a no, at a wrong
//! hour or over the limit, and nobody is lost.

use leadline_standins::faulty::{Call, Fault};
use leadline_tests::sweep::{
    http::{self, HttpFault},
    plan::{Counts, FAULTS, in_parallel, name, say, tell, tell_pairs},
    process::Broken,
    story::{self, OverTheSdk, Post, STOP, Story, Which},
    world::{Kind, Pair, Second, Turns},
};

/// One run of the plan.
struct Run<'a> {
    story: &'a Story,
    call: Call,
    broken: Broken<Fault>,
}

#[test]
fn every_call_through_a_port_breaks_in_every_way() {
    let stories = story::all();
    let sound = in_parallel(&stories, async |story| tell(story, Turns::default(), None).await);
    let mut plan = Vec::new();
    for (story, told) in stories.iter().zip(&sound) {
        say(&format!(
            "{}: {} calls, {} texts, {:?}",
            story.name,
            told.calls.len(),
            told.verdict.texts,
            told.executions
        ));
        assert_eq!(told.verdict.wrong, [""; 0], "{}", story.name);
        assert_eq!(told.verdict.texts, story.texts, "{}", story.name);
        for (n, call) in told.calls.iter().enumerate() {
            for fault in FAULTS.into_iter().filter(|fault| fault.means_something_for(call)) {
                plan.push(Run { story, call: *call, broken: Broken { call: n, fault } });
            }
        }
    }
    let results = in_parallel(&plan, async |run: &Run| tell(run.story, Turns::default(), Some(run.broken)).await);
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for (run, told) in plan.iter().zip(&results) {
        let Call { port, method, .. } = run.call;
        let reached = told.calls.get(run.broken.call).map(|call| (call.port, call.method));
        assert_eq!(reached, Some((port, method)), "the run is another one: {} {:?}", run.story.name, run.broken);
        counts.add(port, name(run.broken.fault));
        for words in &told.verdict.wrong {
            wrong.push(format!(
                "{}: {port}.{method} ({}) {}: {words}",
                run.story.name,
                run.broken.call,
                name(run.broken.fault)
            ));
        }
    }
    say(&counts.table("port", &FAULTS.map(name)));
    say(&format!("swept {} (call x fault) pairs, none skipped; {} wrong", counts.total(), wrong.len()));
    assert_eq!(counts.total(), plan.len());
    assert_eq!(wrong.len(), 0, "{}", wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_request_of_the_sdk_breaks_in_every_way() {
    let stories = story::over_the_sdk();
    let sound = in_parallel(&stories, async |over| http::tell(&over.story, None).await);
    let mut plan = Vec::new();
    for (OverTheSdk { story, breaks }, (told, operations)) in stories.iter().zip(&sound) {
        assert_eq!(told.verdict.wrong, [""; 0], "{}", story.name);
        assert_eq!(told.verdict.texts, story.texts, "{}", story.name);
        let same = operations.iter().zip(&sound[0].1).take_while(|(this, first)| this == first).count();
        let (breaks, which): (Box<dyn Fn(usize) -> bool>, _) = match breaks {
            Which::All => (Box::new(|_| true), "each breaks".to_owned()),
            Which::New => {
                (Box::new(move |n| n >= same), format!("each breaks after the first {same}, which are the same"))
            }
            Which::Only(only) => (Box::new(|n| operations[n] == *only), format!("each {only} breaks")),
        };
        let before = plan.len();
        for (n, operation) in operations.iter().enumerate().filter(|(n, _)| breaks(*n)) {
            let faults = http::FAULTS.into_iter().filter(|fault| fault.means_something_for(operation));
            plan.extend(faults.map(|fault| (story, operation, Broken { call: n, fault })));
        }
        say(&format!(
            "over the SDK, {}: {} requests, {which}: {} runs",
            story.name,
            operations.len(),
            plan.len() - before
        ));
        assert!(plan.len() > before, "{}", story.name);
    }
    let results = in_parallel(&plan, async |(story, _, broken)| http::tell(story, Some(*broken)).await);
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for ((story, operation, broken), (told, operations)) in plan.iter().zip(&results) {
        let fault = broken.fault.name();
        assert_eq!(operations.get(broken.call), Some(*operation), "the run is another one: {} {broken:?}", story.name);
        counts.add(operation.as_str(), &fault);
        let words = |words: &String| format!("{}: {operation} ({}) {fault}: {words}", story.name, broken.call);
        wrong.extend(told.verdict.wrong.iter().map(words));
    }
    say(&counts.table("request", &http::FAULTS.map(HttpFault::name)));
    say(&format!("swept {} (request x fault) pairs, none skipped; {} wrong", counts.total(), wrong.len()));
    assert_eq!(counts.total(), plan.len());
    assert_eq!(wrong.len(), 0, "{}", wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_comes_twice_or_out_of_order_changes_nothing() {
    let ordinary = Turns::default();
    let turns = [
        ("every job twice", Turns { jobs_twice: true, ..ordinary }),
        ("every post twice", Turns { posts_twice: true, ..ordinary }),
        ("batches backwards", Turns { backwards: true, ..ordinary }),
        ("receipts before answers", Turns { receipts_first: true, ..ordinary }),
        ("every run twice", Turns { runs_twice: true, ..ordinary }),
        (
            "all of it",
            Turns {
                jobs_twice: true,
                posts_twice: true,
                backwards: true,
                receipts_first: true,
                runs_twice: true,
                pair: None,
            },
        ),
    ];
    let stories = story::all();
    let plan: Vec<_> = stories.iter().flat_map(|story| turns.map(|(name, turns)| (story, name, turns))).collect();
    let results = in_parallel(&plan, async |(story, _, turns)| tell(story, *turns, None).await);
    let mut wrong = Vec::new();
    for ((story, name, turns), told) in plan.iter().zip(&results) {
        wrong.extend(told.verdict.wrong.iter().map(|words| format!("{}: {name}: {words}", story.name)));
        // A receipt that comes first can tell what nobody could have told otherwise.
        let texts = if turns.receipts_first { told.verdict.texts.max(story.texts) } else { story.texts };
        if told.verdict.texts != texts {
            wrong.push(format!("{}: {name}: {} texts instead of {texts}", story.name, told.verdict.texts));
        }
    }
    say(&format!("told {} stories with repetitions and in other orders; {} wrong", plan.len(), wrong.len()));
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn two_executions_at_once_meet_at_every_pair_of_places() {
    let stories = story::of_two_at_once();
    let sound = in_parallel(&stories, async |story| tell(story, Turns::default(), None).await);
    let mut plan = Vec::new();
    for (story, told) in stories.iter().zip(&sound) {
        for (first, count) in &told.executions {
            let others: &[Second] = match first {
                Kind::Webhook => &[Second::Same, Second::Post(STOP)],
                Kind::Scheduler => &[Second::Same, Second::Post(STOP)],
                Kind::Sender => {
                    &[Second::Same, Second::Run, Second::Post(STOP), Second::Post(Post::Receipt { nth: 0 })]
                }
            };
            for nth in 0..*count {
                plan.extend(
                    others.iter().map(|second| (story, Pair { first: *first, nth, second: *second, at: 0, until: 0 })),
                );
            }
        }
    }
    let results = in_parallel(&plan, async |(story, pair)| {
        let mut wrong = Vec::new();
        let runs = tell_pairs(story, *pair, |pair, verdict| {
            wrong.extend(verdict.wrong.into_iter().map(|words| format!("{}: {pair:?}: {words}", story.name)));
        });
        (runs.await, wrong)
    });
    let mut counts = Counts::default();
    for ((_, pair), (runs, _)) in plan.iter().zip(&results) {
        let second = match pair.second {
            Second::Same => "the same",
            Second::Run => "a run",
            Second::Post(Post::Receipt { .. }) => "a receipt",
            Second::Post(_) => "a stop",
        };
        counts.add_many(format!("{:?}", pair.first), second, *runs);
    }
    let wrong: Vec<String> = results.into_iter().flat_map(|(_, wrong)| wrong).collect();
    say(&counts.table("execution", &["the same", "a run", "a stop", "a receipt"].map(str::to_owned)));
    say(&format!("{} pairs of places, none skipped; {} wrong", counts.total(), wrong.len()));
    assert_eq!(wrong.len(), 0, "{}", wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n"));
}
