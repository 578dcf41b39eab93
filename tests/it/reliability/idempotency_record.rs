//! The same faults against the usual design, an idempotency record for each text, and against ours.

use chrono::TimeDelta;
use leadline_standins::{
    carrier::Behaviour,
    faulty::{Call, Fault},
};
use leadline_tests::sweep::{
    plan::{self, FAULTS, in_parallel, say},
    process::Broken,
    record::{self, Design},
    story::{self, Story},
    world::Turns,
};

/// The moments that both designs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The write before the text is handed over.
    Claim,
    /// The hand-over.
    Send,
    /// The write of what came of it.
    Outcome,
}

/// What goes wrong, in words and as it is done.
struct Row {
    words: &'static str,
    provider: &'static [Behaviour],
    broken: Option<(Moment, Fault)>,
    twice: bool,
}

const fn row(words: &'static str, moment: Moment, fault: Fault) -> Row {
    Row { words, provider: &[], broken: Some((moment, fault)), twice: false }
}

const fn by_provider(words: &'static str, provider: &'static [Behaviour]) -> Row {
    Row { words, provider, broken: None, twice: false }
}

const LONG: TimeDelta = TimeDelta::minutes(10);

const ANSWER_LOST: &str = "the provider takes it, its answer is lost";
const DIES_AFTER: &str = "the sender dies after the provider took it";

const ROWS: [Row; 16] = [
    by_provider("nothing", &[]),
    Row { words: "the job is handed to two senders", provider: &[], broken: None, twice: true },
    by_provider("the provider turns it away for now (429)", &[Behaviour::Throttled]),
    by_provider("the provider is down (503), and did not take it", &[Behaviour::Down]),
    by_provider("the request is lost on its way", &[Behaviour::RequestLost]),
    row(ANSWER_LOST, Moment::Send, Fault::AnswerLost),
    row("the provider takes it, and answers after ten minutes", Moment::Send, Fault::SlowAfter(LONG)),
    row("the request reaches the provider after ten minutes", Moment::Send, Fault::SlowBefore(LONG)),
    row("the sender dies before it calls the provider", Moment::Send, Fault::DieBefore),
    row(DIES_AFTER, Moment::Send, Fault::DieAfter),
    row("the answer to the write before the call is lost", Moment::Claim, Fault::AnswerLost),
    row("the sender dies after the write before the call", Moment::Claim, Fault::DieAfter),
    row("the write after the call fails", Moment::Outcome, Fault::ErrorBefore),
    row("the answer to the write after the call is lost", Moment::Outcome, Fault::AnswerLost),
    row("the sender dies before the write after the call", Moment::Outcome, Fault::DieBefore),
    row("the write after the call is stuck for ten minutes", Moment::Outcome, Fault::SlowBefore(LONG)),
];

/// The call of a moment, in calls of which `send` hands the text over.
fn place(calls: &[Call], moment: Moment, write: impl Fn(&Call) -> bool) -> usize {
    let send = calls.iter().position(|call| call.port == "SmsProvider" && call.method == "send").expect("a text");
    match moment {
        Moment::Send => send,
        Moment::Claim => calls[..send].iter().rposition(write).expect("a write before"),
        Moment::Outcome => send + calls[send..].iter().position(write).expect("a write after"),
    }
}

async fn by_record(design: Design, row: &Row) -> usize {
    let sound = record::tell(design, row.provider, None, false).await;
    let broken = row.broken.map(|(moment, fault)| {
        let call = place(&sound.calls, moment, |call| call.port == "Records");
        Broken { call, fault }
    });
    record::tell(design, row.provider, broken, row.twice).await.texts
}

/// A story of one lead, of which the first text counts.
fn one_lead(provider: &[Behaviour]) -> Story {
    let first = story::all().swap_remove(0);
    Story { provider: provider.to_vec(), receipts: false, ..first }
}

async fn by_leadline(row: &Row) -> usize {
    let story = one_lead(row.provider);
    let turns = Turns { jobs_twice: row.twice, ..Turns::default() };
    let sound = plan::tell(&story, turns, None).await;
    let broken = row.broken.map(|(moment, fault)| {
        let call = place(&sound.calls, moment, |call| call.port == "LeadStore" && call.method == "save");
        Broken { call, fault }
    });
    let told = plan::tell(&story, turns, broken).await;
    assert_eq!(told.verdict.wrong, [""; 0], "{}", row.words);
    told.first_texts
}

#[tokio::test]
async fn an_idempotency_record_texts_someone_twice_where_leadline_does_not() {
    let shown = |texts: usize| match texts {
        0 => "0: lost".to_owned(),
        1 => "1".to_owned(),
        more => format!("**{more}**"),
    };
    let mut table =
        "| what goes wrong | record, deleted on failure | record with a lease | Leadline |\n|---|---|---|---|\n"
            .to_owned();
    let mut twice = [Vec::new(), Vec::new()];
    for row in &ROWS {
        let (stands, expires) = (by_record(Design::Stands, row).await, by_record(Design::Expires, row).await);
        let ours = by_leadline(row).await;
        for (design, texts) in [stands, expires].into_iter().enumerate() {
            if texts > 1 {
                twice[design].push(row.words);
            }
        }
        assert_eq!(ours, 1, "{}", row.words);
        table.push_str(&format!("| {} | {} | {} | {} |\n", row.words, shown(stands), shown(expires), shown(ours)));
    }
    say(&table);
    assert!(twice.iter().all(|rows| rows.contains(&ANSWER_LOST)), "{twice:?}");
    assert!(twice[1].contains(&DIES_AFTER), "{twice:?}");
}

/// Every call of one text, broken in every way: how often somebody is texted twice, or never.
#[test]
fn of_all_faults_in_one_text_leadline_doubles_none() {
    let mut table = "| design | (call x fault) pairs | twice | never |\n|---|---|---|---|\n".to_owned();
    for (name, design) in [("record, deleted on failure", Design::Stands), ("record with a lease", Design::Expires)] {
        let sound = in_parallel(&[design], async |design| record::tell(*design, &[], None, false).await);
        let plan = faults(&sound[0].calls);
        let texts = in_parallel(&plan, async |broken| record::tell(design, &[], Some(*broken), false).await.texts);
        let twice = texts.iter().filter(|texts| **texts > 1).count();
        assert!(twice > 0, "{name}");
        line(&mut table, name, &texts);
    }
    let story = one_lead(&[]);
    let sound = in_parallel(&[()], async |()| plan::tell(&story, Turns::default(), None).await);
    let plan = faults(&sound[0].calls);
    let texts =
        in_parallel(&plan, async |broken| plan::tell(&story, Turns::default(), Some(*broken)).await.first_texts);
    assert!(texts.iter().all(|texts| *texts <= 1));
    line(&mut table, "Leadline", &texts);
    say(&table);
}

fn faults(calls: &[Call]) -> Vec<Broken<Fault>> {
    let of = |(n, call): (usize, &Call)| {
        let possible: Vec<_> = FAULTS.into_iter().filter(|fault| fault.means_something_for(call)).collect();
        possible.into_iter().map(move |fault| Broken { call: n, fault })
    };
    calls.iter().enumerate().flat_map(of).collect()
}

fn line(table: &mut String, name: &str, texts: &[usize]) {
    let (twice, never) =
        (texts.iter().filter(|texts| **texts > 1).count(), texts.iter().filter(|texts| **texts == 0).count());
    table.push_str(&format!("| {name} | {} | {twice} | {never} |\n", texts.len()));
}
