//! What each fault does to a call that writes, and to one that sends.

use std::sync::Mutex;

use leadline::domain::{Instant, ids::ClientId};
use leadline::ports::{Lease, Leases};

use super::*;
use crate::memory::MemoryStore;

/// Breaks every call in one way, and counts what it is told.
struct Always {
    fault: Fault,
    told: Mutex<Vec<&'static str>>,
}

impl Always {
    fn with(fault: Fault) -> (Arc<Self>, MemoryStore, Faulty<MemoryStore>) {
        let chaos = Arc::new(Self { fault, told: Mutex::default() });
        let store = MemoryStore::new();
        (chaos.clone(), store.clone(), Faulty::new(Arc::new(store), chaos))
    }

    fn tell(&self, what: &'static str) {
        self.told.lock().expect("no panic").push(what);
    }
}

#[async_trait]
impl Chaos for Always {
    async fn begin(&self, call: &Call) -> Option<Fault> {
        self.tell(call.method);
        Some(self.fault)
    }
    async fn end(&self, _: &Call) {
        self.tell("end");
    }
    async fn pass(&self, _: TimeDelta) {
        self.tell("pass");
    }
}

async fn claim(store: &impl Leases) -> Result<Lease, String> {
    let (client, at) = (ClientId::parse("acme").expect("an id"), Instant::UNIX_EPOCH);
    store.claim(&client, "x", at, at + TimeDelta::minutes(1)).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let span = TimeDelta::seconds(1);
    for (fault, answer, left_behind, told) in [
        (Fault::ErrorBefore, None, Lease::Acquired, &["claim"][..]),
        (Fault::AnswerLost, None, Lease::HeldElsewhere, &["claim", "end"]),
        (Fault::Twice, Some(Lease::HeldElsewhere), Lease::HeldElsewhere, &["claim", "end"]),
        (Fault::SlowBefore(span), Some(Lease::Acquired), Lease::HeldElsewhere, &["claim", "pass", "end"]),
        (Fault::SlowAfter(span), Some(Lease::Acquired), Lease::HeldElsewhere, &["claim", "end", "pass"]),
    ] {
        let (chaos, store, faulty) = Always::with(fault);
        assert_eq!(claim(&faulty).await.ok(), answer, "{fault:?}");
        assert_eq!(claim(&store).await, Ok(left_behind), "{fault:?}");
        assert_eq!(*chaos.told.lock().expect("no panic"), told, "{fault:?}");
    }
}

#[tokio::test]
async fn who_dies_never_comes_back_before_or_after_the_effect() {
    for (fault, left_behind) in [(Fault::DieBefore, Lease::Acquired), (Fault::DieAfter, Lease::HeldElsewhere)] {
        let (_, store, faulty) = Always::with(fault);
        let dying = claim(&faulty);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::pin::pin!(dying).as_mut().poll(&mut context).is_pending(), "{fault:?}");
        assert_eq!(claim(&store).await, Ok(left_behind), "{fault:?}");
    }
}

#[test]
fn a_fault_that_cannot_differ_is_not_worth_a_run() {
    let (read, write, send) =
        (read("Leases", "note", None), write("Leases", "claim", None), write("SmsProvider", "send", None));
    for (fault, expected) in [
        (Fault::ErrorBefore, [true, true, true]),
        (Fault::AnswerLost, [false, true, true]),
        (Fault::Twice, [false, true, false]),
        (Fault::DieAfter, [true, true, true]),
    ] {
        assert_eq!([read, write, send].map(|call| fault.means_something_for(&call)), expected, "{fault:?}");
    }
}
