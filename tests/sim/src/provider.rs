//! The SMS provider of a world: it takes, refuses or loses what it is offered by a script of its own,
//! and keeps a ledger that only the judges read. A request that has left is with the provider, whatever
//! becomes of the process that sent it.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::{
    domain::{
        Instant,
        client::Client,
        ids::{AttemptId, ClientId, LeadId},
        message::{CALL_DEADLINE, ClaimedText, ListedState, ListedText, SendOutcome},
        phone::PhoneNumber,
    },
    integrations::twilio::codes,
    ports::{Clock, Direction, SmsProvider},
};
use leadline_standins::faulty::{Call, Chaos, Fault};

use crate::{
    executor::{Handle, lock},
    faults::{Class, Faults, Happening},
    rng::{Rng, key},
    spec::{NumberKind, Outage},
    trace::Trace,
};

/// A request that reached the provider.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Whose text.
    pub client: ClientId,
    /// Where it was to go, E.164.
    pub to: String,
    /// Exactly what it says.
    pub body: String,
    /// Our attempt, from its callback's address.
    pub attempt: AttemptId,
    /// The lead, from there too.
    pub lead: LeadId,
    /// When the call began.
    pub called: Instant,
    /// Until when it may leave.
    pub expires_at: Instant,
    /// When it was accepted, if it was.
    pub accepted: Option<Instant>,
    /// From when on the list shows it.
    pub listed: Option<Instant>,
}

impl Offer {
    /// The provider's id of the offer with this number.
    #[must_use]
    pub fn sid(n: usize) -> String {
        format!("SM{n:032}")
    }
}

/// The provider. Clones are the same one.
#[derive(Clone)]
pub struct Provider {
    handle: Handle,
    faults: Faults,
    trace: Trace,
    seed: u64,
    numbers: Arc<HashMap<String, NumberKind>>,
    state: Arc<Mutex<Ledger>>,
    /// A provider that sends what it accepts twice: to show that the judges see it.
    broken: bool,
}

#[derive(Default)]
struct Ledger {
    offers: Vec<Offer>,
    by_number: HashMap<(ClientId, String), Vec<usize>>,
    tries: HashMap<u64, u64>,
}

/// What a request comes to.
enum Verdict {
    Accepted,
    AcceptedAnd(SendOutcome),
    Not(SendOutcome),
}

fn unknown(why: &str) -> SendOutcome {
    SendOutcome::Unknown { why: why.to_owned() }
}

fn throttled(why: &str) -> SendOutcome {
    SendOutcome::Throttled { why: why.to_owned(), retry_after: None }
}

fn not_sent(why: &str) -> SendOutcome {
    SendOutcome::NotSent { why: why.to_owned() }
}

/// How long a text to a number that is out of reach is on its way in the list, before it is shown as failed.
const UNREACHED_AFTER: TimeDelta = TimeDelta::seconds(90);

const NO_ANSWER: &str = "no answer within the time of the call";

impl Provider {
    /// The provider of a world. `numbers` says what is special about some of them.
    #[must_use]
    pub fn new(
        handle: Handle,
        faults: Faults,
        trace: Trace,
        seed: u64,
        numbers: HashMap<String, NumberKind>,
        broken: bool,
    ) -> Self {
        Self { handle, faults, trace, seed, numbers: Arc::new(numbers), state: Arc::default(), broken }
    }

