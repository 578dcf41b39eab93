//! What the stand-in for the SMS provider does with a text: a script says what happens to it, a
//! ledger keeps what was accepted. No HTTP here: the fronts ([`crate::twilio`], or a port in
//! process) turn a [`Verdict`] into an answer.

mod port;
mod text;

pub use port::CarrierPort;
pub use text::{Accepted, Behaviour, Front, Heard, Offer, Verdict};

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The script and the ledger. Clones share both.
#[derive(Clone)]
pub struct Carrier {
    now: Now,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    default: Behaviour,
    next: VecDeque<Behaviour>,
    by_destination: BTreeMap<String, Behaviour>,
    lookups_down: bool,
    list_lag: TimeDelta,
    ledger: Vec<Accepted>,
    heard: Vec<Heard>,
    unsubscribed: BTreeSet<String>,
}

impl Carrier {
    /// A carrier that accepts everything, on this clock.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), state: Arc::default() }
    }

    /// What happens when neither [`script_next`](Self::script_next) nor
    /// [`script_for`](Self::script_for) says otherwise.
    pub fn script_default(&self, behaviour: Behaviour) {
        self.state().default = behaviour;
    }

    /// What happens to the next texts, one behaviour each; comes before everything else.
    pub fn script_next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.state().next.extend(behaviours);
    }

    /// What happens to texts for one destination; `None` takes that back.
    pub fn script_for(&self, to: &str, behaviour: Option<Behaviour>) {
        let mut state = self.state();
        match behaviour {
            Some(behaviour) => state.by_destination.insert(to.to_owned(), behaviour),
            None => state.by_destination.remove(to),
        };
    }

    /// Whether reading the message list fails too, as in a full outage.
    pub fn set_lookups_down(&self, down: bool) {
        self.state().lookups_down = down;
    }

    /// How long an accepted text is missing in the message list.
    pub fn set_list_lag(&self, lag: TimeDelta) {
        self.state().list_lag = lag;
    }

    /// Offers a text: the script decides, the ledger remembers.
    pub fn offer(&self, offer: Offer) -> Verdict {
        let at = (self.now)();
        let mut state = self.state();
        let scripted = state.next.pop_front();
        let behaviour = scripted.or_else(|| state.by_destination.get(&offer.to).copied()).unwrap_or(state.default);
        match behaviour {
            Behaviour::Accept => Verdict::Accepted(state.accept(offer, at)),
            Behaviour::AnswerLost => Verdict::AcceptedUnanswered(state.accept(offer, at)),
            Behaviour::RequestLost => Verdict::DroppedUnanswered,
            Behaviour::Refuse { code, http_status } => Verdict::Refused { code, http_status },
            Behaviour::Down => Verdict::Down,
            Behaviour::Throttled => Verdict::Throttled,
        }
    }

    /// Everything that was accepted, oldest first.
    pub fn ledger(&self) -> Vec<Accepted> {
        self.state().ledger.clone()
    }

    /// The message list as the provider shows it, newest first; `None` while lookups are down.
    pub fn list(&self, to: Option<&str>, from: Option<&str>) -> Option<Vec<Accepted>> {
        let now = (self.now)();
        let state = self.state();
        let shown = |text: &&Accepted| {
            text.at + state.list_lag <= now
                && to.is_none_or(|to| text.to == to)
                && from.is_none_or(|from| text.from.as_deref() == Some(from))
        };
        let newest_first = state.ledger.iter().rev().filter(shown).cloned();
        (!state.lookups_down).then(|| newest_first.collect())
    }

    /// Takes in a text from a person, which from then on is in the message list. Posting it to a webhook is
    /// the caller's.
    pub fn hear(&self, from: &str, to: &str, body: &str) -> Heard {
        self.hear_by(Front::Twilio, from, to, body)
    }

    /// The same, by another API than Twilio's.
    pub fn hear_by(&self, front: Front, from: &str, to: &str, body: &str) -> Heard {
        let at = (self.now)();
        let mut state = self.state();
        let sid = front.id(state.heard.len() + 1, true);
        let heard = Heard { sid, from: from.to_owned(), to: to.to_owned(), body: body.to_owned(), at };
        state.heard.push(heard.clone());
        heard
    }

    /// What was heard from a number, newest first; `None` while lookups are down.
    pub fn list_heard(&self, from: &str) -> Option<Vec<Heard>> {
        let state = self.state();
        let found = state.heard.iter().rev().filter(|heard| heard.from == from).cloned();
        (!state.lookups_down).then(|| found.collect())
    }

    /// Says that a person unsubscribed with the provider.
    pub fn unsubscribe(&self, number: &str) {
        self.state().unsubscribed.insert(number.to_owned());
    }

    /// Whether a person unsubscribed with the provider; `None` while lookups are down.
    pub fn is_unsubscribed(&self, number: &str) -> Option<bool> {
        let state = self.state();
        (!state.lookups_down).then(|| state.unsubscribed.contains(number))
    }

    /// One accepted text, as found in the ledger.
    pub fn find(&self, sid: &str) -> Option<Accepted> {
        self.state().ledger.iter().find(|text| text.sid == sid).cloned()
    }

    /// Whether lookups fail at the moment.
    pub fn lookups_down(&self) -> bool {
        self.state().lookups_down
    }

    /// Moves an accepted text to another status, such as `delivered`; gives whether it is known.
    pub fn set_status(&self, sid: &str, status: &str, error_code: Option<u32>) -> bool {
        let mut state = self.state();
        let text = state.ledger.iter_mut().find(|text| text.sid == sid);
        text.map(|text| {
            status.clone_into(&mut text.status);
            text.error_code = error_code;
        })
        .is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn accept(&mut self, offer: Offer, at: DateTime<Utc>) -> Accepted {
        let status = if offer.messaging_service_sid.is_some() { "accepted" } else { "queued" };
        let accepted = Accepted {
            sid: offer.front.id(self.ledger.len() + 1, false),
            to: offer.to,
            from: offer.from,
            messaging_service_sid: offer.messaging_service_sid,
            body: offer.body,
            at,
            status_callback: offer.status_callback,
            validity_period: offer.validity_period,
            status: status.to_owned(),
            error_code: None,
        };
        self.ledger.push(accepted.clone());
        accepted
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn offer(to: &str) -> Offer {
        Offer { to: to.into(), from: Some("+15005550006".into()), body: "Hi".into(), ..Offer::default() }
    }

    #[test]
    fn next_comes_before_destination_and_destination_before_default() {
        let carrier = Carrier::new(|| DateTime::UNIX_EPOCH);
        let refuse = Behaviour::Refuse { code: 21610, http_status: 400 };
        carrier.script_default(Behaviour::Down);
        carrier.script_for("+13055550123", Some(refuse));
        carrier.script_next([Behaviour::Throttled, Behaviour::RequestLost]);
        assert_eq!(carrier.offer(offer("+13055550123")), Verdict::Throttled);
        assert_eq!(carrier.offer(offer("+13055550123")), Verdict::DroppedUnanswered);
        let refused = Verdict::Refused { code: 21610, http_status: 400 };
        assert_eq!(carrier.offer(offer("+13055550123")), refused);
        assert_eq!(carrier.offer(offer("+13055550124")), Verdict::Down);
        carrier.script_for("+13055550123", None);
        assert_eq!(carrier.offer(offer("+13055550123")), Verdict::Down);
        assert_eq!(carrier.ledger(), []);
    }

    #[test]
    fn an_unanswered_text_is_in_the_ledger_and_after_the_lag_in_the_list() {
        let carrier = Carrier::new(|| DateTime::UNIX_EPOCH);
        carrier.script_next([Behaviour::AnswerLost]);
        let Verdict::AcceptedUnanswered(text) = carrier.offer(offer("+13055550123")) else { panic!() };
        assert_eq!(carrier.ledger(), std::slice::from_ref(&text));
        assert_eq!(carrier.list(Some("+13055550123"), None).unwrap(), [text]);
        assert_eq!(carrier.list(Some("+13055550124"), None).unwrap(), []);
        carrier.set_list_lag(TimeDelta::seconds(1));
        assert_eq!(carrier.list(None, None).unwrap(), []);
        carrier.set_lookups_down(true);
        assert_eq!(carrier.list(None, None), None);
    }

    #[test]
    fn debug_output_shows_no_number_and_no_text() {
        let carrier = Carrier::new(|| DateTime::UNIX_EPOCH);
        let shown = format!("{:?} {:?}", offer("+13055550123"), carrier.offer(offer("+13055550123")));
        assert!(!shown.contains("+1") && !shown.contains("Hi"), "{shown}");
    }
}
