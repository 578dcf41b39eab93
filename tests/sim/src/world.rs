//! One world: the functions over plain fakes, and what wakes them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::{DurationRound, TimeDelta};
use futures_util::FutureExt;
use lambda_http::{Body, Request};
use leadline::{
    domain::{Instant, campaign::Campaign, client::Client, ids::ClientId},
    integrations,
    ports::{Clock, Directory, Email, MailError, Mailer},
};
use leadline_standins::{
    fakes::{FixedSecrets, SeededIds},
    faulty::{Chaos, Faulty},
    feed::ListedForms,
    memory::MemoryStore,
};

use crate::{
    bookings,
    executor::{Ended, Executor, Handle, lock},
    faults::{Class, Faults, Kind, Without},
    notes::{Mail, Notes, Snapshot},
    operators, people,
    provider::Provider,
    queue::Texts,
    spec::Spec,
    trace::Trace,
};

/// The address that the system says it is reached at.
pub const PUBLIC_URL: &str = "https://hooks.example.com";

/// How often the scheduler runs, as `template.yaml` sets it.
const SCHEDULER_EVERY: TimeDelta = TimeDelta::minutes(15);
/// How often the reporter is woken, as `template.yaml` sets it.
const REPORTER_EVERY: TimeDelta = TimeDelta::minutes(30);
/// How long each function may take, as `template.yaml` sets it.
const WEBHOOK_TIME: TimeDelta = TimeDelta::seconds(15);
const SENDER_TIME: TimeDelta = TimeDelta::seconds(60);
const RUN_TIME: TimeDelta = TimeDelta::seconds(120);
/// Senders at a time, as `template.yaml` sets it.
const SENDERS: usize = 10;

/// How a world is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What it is run without.
    pub without: Without,
    /// Whether its trace is kept as lines.
    pub lines: bool,
    /// Whether its provider is broken on purpose, and sends some texts twice.
    pub broken: bool,
}

/// One world.
pub struct World {
    /// What it is made of.
    pub spec: Spec,
    /// Its time.
    pub handle: Handle,
    /// What happened.
    pub trace: Trace,
    /// What goes wrong.
    pub faults: Faults,
    /// What is stored.
    pub store: MemoryStore,
    /// The provider.
    pub provider: Provider,
    /// The queue.
    pub queue: Texts,
    /// The queue, with what goes wrong with it.
    pub texts: Arc<Faulty<Texts>>,
    /// What the world itself knows.
    pub notes: Arc<Mutex<Notes>>,
    webhook: leadline_webhook::Deps,
    scheduler: leadline_scheduler::Deps,
    /// What the sender has, and a command of an operator too.
    pub sender: leadline_sender::Deps,
    reporter: leadline_reporter::Deps,
}

