//! What a crash or a failing store leaves behind: never a second text, never silence.

use chrono::TimeDelta;
use leadline_standins::faulty::{Call, Chaos, Fault, Faulty};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use leadline::{
    domain::{
        Instant,
        audit::Event,
        client::Client,
        lead::SmsStatus,
        message::{ClaimedText, ListedText, SendOutcome},
        phone::PhoneNumber,
    },
    ports::{Direction, SenderStore, SmsProvider},
};
use leadline_tests::world::{World, new_york};

const PAT: &str = "+13055550123";

/// Saves of leads fail from the `fails_from`th on.
struct Failing {
    saves: AtomicUsize,
    fails_from: usize,
}

#[async_trait]
impl Chaos for Failing {
    async fn begin(&self, call: &Call) -> Option<Fault> {
        let saves = call.port == "LeadStore" && call.method == "save";
        let fails = saves && self.saves.fetch_add(1, Ordering::SeqCst) + 1 >= self.fails_from;
        fails.then_some(Fault::ErrorBefore)
    }
    async fn end(&self, _: &Call) {}
    async fn pass(&self, _: TimeDelta) {}
}

/// The sender's store with saves that fail, and the sound one that was there.
fn failing_from(world: &mut World, fails_from: usize) -> Arc<dyn SenderStore> {
    let chaos = Arc::new(Failing { saves: AtomicUsize::new(0), fails_from });
    let failing = Faulty::new(world.system.store.clone(), chaos);
    std::mem::replace(&mut world.system.sender.store, Arc::new(failing))
}

/// A provider that never answers.
struct Silent;

#[async_trait]
impl SmsProvider for Silent {
    async fn list(&self, _: &Client, _: Direction, _: &PhoneNumber, _: Instant) -> Result<Vec<ListedText>, String> {
        Err("the provider is down".to_owned())
    }
    async fn send(&self, _: &Client, _: &ClaimedText, _: Instant) -> SendOutcome {
        std::future::pending().await
    }
}

/// A provider that panics.
struct Panicking;

#[async_trait]
impl SmsProvider for Panicking {
    async fn list(&self, _: &Client, _: Direction, _: &PhoneNumber, _: Instant) -> Result<Vec<ListedText>, String> {
        Err("the provider is down".to_owned())
    }
    async fn send(&self, _: &Client, _: &ClaimedText, _: Instant) -> SendOutcome {
        panic!("a bug in a provider's client")
    }
}

/// A world with one lead whose first text is on the queue.
async fn with_a_job() -> World {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 14:59").await;
    world.system.clock.set(new_york("2026-01-06 15:00"));
    world.system.schedule().await.expect("a run");
    world
}

#[tokio::test]
async fn when_the_lead_cannot_be_written_after_the_provider_accepted_our_own_record_proves_it() {
    let mut world = with_a_job().await;
    let sound = failing_from(&mut world, 2);
    world.system.send().await;
    world.system.sender.store = sound;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(Event::SettleFailed).await, ["settle"]);
    world.system.carrier.set_lookups_down(true);
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::Sending, "the claim stands");
    world.until("2026-01-06 15:05").await;
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::Sent);
    world.until("2026-01-08 20:00").await;
    assert_eq!(world.texts().len(), 2, "each step once");
}

#[tokio::test]
async fn when_the_claim_cannot_be_written_nothing_is_sent_and_the_job_comes_again() {
    let mut world = with_a_job().await;
    let sound = failing_from(&mut world, 1);
    world.system.send().await;
    assert_eq!(world.texts(), []);
    world.system.sender.store = sound;
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn when_the_sender_dies_in_the_call_the_provider_is_asked_before_it_is_sent_again() {
    let mut world = with_a_job().await;
    let sound = std::mem::replace(&mut world.system.sender.provider, Arc::new(Silent));
    let (event, _received) = world.system.queue.receive().expect("a batch");
    {
        // The process ends in the middle of the call.
        let mut dying = Box::pin(leadline_sender::handle(event, &world.system.sender, None));
        let waker = futures_util::task::noop_waker();
        let mut context = std::task::Context::from_waker(&waker);
        for _ in 0..10_000 {
            assert!(dying.as_mut().poll_unpin_pending(&mut context), "it cannot end");
            tokio::task::yield_now().await;
            if world.lead(PAT).await.expect("a lead").in_flight.is_some() {
                break;
            }
        }
    }
    world.system.sender.provider = sound;
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::Sending);
    world.until("2026-01-06 15:32").await;
    assert_eq!(world.texts(), [], "it may have gone out, so it is not sent again");
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::Unclear);
    world.until("2026-01-06 15:34").await;
    assert_eq!(
        world.texts().len(),
        1,
        "surely absent: 30 minutes after the last moment at which it could have been sent"
    );
}

#[tokio::test]
async fn a_panic_in_one_record_does_not_stop_the_others() {
    let mut world = with_a_job().await;
    world.form("2", "Kim", "3055550124").await;
    let sound = std::mem::replace(&mut world.system.sender.provider, Arc::new(Panicking));
    world.system.send().await;
    world.system.sender.provider = sound;
    world.until("2026-01-06 20:00").await;
    let to: Vec<String> = world.texts().into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(to, ["+13055550123", "+13055550124"], "each once");
}

#[tokio::test]
async fn a_job_that_cannot_be_read_goes_to_the_dead_letters_and_blocks_nobody() {
    let mut world = with_a_job().await;
    world.system.queue.inject("{\"job\":\"paint-the-fence\"}");
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.system.queue.dead_letters().len(), 1);
}

/// Polls a future once and says whether it is still pending.
trait PollPending {
    fn poll_unpin_pending(&mut self, context: &mut std::task::Context<'_>) -> bool;
}

impl<F: Future + ?Sized> PollPending for std::pin::Pin<&mut F> {
    fn poll_unpin_pending(&mut self, context: &mut std::task::Context<'_>) -> bool {
        self.as_mut().poll(context).is_pending()
    }
}
