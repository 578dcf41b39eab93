//! The world of one run: the functions over ports that break, and everything around them that goes on
//! by itself: the queue, the schedule, receipts, and others who post again what was not answered.

mod functions;

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use chrono::{DurationRound, TimeDelta};
use leadline::{
    domain::{
        Instant,
        client::{Client, TokenHash},
        ids::AttemptId,
        phone::{PhoneNumber, Region},
    },
    ports::{Clock, IdSource, SecretStore},
};
use leadline_cli::system::ClientSetup;
use leadline_standins::{
    carrier::Carrier,
    fakes::{FixedSecrets, Mailbox, SeededIds, SimClock},
    faulty::Fault,
    queue::Received,
};
use serde_json::json;

use super::{
    process::{Broken, Process, Script, Side, Stuck},
    sqs::Sqs,
    story::{CONFIRMATION, Post, Story},
};
use crate::{
    contract::Store,
    world::{new_york, sample},
};

/// How often the scheduler runs.
const SCHEDULER_EVERY: TimeDelta = TimeDelta::minutes(15);
/// How long a receipt takes.
const RECEIPT_AFTER: TimeDelta = TimeDelta::minutes(3);
/// When an unanswered post comes again, counted from the try before.
const REPOSTS: [TimeDelta; 3] = [TimeDelta::seconds(15), TimeDelta::minutes(2), TimeDelta::minutes(30)];
/// How long a story may take to come to rest.
const LONGEST: TimeDelta = TimeDelta::days(4);

/// What is different from the ordinary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turns {
    /// Every job is handed out twice.
    pub jobs_twice: bool,
    /// Every post comes twice.
    pub posts_twice: bool,
    /// The jobs of a batch come in the reverse order.
    pub backwards: bool,
    /// A receipt is there before the answer of the call that it is about.
    pub receipts_first: bool,
    /// Two runs of the scheduler, one right after the other.
    pub runs_twice: bool,
    /// Two executions at once.
    pub pair: Option<Pair>,
}

/// Two executions at once: the first stops before one of its calls, the second begins and stops before
/// one of its own, then the first goes on to its end, then the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// What is interrupted.
    pub first: Kind,
    /// Which execution of its kind, counted from 0.
    pub nth: usize,
    /// By what.
    pub second: Second,
    /// Before which call of the first.
    pub at: usize,
    /// Before which call of the second.
    pub until: usize,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The webhook.
    Webhook,
    /// The scheduler.
    Scheduler,
    /// The sender.
    Sender,
}

/// What interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// The same once more: a run, or the very same jobs, or the very same post.
    Same,
    /// A run of the scheduler.
    Run,
    /// Someone posts.
    Post(Post),
}

/// Whether the marked places were reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// The first execution came to its place.
    pub first: bool,
    /// The second one came to its own.
    pub second: bool,
}

/// An answered no: from then on only these attempts may still reach the person.
#[derive(Debug, Clone)]
pub struct No {
    /// Whose.
    pub phone: String,
    /// When it was answered.
    pub at: Instant,
    /// How many texts the provider had taken by then.
    pub taken: usize,
    /// The text that was on its way.
    pub on_its_way: Option<AttemptId>,
}

/// The world of one run.
pub struct World {
    /// The store, never broken.
    pub store: Arc<dyn Store>,
    /// The provider's ledger.
    pub carrier: Carrier,
    /// The operator's mails.
    pub mailbox: Mailbox,
    /// The client.
    pub client: Client,
    /// The queue.
    pub queue: Sqs,
    /// The calls.
    pub script: Arc<Script>,
    /// Nos that were answered.
    pub nos: Vec<No>,
    /// Forms that were answered.
    pub forms: Vec<&'static str>,
    /// Posts that nobody answered in any try.
    pub given_up: Vec<Post>,
    /// Which places of a pair were reached.
    pub reached: Reached,
    /// Executions so far.
    pub executions: BTreeMap<Kind, usize>,
    began: Instant,
    clock: SimClock,
    base: Arc<dyn Store>,
    breaks_stores: bool,
    first_due: Arc<dyn Fn() -> Option<Instant> + Send + Sync>,
    ids: Arc<dyn IdSource>,
    secrets: Arc<dyn SecretStore>,
    token: String,
    story: Story,
    turns: Turns,
    posts: Vec<(Instant, Post, usize)>,
    asleep: Vec<(Instant, Running)>,
    last_run: Option<Instant>,
    receipts: usize,
    sends: usize,
    current: Arc<std::sync::Mutex<Option<Arc<Process>>>>,
}