impl World {
    /// Builds a world and starts everything in it.
    #[must_use]
    pub fn new(spec: Spec, options: &Options) -> (Executor, Arc<Self>) {
        let executor = Executor::new(spec.start, spec.seed);
        let handle = executor.handle();
        let trace = Trace::new(handle.clone(), options.lines);
        let faults = Faults::new(
            handle.clone(),
            spec.seed,
            spec.weather.clone(),
            spec.quiet,
            options.without.clone(),
            trace.clone(),
        );
        let numbers: HashMap<_, _> = spec.people.iter().map(|person| (person.phone.clone(), person.number)).collect();
        let provider = Provider::new(handle.clone(), faults.clone(), trace.clone(), spec.seed, numbers, options.broken);
        let notes = Arc::<Mutex<Notes>>::default();
        let store = MemoryStore::new();
        let queue = Texts::new(handle.clone(), store.clone(), notes.clone());
        let secrets = FixedSecrets::new();
        for (n, client) in spec.clients.iter().enumerate() {
            let [(calendly, key), (calcom, secret)] = bookings::secrets(n);
            let all = [("twilio_auth_token", client.auth_token.as_str()), (calendly, &key), (calcom, &secret)];
            secrets.set(&client.settings.id, &all);
        }

        let chaos: Arc<dyn Chaos> = Arc::new(faults.clone());
        let faulty = Arc::new(Faulty::new(Arc::new(store.clone()), chaos.clone()));
        let texts = Arc::new(Faulty::new(Arc::new(queue.clone()), chaos.clone()));
        let post = Post { handle: handle.clone(), notes: notes.clone(), trace: trace.clone() };
        let mailer = Arc::new(Faulty::new(Arc::new(post), chaos.clone()));
        let (clock, ids) = (Arc::new(handle.clone()), Arc::new(SeededIds::new(spec.seed)));
        let world = Arc::new(Self {
            webhook: leadline_webhook::Deps {
                store: faulty.clone(),
                sources: integrations::SOURCES,
                read: integrations::read,
                queue: texts.clone(),
                mailer: mailer.clone(),
                secrets: Arc::new(Faulty::new(Arc::new(secrets), chaos)),
                clock: clock.clone(),
                ids: ids.clone(),
                public_url: PUBLIC_URL.to_owned(),
                tenants: leadline::domain::tenants::Tenants::OneOwner,
                refused: Arc::new(leadline_webhook::Tally::new(faulty.clone())),
            },
            scheduler: leadline_scheduler::Deps {
                store: faulty.clone(),
                read: integrations::read,
                queue: texts.clone(),
                mailer: mailer.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
                tenants: leadline::domain::tenants::Tenants::OneOwner,
            },
            sender: leadline_sender::Deps {
                store: faulty.clone(),
                redelivery: texts.clone(),
                provider: Arc::new(provider.clone()),
                mailer: mailer.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            reporter: leadline_reporter::Deps {
                store: faulty.clone(),
                read: integrations::read,
                feed: Arc::new(ListedForms::new()),
                mailer,
                clock,
                ids,
                receipts_come: false,
            },
            spec,
            handle,
            trace,
            faults,
            store,
            provider,
            queue,
            texts,
            notes,
        });
        world.begin(options.without.only.as_ref());
        (executor, world)
    }

    fn begin(self: &Arc<Self>, only: Option<&std::collections::BTreeSet<usize>>) {
        for (n, client) in self.spec.clients.iter().enumerate() {
            self.write_settings(n, Some(&client.settings), &client.campaigns, false);
        }
        self.handle.start(self.clone().schedule());
        self.handle.start(self.clone().report());
        self.handle.start(self.clone().send());
        people::begin(self, only);
        operators::begin(self);
    }

    /// Writes settings as an operator does, and notes that they are so from now on.
    pub fn write_settings(&self, n: usize, settings: Option<&Client>, campaigns: &[Campaign], held: bool) {
        let own = &self.spec.clients[n].settings;
        match settings {
            Some(settings) => {
                let _ = self.store.put_client(settings).now_or_never();
            }
            None => self.store.put_unreadable_client(&own.id, &own.admin_email, "a field is missing"),
        }
        for campaign in campaigns {
            let all = self.store.campaigns(&own.id).now_or_never();
            let over = all.and_then(Result::ok).unwrap_or_default().into_iter().find(|stands| stands.id == campaign.id);
            let wrote = self.store.put_campaign(&own.id, campaign, over.as_ref()).now_or_never();
            debug_assert!(matches!(wrote, Some(Ok(()))), "a campaign was written: {wrote:?}");
        }
        let (at, settings, campaigns) = (self.handle.now(), settings.cloned(), campaigns.to_vec());
        lock(&self.notes).settings.push(Snapshot { client: n, at, settings, held, campaigns });
    }

    /// What a client's settings are now, as they are stored.
    #[must_use]
    pub fn stored(&self, client: &ClientId) -> Option<Client> {
        self.store.client(client).now_or_never()?.ok()?.ok()
    }

    /// How an operator left a client.
    #[must_use]
    pub fn left(&self, n: usize) -> Snapshot {
        let notes = lock(&self.notes);
        notes.settings.iter().rev().find(|snapshot| snapshot.client == n).cloned().unwrap_or_else(|| Snapshot {
            client: n,
            at: self.spec.start,
            settings: Some(self.spec.clients[n].settings.clone()),
            held: false,
            campaigns: self.spec.clients[n].campaigns.clone(),
        })
    }

    /// Posts to the webhook, and gives the status if an answer came.
    pub async fn post(&self, subject: u64, path: &str, body: String, headers: &[(&'static str, &str)]) -> Option<u16> {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = lambda_http::http::Method::POST;
        *request.uri_mut() = format!("{PUBLIC_URL}{path}").parse().ok()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().ok()?);
        }
        let deps = self.webhook.clone();
        let work = async move { leadline_webhook::handle(request, &deps).await.status().as_u16() };
        let (id, run) = self.handle.run(WEBHOOK_TIME, work);
        self.faults.enter(id, Kind::Webhook, subject);
        let ended = run.await;
        self.faults.leave(id, matches!(ended, Ended::Done(_)));
        match ended {
            Ended::Done(status) => Some(status),
            Ended::Died | Ended::TimedOut => None,
        }
    }

    async fn schedule(self: Arc<Self>) {
        loop {
            let tick = next(self.handle.now(), SCHEDULER_EVERY);
            self.handle.sleep_until(tick).await;
            self.handle.start(self.clone().run_scheduler(tick));
            if self.faults.strikes(Class::Duplicate, &[11, millis(tick)], 30) {
                self.handle.start(self.clone().run_scheduler(tick));
            }
        }
    }

    /// One run, begun again twice if it fails, as Lambda does with what a schedule sends.
    async fn run_scheduler(self: Arc<Self>, tick: Instant) {
        for wait in [60, 120, 0] {
            let deps = self.scheduler.clone();
            let work = async move { leadline_scheduler::handle(leadline_scheduler::Tick::default(), &deps).await };
            let (id, run) = self.handle.run(RUN_TIME, work);
            self.faults.enter(id, Kind::Scheduler, millis(tick) ^ wait);
            let ended = run.await;
            let done = matches!(ended, Ended::Done(Ok(_)));
            self.faults.leave(id, matches!(ended, Ended::Done(_)));
            match ended {
                Ended::Done(Ok(summary)) if summary.queued == 0 && summary.stopped == 0 => {}
                Ended::Done(Ok(summary)) => self
                    .trace
                    .note(format_args!("scheduler: {} queued, {} clients stopped", summary.queued, summary.stopped)),
                Ended::Done(Err(_)) => self.trace.note(format_args!("scheduler: failed")),
                Ended::Died | Ended::TimedOut => self.trace.note(format_args!("scheduler: ended from outside")),
            }
            if done {
                return;
            }
            self.handle.sleep(TimeDelta::seconds(i64::try_from(wait).unwrap_or(0))).await;
        }
    }

    async fn report(self: Arc<Self>) {
        loop {
            let tick = next(self.handle.now(), REPORTER_EVERY);
            self.handle.sleep_until(tick).await;
            let own = self.clone();
            self.handle.start(async move {
                for wait in [60, 120, 0] {
                    let deps = own.reporter.clone();
                    let work = async move { leadline_reporter::handle(serde_json::Value::Null, &deps).await };
                    let (id, run) = own.handle.run(RUN_TIME, work);
                    own.faults.enter(id, Kind::Reporter, millis(tick) ^ wait);
                    let ended = run.await;
                    own.faults.leave(id, matches!(ended, Ended::Done(_)));
                    if matches!(ended, Ended::Done(Ok(_))) {
                        return;
                    }
                    own.trace.note(format_args!("reporter: failed or ended from outside"));
                    own.handle.sleep(TimeDelta::seconds(i64::try_from(wait).unwrap_or(0))).await;
                }
            });
        }
    }

    /// Hands batches to senders, so many at a time.
    async fn send(self: Arc<Self>) {
        let running = Arc::new(Mutex::new(0_usize));
        let mut batches = 0_u64;
        loop {
            let now = self.handle.now();
            let free = *lock(&running) < SENDERS;
            match self.queue.next().filter(|_| free) {
                Some(at) if at <= now => {
                    batches += 1;
                    if self.faults.strikes(Class::Duplicate, &[12, millis(now), batches], 40) {
                        self.queue.duplicate();
                    }
                    if let Some((event, received)) = self.queue.receive() {
                        *lock(&running) += 1;
                        let (own, running) = (self.clone(), running.clone());
                        self.handle.start(async move {
                            own.batch(event, received, batches).await;
                            *lock(&running) -= 1;
                            own.queue.bell.ring();
                        });
                    }
                }
                at => self.queue.bell.wait(&self.handle, at).await,
            }
        }
    }

    async fn batch(
        &self,
        event: aws_lambda_events::sqs::SqsEvent,
        received: Vec<leadline_standins::queue::Received>,
        number: u64,
    ) {
        let now = self.handle.now();
        let (deps, ends) = (self.sender.clone(), now + SENDER_TIME);
        let work = async move { leadline_sender::handle(event, &deps, Some(ends)).await };
        let (id, run) = self.handle.run(SENDER_TIME, work);
        self.faults.enter(id, Kind::Sender, millis(now));
        let ended = run.await;
        self.faults.leave(id, matches!(ended, Ended::Done(_)));
        match ended {
            Ended::Done(response) => {
                let failed: Vec<String> =
                    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
                self.trace.note(format_args!("sender: {} of {} come again", failed.len(), received.len()));
                if self.faults.strikes(Class::Duplicate, &[13, millis(now), number], 20) {
                    // What was done is not deleted, so it comes again.
                    return;
                }
                self.queue.settle(&received, &failed);
            }
            Ended::Died => self.trace.note(format_args!("sender: ended from outside with {}", received.len())),
            Ended::TimedOut => self.trace.note(format_args!("sender: out of time with {}", received.len())),
        }
    }
}

fn millis(at: Instant) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

fn next(now: Instant, every: TimeDelta) -> Instant {
    now.duration_trunc(every).unwrap_or(now) + every
}

/// Where mails leave.
struct Post {
    handle: Handle,
    notes: Arc<Mutex<Notes>>,
    trace: Trace,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, email: &Email) -> Result<(), MailError> {
        self.trace.note(format_args!("mail to {}: {}", email.to.as_str(), email.subject));
        let mail = Mail { at: self.handle.now(), task: self.handle.current(), email: email.clone() };
        lock(&self.notes).mails.push(mail);
        Ok(())
    }
}