    /// Every request that came.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        lock(&self.state).offers.clone()
    }

    /// One of them.
    #[must_use]
    pub fn offer(&self, n: usize) -> Option<Offer> {
        lock(&self.state).offers.get(n).cloned()
    }

    /// One word for what a text said, and how often that had been said before: who enters a campaign again
    /// is told the same again, and what follows is another thing.
    #[must_use]
    pub fn words(&self, n: usize) -> u64 {
        let state = lock(&self.state);
        let Some(own) = state.offers.get(n) else { return 0 };
        let same = |offer: &&Offer| offer.accepted.is_some() && offer.body == own.body;
        let words = crate::rng::word(&own.body);
        match state.offers[..n].iter().filter(same).count() {
            0 => words,
            times => crate::rng::key(&[words, times as u64]),
        }
    }

    /// The provider's id of an attempt that was accepted, as its own log shows it to a person.
    #[must_use]
    pub fn taken(&self, attempt: AttemptId) -> Option<String> {
        let state = lock(&self.state);
        let taken = |offer: &Offer| offer.attempt == attempt && offer.accepted.is_some();
        state.offers.iter().rposition(taken).map(Offer::sid)
    }

    /// How many were accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        lock(&self.state).offers.iter().filter(|offer| offer.accepted.is_some()).count()
    }

    /// What is special about a number.
    #[must_use]
    pub fn number(&self, to: &str) -> NumberKind {
        self.numbers.get(to).copied().unwrap_or(NumberKind::Mobile)
    }

    fn outage(&self) -> Option<Outage> {
        let now = self.handle.now();
        let outages = &self.faults.weather().outages;
        let at = outages.iter().position(|(from, until, _)| *from <= now && now < *until)?;
        self.faults.strikes(Class::Outage, &[at as u64], 10_000).then_some(outages[at].2)
    }

    /// Of ten thousand requests so many are turned away now, as they are too many.
    fn throttles(&self) -> Option<u32> {
        let now = self.handle.now();
        let spells = &self.faults.weather().throttled;
        let at = spells.iter().position(|(from, until, _)| *from <= now && now < *until)?;
        self.faults.strikes(Class::Throttled, &[at as u64], 10_000).then_some(spells[at].2)
    }

    fn account_refused(&self, client: &ClientId) -> Option<u32> {
        let now = self.handle.now();
        let accounts = &self.faults.weather().accounts;
        let at = accounts.iter().position(|(of, from, until, _)| {
            *from <= now && now < *until && client.as_str() == format!("client-{of}")
        })?;
        self.faults.strikes(Class::Outage, &[99, at as u64], 10_000).then_some(accounts[at].3)
    }

    /// What the provider does with a request, at the moment at which it reads it.
    fn judge(&self, offer: &Offer, key: u64, rng: &mut Rng) -> Verdict {
        match self.outage() {
            Some(Outage::Gone) => return Verdict::Not(not_sent("no connection")),
            Some(Outage::Failing) if rng.chance(2_000) => return Verdict::AcceptedAnd(unknown("HTTP 503")),
            Some(Outage::Failing) => return Verdict::Not(unknown("HTTP 503")),
            Some(Outage::Silent) if rng.chance(2_000) => return Verdict::AcceptedAnd(unknown(NO_ANSWER)),
            Some(Outage::Silent) => return Verdict::Not(unknown(NO_ANSWER)),
            None => {}
        }
        if let Some(share) = self.throttles()
            && rng.chance(share)
        {
            return Verdict::Not(throttled("HTTP 429"));
        }
        if let Some(code) = self.account_refused(&offer.client) {
            return Verdict::Not(codes::outcome(code));
        }
        if let NumberKind::Refused(code) = self.number(&offer.to) {
            return Verdict::Not(codes::outcome(code));
        }
        if !self.faults.strikes(Class::Provider, &[key, 1], self.faults.weather().moody) {
            return Verdict::Accepted;
        }
        match rng.between(0, 9) {
            0..=2 => Verdict::AcceptedAnd(unknown(NO_ANSWER)),
            3 | 4 => Verdict::Not(unknown(NO_ANSWER)),
            5 => Verdict::AcceptedAnd(unknown("HTTP 500")),
            6 => Verdict::Not(unknown("HTTP 502")),
            7 => Verdict::Not(codes::outcome(*rng.pick(&[21617, 30007, 21214, 29_999]))),
            _ => Verdict::Not(throttled("HTTP 429")),
        }
    }

    fn accept(&self, n: usize, rng: &mut Rng) {
        let now = self.handle.now();
        let lag = TimeDelta::seconds(rng.between(0, self.faults.weather().list_lag * 60));
        let mut state = lock(&self.state);
        let offer = &mut state.offers[n];
        (offer.accepted, offer.listed) = (Some(now), Some(now + lag));
        let (client, to) = (offer.client.clone(), offer.to.clone());
        state.by_number.entry((client, to)).or_default().push(n);
        drop(state);
        self.faults.tell(Happening::Accepted(n));
    }

    /// Hands a request over; gives where its answer comes.
    fn hand_over(&self, offer: Offer) -> Answer {
        let answer = Answer(Arc::default());
        let (lead, attempt) = (offer.lead.0.0, offer.attempt);
        let about = key(&[self.seed, lead as u64, (lead >> 64) as u64]);
        let (n, tries) = {
            let mut state = lock(&self.state);
            let tries = state.tries.entry(about).or_default();
            *tries += 1;
            let tries = *tries;
            state.offers.push(offer.clone());
            (state.offers.len() - 1, tries)
        };
        let key = key(&[about, tries]);
        let (own, told) = (self.clone(), answer.clone());
        self.handle.start(async move {
            let mut rng = Rng::of(&[key, 3]);
            let slow = own.faults.strikes(Class::Provider, &[key, 2], own.faults.weather().moody / 3);
            let travel = if slow { rng.between(2_000, 9_000) } else { rng.between(20, 300) };
            let travel = TimeDelta::milliseconds(travel);
            own.handle.sleep_until((own.handle.now() + travel).min(offer.called + CALL_DEADLINE)).await;
            let verdict = own.judge(&offer, key, &mut rng);
            let times = match &verdict {
                Verdict::Accepted | Verdict::AcceptedAnd(_) => 1 + usize::from(own.broken && rng.chance(200)),
                Verdict::Not(_) => 0,
            };
            for time in 0..times {
                let at = if time == 0 { n } else { own.again(&offer) };
                own.accept(at, &mut rng);
            }
            let outcome = match verdict {
                Verdict::Accepted => SendOutcome::Accepted { provider_id: Offer::sid(n) },
                Verdict::AcceptedAnd(outcome) | Verdict::Not(outcome) => outcome,
            };
            let taken = if times > 0 { "accepted" } else { "not accepted" };
            own.trace.note(format_args!("provider: {attempt} to {} {taken}: {outcome:?}; {}", offer.to, offer.body));
            let back = if slow { rng.between(10, 9_000) } else { rng.between(5, 200) };
            own.handle.sleep(TimeDelta::milliseconds(back)).await;
            let late = matches!(&outcome, SendOutcome::Unknown { why } if why == NO_ANSWER);
            if !late {
                told.give(outcome);
            }
        });
        answer
    }

    fn again(&self, offer: &Offer) -> usize {
        let mut state = lock(&self.state);
        state.offers.push(offer.clone());
        state.offers.len() - 1
    }
}