/// What happens next.
enum Next {
    Awake(usize),
    Post(usize),
    Jobs,
    Run,
}

enum What {
    Posting(Post, usize),
    Running,
    Sending(Vec<Received>),
}

enum Done {
    Answered(u16),
    Ran,
    Sent(Vec<String>),
}

struct Running {
    process: Arc<Process>,
    what: What,
    work: Pin<Box<dyn Future<Output = Done>>>,
}

/// What a run is over.
pub struct Over {
    /// The store as the functions see it.
    pub base: Arc<dyn Store>,
    /// The same store, never broken.
    pub store: Arc<dyn Store>,
    /// Whether the calls of the ports break. Otherwise something below them does.
    pub breaks_ports: bool,
    /// The process that runs, for what breaks below the ports.
    pub current: Arc<std::sync::Mutex<Option<Arc<Process>>>>,
    /// When the first lead or event in the due index is due.
    pub first_due: Arc<dyn Fn() -> Option<Instant> + Send + Sync>,
    /// The clock.
    pub clock: SimClock,
}

impl World {
    /// Begins a story.
    pub async fn begin(over: Over, story: &Story, turns: Turns, breaks: Option<Broken<Fault>>) -> Self {
        let mut settings = sample();
        settings["campaigns"][0]["messages"][1]["delay_minutes"] = json!(120);
        if let Some(limit) = story.per_hour {
            settings["settings"]["limits"] = json!({ "per_hour": limit });
        }
        if story.confirms {
            settings["settings"]["answers"] = json!({ "opted_out": CONFIRMATION });
        }
        let mut setup: ClientSetup = serde_json::from_value(settings).expect("a client");
        setup.settings.kajabi.token_hashes.push(TokenHash::of(&setup.token));
        let Over { base, store, breaks_ports, current, first_due, clock } = over;
        store.put_client(&setup.settings).await.expect("written");
        for campaign in &setup.campaigns {
            store.put_campaign(&setup.settings.id, campaign, None).await.expect("written");
        }
        let all = setup.all_secrets();
        let values: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let secrets = FixedSecrets::new();
        secrets.set(&setup.settings.id, &values);

        let start = clock.now();
        let of_carrier = clock.clone();
        let carrier = Carrier::new(move || of_carrier.now());
        carrier.script_next(story.provider.iter().copied());
        carrier.set_lookups_down(!story.list);
        let posts = story.posts.iter().map(|(minutes, post)| (start + TimeDelta::minutes(*minutes), *post, 0));
        let twice = if turns.posts_twice { 2 } else { 1 };
        let posts = posts.flat_map(|post| std::iter::repeat_n(post, twice)).collect();
        Self {
            store,
            mailbox: Mailbox::new(clock.clone()),
            client: setup.settings,
            queue: Sqs::new(clock.clone(), turns.jobs_twice, turns.backwards),
            script: Script::new(clock.clone(), breaks),
            nos: Vec::new(),
            forms: Vec::new(),
            given_up: Vec::new(),
            reached: Reached::default(),
            executions: BTreeMap::new(),
            base,
            breaks_stores: breaks_ports,
            first_due,
            ids: Arc::new(SeededIds::new(7)),
            secrets: Arc::new(secrets),
            token: all["twilio_auth_token"].clone(),
            story: story.clone(),
            turns,
            posts,
            began: start,
            asleep: Vec::new(),
            // A run that finds nothing is told once, where it is cheap.
            last_run: (!breaks_ports).then_some(start),
            receipts: 0,
            sends: 0,
            carrier,
            clock,
            current,
        }
    }

