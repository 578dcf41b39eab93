use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry};
use chrono::TimeDelta;

use super::{at, listen, sdk};
use crate::aws_services::Sqs;

struct Wire {
    sqs: Sqs,
    client: aws_sdk_sqs::Client,
    now: Arc<AtomicI64>,
    texts: String,
    dead: String,
}

impl Wire {
    /// Thirty seconds of visibility, two deliveries.
    async fn start() -> Self {
        let now = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&now);
        let sqs = Sqs::new(move || at(clock.load(Ordering::SeqCst)));
        sqs.create_pair("texts", "texts-dead", TimeDelta::seconds(30), 2);
        let (listener, port) = listen().await;
        let served = sqs.clone();
        tokio::spawn(async move { served.serve(listener).await });
        let (texts, dead) = (Sqs::queue_url(port, "texts"), Sqs::queue_url(port, "texts-dead"));
        Self { sqs, client: sdk!(aws_sdk_sqs, port), now, texts, dead }
    }

    fn set(&self, second: i64) {
        self.now.store(second, Ordering::SeqCst);
    }

    async fn send(&self, body: &str, delay: i32) -> String {
        let sent = self.client.send_message().queue_url(&self.texts).message_body(body).delay_seconds(delay);
        sent.send().await.unwrap().message_id.unwrap()
    }

    async fn receive(&self, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
        let all = MessageSystemAttributeName::All;
        let request = self.client.receive_message().queue_url(url).max_number_of_messages(10);
        let got = request.message_system_attribute_names(all).send().await.unwrap();
        got.messages.unwrap_or_default()
    }
}

fn receive_count(message: &aws_sdk_sqs::types::Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

#[tokio::test]
async fn a_text_is_sent_received_hidden_and_deleted() {
    let wire = Wire::start().await;
    let id = wire.send("{\"v\":1}", 0).await;
    let got = wire.receive(&wire.texts).await.remove(0);
    assert_eq!((got.message_id(), got.body(), receive_count(&got)), (Some(&*id), Some("{\"v\":1}"), "1"));
    assert_eq!(wire.receive(&wire.texts).await, []);
    let delete = wire.client.delete_message().queue_url(&wire.texts);
    delete.receipt_handle(got.receipt_handle().unwrap()).send().await.unwrap();
    wire.set(1_000);
    assert_eq!(wire.receive(&wire.texts).await, []);
}

#[tokio::test]
async fn visibility_and_delay_follow_the_given_clock() {
    let wire = Wire::start().await;
    wire.send("late", 60).await;
    wire.set(59);
    assert_eq!(wire.receive(&wire.texts).await, []);
    wire.set(60);
    let got = wire.receive(&wire.texts).await.remove(0);
    let change = |receipt: &str| {
        wire.client
            .change_message_visibility()
            .queue_url(&wire.texts)
            .receipt_handle(receipt)
            .visibility_timeout(300)
            .send()
    };
    change(got.receipt_handle().unwrap()).await.unwrap();
    wire.set(359);
    assert_eq!(wire.receive(&wire.texts).await, []);
    wire.set(360);
    let again = wire.receive(&wire.texts).await.remove(0);
    assert_eq!(receive_count(&again), "2");
    let stale = change(got.receipt_handle().unwrap()).await.unwrap_err().into_service_error();
    assert!(stale.is_message_not_inflight(), "{stale:?}");
}

#[tokio::test]
async fn a_text_that_came_too_often_is_in_the_dead_letter_queue_with_its_id() {
    let wire = Wire::start().await;
    let id = wire.send("poison", 0).await;
    for second in [0, 30] {
        wire.set(second);
        assert_eq!(wire.receive(&wire.texts).await.len(), 1);
    }
    assert_eq!(wire.receive(&wire.dead).await, []);
    wire.set(60);
    assert_eq!(wire.receive(&wire.texts).await, []);
    let dead = wire.receive(&wire.dead).await.remove(0);
    assert_eq!((dead.message_id(), dead.body()), (Some(&*id), Some("poison")));
}

#[tokio::test]
async fn counts_and_the_queue_url_can_be_asked_for() {
    let wire = Wire::start().await;
    let url = wire.client.get_queue_url().queue_name("texts").send().await.unwrap();
    assert_eq!(url.queue_url(), Some(&*wire.texts));
    let missing = wire.client.get_queue_url().queue_name("none").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
    for (body, delay) in [("a", 0), ("b", 0), ("c", 10)] {
        wire.send(body, delay).await;
    }
    let one = wire.client.receive_message().queue_url(&wire.texts).send().await.unwrap();
    assert_eq!(one.messages().len(), 1);
    assert!(one.messages()[0].attributes().is_none_or(|given| given.is_empty()));
    let attributes = wire.client.get_queue_attributes().queue_url(&wire.texts);
    let counts = attributes.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let count = |name| counts.attributes().unwrap()[&name].as_str();
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessages), "1");
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible), "1");
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessagesDelayed), "1");
}

#[tokio::test]
async fn a_batch_reports_each_entry_and_limits_are_refused() {
    let wire = Wire::start().await;
    let entry = |id: &str, delay| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(id).delay_seconds(delay).build().unwrap()
    };
    let batch = wire.client.send_message_batch().queue_url(&wire.texts);
    let sent = batch.entries(entry("good", 900)).entries(entry("bad", 901)).send().await.unwrap();
    assert_eq!((sent.successful()[0].id(), sent.failed()[0].id()), ("good", "bad"));
    let receive = wire.client.receive_message().queue_url(&wire.texts).max_number_of_messages(11);
    assert!(receive.send().await.is_err());
}

#[tokio::test]
async fn a_long_poll_gets_a_text_that_is_sent_while_it_waits() {
    let wire = Wire::start().await;
    let poll = wire.client.receive_message().queue_url(&wire.texts).wait_time_seconds(5).send();
    let (got, _) = tokio::join!(poll, wire.send("soon", 0));
    assert_eq!(got.unwrap().messages()[0].body(), Some("soon"));
}

#[tokio::test]
async fn duplicates_can_be_injected_from_outside() {
    let wire = Wire::start().await;
    wire.sqs.with_queue("texts", |queue| queue.duplicate_next(1)).unwrap();
    wire.send("twice", 0).await;
    let first = wire.receive(&wire.texts).await.remove(0);
    let second = wire.receive(&wire.texts).await.remove(0);
    assert_eq!(first.message_id(), second.message_id());
}