/// Where an answer comes.
#[derive(Clone)]
struct Answer(Arc<Mutex<(Option<SendOutcome>, Option<Waker>)>>);

impl Answer {
    fn give(&self, outcome: SendOutcome) {
        let waker = {
            let mut answer = lock(&self.0);
            answer.0 = Some(outcome);
            answer.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The answer, if it comes by `deadline`.
    async fn by(&self, deadline: Instant, handle: &Handle) -> Option<SendOutcome> {
        let mut over = handle.sleep_until(deadline);
        std::future::poll_fn(|cx| {
            {
                let mut answer = lock(&self.0);
                if let Some(outcome) = answer.0.take() {
                    return Poll::Ready(Some(outcome));
                }
                answer.1 = Some(cx.waker().clone());
            }
            Pin::new(&mut over).poll(cx).map(|()| None)
        })
        .await
    }
}

#[async_trait]
impl SmsProvider for Provider {
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome {
        let call = Call { port: "SmsProvider", method: "send", writes: true, lead: Some(text.lead()) };
        let task = self.handle.current();
        let called = self.handle.now();
        let deadline = called + CALL_DEADLINE;
        if text.expires_at() <= now {
            return not_sent("its time is over");
        }
        let fault = self.faults.begin(&call).await;
        match fault {
            Some(Fault::ErrorBefore) => return not_sent("no connection"),
            Some(Fault::DieBefore) => std::future::pending().await,
            Some(Fault::SlowBefore(span)) => self.handle.sleep(span.min(CALL_DEADLINE)).await,
            _ => {}
        }
        if self.handle.now() >= deadline {
            return not_sent("not handed over within the time of the call");
        }
        let answer = self.hand_over(Offer {
            client: client.id.clone(),
            to: text.to().e164().to_owned(),
            body: text.text().to_owned(),
            attempt: text.attempt(),
            lead: text.lead(),
            called,
            expires_at: text.expires_at(),
            accepted: None,
            listed: None,
        });
        if fault == Some(Fault::DieAfter) {
            // Somewhere during the call, or soon after.
            let (handle, nap) = (self.handle.clone(), called.timestamp_millis().rem_euclid(1_300));
            self.handle.start(async move {
                handle.sleep(TimeDelta::milliseconds(nap)).await;
                handle.end(task);
            });
        }
        let outcome = answer.by(deadline, &self.handle).await;
        match fault {
            Some(Fault::AnswerLost) => unknown("the connection failed before an answer"),
            Some(Fault::SlowAfter(span)) if self.handle.now() + span > deadline => {
                self.handle.sleep_until(deadline).await;
                unknown(NO_ANSWER)
            }
            _ => outcome.unwrap_or_else(|| unknown(NO_ANSWER)),
        }
    }

    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        let lead = {
            let state = lock(&self.state);
            let offers = &state.offers;
            let to_number = |offer: &&Offer| offer.client == client.id && offer.to == number.e164();
            offers.iter().rev().find(to_number).map(|offer| offer.lead)
        };
        let call = Call { port: "SmsProvider", method: "list", writes: false, lead };
        let failed = || Err("the provider's list cannot be read".to_owned());
        match self.faults.begin(&call).await {
            Some(Fault::ErrorBefore) => return failed(),
            Some(Fault::DieBefore) => std::future::pending().await,
            Some(Fault::DieAfter) => {
                self.handle.end(self.handle.current());
                std::future::pending().await
            }
            Some(Fault::SlowBefore(span) | Fault::SlowAfter(span)) => {
                self.handle.sleep(span.min(CALL_DEADLINE)).await;
                if span >= CALL_DEADLINE {
                    return failed();
                }
            }
            Some(Fault::AnswerLost | Fault::Twice) | None => {}
        }
        if self.outage().is_some() || self.account_refused(&client.id) == Some(20003) {
            return failed();
        }
        if direction == Direction::From {
            return Ok(Vec::new());
        }
        let now = self.handle.now();
        let state = lock(&self.state);
        let of_number = state.by_number.get(&(client.id.clone(), number.e164().to_owned()));
        let shown = of_number.into_iter().flatten().filter_map(|n| {
            let offer = &state.offers[*n];
            let at = offer.accepted.filter(|at| *at >= since)?;
            offer.listed.filter(|listed| *listed <= now)?;
            let state = match self.number(&offer.to) {
                // It is reported a while later, as receipts are.
                // Those that an operator may have sent again are left out: it would be a second text of the step,
                // which is what that operator wants.
                NumberKind::Unreachable(code @ (30004..=30006)) if at + UNREACHED_AFTER <= now => {
                    ListedState::Failed(codes::problem(code))
                }
                NumberKind::Unreachable(_) | NumberKind::Mobile | NumberKind::Refused(_) => ListedState::Taken,
            };
            Some(ListedText { provider_id: Offer::sid(*n), body: offer.body.clone(), at, state })
        });
        Ok(shown.collect())
    }
}