    /// The clock that stories begin at.
    #[must_use]
    pub fn clock() -> SimClock {
        SimClock::new(new_york("2026-01-06 10:00"))
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// When the story began.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// How many texts of a first step the provider took.
    #[must_use]
    pub fn first_texts(&self) -> usize {
        self.carrier.ledger().iter().filter(|text| text.body.starts_with("Hi ")).count()
    }

    /// Whether a form with this number is in the story.
    #[must_use]
    pub fn has_form(&self, number: &str) -> bool {
        self.story.posts.iter().any(|(_, post)| matches!(post, Post::Form { phone, .. } if *phone == number))
    }

    /// Whether a reply from this number is in the story.
    #[must_use]
    pub fn said_no(&self, number: &str) -> bool {
        self.story.posts.iter().any(|(_, post)| matches!(post, Post::Reply { phone, .. } if *phone == number))
    }

    /// Everything that happens until nothing is left to happen. Gives whether it came to rest.
    pub async fn run(&mut self) -> bool {
        let end = self.clock.now() + LONGEST;
        while let Some((at, next)) = self.next() {
            if at > end {
                return false;
            }
            self.clock.set(at.max(self.clock.now()));
            self.happen(next).await;
        }
        true
    }

    /// What happens next, and when.
    fn next(&self) -> Option<(Instant, Next)> {
        let asleep = self.asleep.iter().enumerate().map(|(n, (at, _))| (*at, Next::Awake(n)));
        let posts = self.posts.iter().enumerate().map(|(n, (at, ..))| (*at, Next::Post(n)));
        let jobs = self.queue.next_visible_at().map(|at| (at, Next::Jobs));
        let run = self.next_run().map(|at| (at, Next::Run));
        asleep.chain(posts).chain(jobs).chain(run).min_by_key(|(at, _)| (*at).max(self.clock.now()))
    }

    /// The next run that finds anything. Runs that find nothing are left out, but for the very first.
    fn next_run(&self) -> Option<Instant> {
        let now = self.clock.now();
        let due = if self.last_run.is_none() { Some(now) } else { (self.first_due)() }?;
        let earliest = self.last_run.map_or(due, |last| due.max(last + SCHEDULER_EVERY)).max(now);
        let quarter = earliest.duration_trunc(SCHEDULER_EVERY).expect("a quarter of an hour");
        Some(if quarter < earliest { quarter + SCHEDULER_EVERY } else { quarter })
    }

    async fn happen(&mut self, next: Next) {
        match next {
            Next::Awake(n) => {
                let (_, running) = self.asleep.remove(n);
                running.process.go_on();
                self.drive(running).await;
            }
            Next::Post(n) => {
                let (_, post, tries) = self.posts.remove(n);
                self.execute(Kind::Webhook, |world, process| world.posting(process, post, tries)).await;
            }
            Next::Jobs => {
                let Some((event, received)) = self.queue.receive() else { return };
                let make = |world: &mut Self, process: &Arc<Process>| world.sending(process, &event, &received);
                self.execute(Kind::Sender, make).await;
            }
            Next::Run => {
                self.last_run = Some(self.clock.now());
                for _ in 0..if self.turns.runs_twice { 2 } else { 1 } {
                    self.execute(Kind::Scheduler, |world, process| world.running(process)).await;
                }
            }
        }
    }

    /// Executes a function, and at the marked place another one with it.
    async fn execute(&mut self, kind: Kind, make: impl Fn(&mut Self, &Arc<Process>) -> Running) {
        let count = self.executions.entry(kind).or_default();
        let nth = *count;
        *count += 1;
        match self.turns.pair.filter(|pair| pair.first == kind && pair.nth == nth) {
            None => {
                let process = self.process(None);
                let running = make(self, &process);
                self.drive(running).await;
            }
            Some(pair) => self.interrupt(pair, make).await,
        }
    }

    async fn interrupt(&mut self, pair: Pair, make: impl Fn(&mut Self, &Arc<Process>) -> Running) {
        let first = self.process(Some(pair.at));
        let first = make(self, &first);
        let first = self.drive(first).await;
        self.reached.first = first.is_some();
        let second = self.process(Some(pair.until));
        if matches!(pair.second, Second::Post(Post::Receipt { nth }) if nth >= self.carrier.ledger().len()) {
            // It cannot be there before its text.
            self.reached.second = false;
            if let Some(first) = first {
                first.process.go_on();
                self.drive(first).await;
            }
            return;
        }
        let second = match pair.second {
            Second::Same => make(self, &second),
            Second::Run => self.running(&second),
            Second::Post(post) => self.posting(&second, post, 0),
        };
        let second = self.drive(second).await;
        self.reached.second = second.is_some();
        for stopped in [first, second].into_iter().flatten() {
            stopped.process.go_on();
            self.drive(stopped).await;
        }
    }

    fn process(&mut self, stop_at: Option<usize>) -> Arc<Process> {
        let side = if self.turns.receipts_first { Side::After } else { Side::Before };
        let in_send = (self.story.meanwhile.is_some() || self.turns.receipts_first).then_some(side);
        let process = Arc::new(Process::new(&self.script).stopping_at(stop_at).stopping_in_send(in_send));
        *self.current.lock().expect("no panic") = Some(process.clone());
        process
    }

    /// Drives an execution until it ends or has to wait. Gives it back if it was stopped at a marked place.
    async fn drive(&mut self, mut running: Running) -> Option<Running> {
        loop {
            *self.current.lock().expect("no panic") = Some(running.process.clone());
            let stuck = tokio::select! {
                biased;
                done = &mut running.work => {
                    self.finish(running.what, Some(done)).await;
                    return None;
                }
                stuck = running.process.stuck() => stuck,
            };
            match stuck {
                Stuck::Dead => {
                    self.finish(running.what, None).await;
                    return None;
                }
                Stuck::Until(at) => {
                    self.asleep.push((at, running));
                    return None;
                }
                Stuck::InSend => {
                    self.meanwhile().await;
                    running.process.go_on();
                }
                Stuck::Stopped => return Some(running),
            }
        }
    }

    /// What happens outside while a text is handed over.
    async fn meanwhile(&mut self) {
        self.sends += 1;
        let mut posts: Vec<Post> = Vec::new();
        posts.extend(self.story.meanwhile.filter(|(nth, _)| *nth == self.sends).map(|(_, post)| post));
        if self.turns.receipts_first {
            posts.extend((self.receipts..self.carrier.ledger().len()).map(|nth| Post::Receipt { nth }));
        }
        for post in posts {
            let process = self.process(None);
            let posting = self.posting(&process, post, 0);
            Box::pin(self.drive(posting)).await;
        }
    }

    /// What follows outside from the end of an execution; `None`: it died.
    async fn finish(&mut self, what: What, done: Option<Done>) {
        match (what, done) {
            (What::Posting(post, tries), done) => {
                if matches!(done, Some(Done::Answered(200 | 204))) {
                    self.answered(post).await;
                } else if let Some(wait) = REPOSTS.get(tries) {
                    self.posts.push((self.clock.now() + *wait, post, tries + 1));
                } else {
                    self.given_up.push(post);
                }
            }
            (What::Sending(received), Some(Done::Sent(failed))) => self.queue.settle(&received, &failed),
            (What::Sending(_) | What::Running, _) => {}
        }
        let texts = self.carrier.ledger().len();
        if self.story.receipts || self.turns.receipts_first {
            let at = self.clock.now() + RECEIPT_AFTER;
            self.posts.extend((self.receipts..texts).map(|nth| (at, Post::Receipt { nth }, 0)));
        }
        self.receipts = texts;
    }

    async fn answered(&mut self, post: Post) {
        match post {
            Post::Form { id, .. } => self.forms.push(id),
            Post::Receipt { .. } => {}
            Post::Reply { phone, .. } => {
                let number = PhoneNumber::parse(phone, Region::default()).expect("a number");
                let known = self.store.phone(&self.client.id, &number).await.expect("the store").lead;
                let lead = match known {
                    Some(id) => self.store.lead(&self.client.id, id).await.expect("the store"),
                    None => None,
                };
                // A text that just waits to be tried again is not on its way.
                let text = lead.and_then(|stored| stored.lead.in_flight).filter(|text| !text.is_retry());
                let on_its_way = text.map(|text| text.attempt);
                let taken = self.carrier.ledger().len();
                self.nos.push(No { phone: phone.to_owned(), at: self.clock.now(), taken, on_its_way });
            }
        }
    }
}
