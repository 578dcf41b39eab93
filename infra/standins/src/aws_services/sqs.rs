//! SQS: standard queues by name over [`crate::queue`], with the SDK's protocol in front.
//! Message attributes are refused, not dropped; checksums of bodies are left out.

mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::json_rpc::{Refusal, answer, arguments, operation, required};
use crate::queue::{Queue, Received, Rules};
use wire::{asks_for, invalid, no_such_queue, queue_name, seconds, shown};

/// How often a long poll looks again.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// Queues by name. Clones share them.
#[derive(Clone)]
pub struct Sqs {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    queues: Arc<Mutex<BTreeMap<String, Served>>>,
}

struct Served {
    queue: Queue,
    dead_letters_go_to: Option<String>,
}

impl Sqs {
    /// No queues yet, on this clock. Long polling waits in real time.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), queues: Arc::default() }
    }

    /// Creates `texts` and its dead-letter queue `dead`: after `max_receive_count` deliveries a
    /// message goes from the one to the other.
    pub fn create_pair(&self, texts: &str, dead: &str, visibility: TimeDelta, max_receive_count: u32) {
        let source = Rules { visibility, max_receive_count: Some(max_receive_count) };
        let target = Rules { visibility, max_receive_count: None };
        let mut queues = self.queues();
        let queue = Queue::new(dead, target);
        queues.insert(dead.to_owned(), Served { queue, dead_letters_go_to: None });
        let queue = Queue::new(texts, source);
        queues.insert(texts.to_owned(), Served { queue, dead_letters_go_to: Some(dead.to_owned()) });
    }

    /// The URL by which a queue is known when it is served on this port.
    pub fn queue_url(port: u16, name: &str) -> String {
        format!("http://127.0.0.1:{port}/000000000000/{name}")
    }

    /// Looks into one queue, or changes it, for instance to inject duplicates.
    pub fn with_queue<T>(&self, name: &str, look: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        self.queues().get_mut(name).map(|served| look(&mut served.queue))
    }

    /// Hands out up to `max` messages of a queue, each hidden for `visibility` or else for the queue's own
    /// time; what was handed out too often goes to its dead letters. `None` if there is no such queue.
    pub fn receive(&self, name: &str, max: usize, visibility: Option<TimeDelta>) -> Option<Vec<Received>> {
        let now = (self.now)();
        let mut queues = self.queues();
        let served = queues.get_mut(name)?;
        let visibility = visibility.unwrap_or(served.queue.rules().visibility);
        let received = served.queue.receive_for(now, max, visibility);
        let dead = served.queue.take_dead_letters();
        let target = served.dead_letters_go_to.clone();
        if let Some(target) = target.and_then(|name| queues.get_mut(&name)) {
            dead.into_iter().for_each(|letter| target.queue.admit(now, letter));
        }
        Some(received)
    }

    /// Serves the queues on `listener` until the future is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: tokio::net::TcpListener) -> std::io::Result<()> {
        let routes =
            Router::new().route("/", post(handle)).route("/{account}/{queue}", post(handle)).with_state(self.clone());
        axum::serve(listener, routes).await
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, Served>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `act` on the queue that the arguments name.
    fn on<T>(&self, arguments: &Value, act: impl FnOnce(&mut Queue) -> T) -> Result<T, Refusal> {
        self.with_queue(queue_name(arguments)?, act).ok_or_else(no_such_queue)
    }

    fn url(&self, arguments: &Value, host: &str) -> Result<Value, Refusal> {
        let name = required(arguments, "QueueName")?;
        self.with_queue(name, |_| ()).ok_or_else(no_such_queue)?;
        Ok(json!({ "QueueUrl": format!("http://{host}/000000000000/{name}") }))
    }

    fn attributes(&self, arguments: &Value) -> Result<Value, Refusal> {
        let now = (self.now)();
        let (census, rules) = self.on(arguments, |queue| (queue.census(now), queue.rules()))?;
        let all = [
            ("ApproximateNumberOfMessages", census.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", census.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", census.delayed.to_string()),
            ("VisibilityTimeout", rules.visibility.num_seconds().to_string()),
        ];
        let asked = all.into_iter().filter(|(name, _)| asks_for(&arguments["AttributeNames"], name));
        let given: Map<_, _> = asked.map(|(name, value)| (name.to_owned(), value.into())).collect();
        Ok(json!({ "Attributes": given }))
    }

    fn send(&self, arguments: &Value) -> Result<Value, Refusal> {
        self.send_entry(arguments, arguments)
    }

    fn send_entry(&self, arguments: &Value, entry: &Value) -> Result<Value, Refusal> {
        let body = required(entry, "MessageBody")?;
        let delay = seconds(entry, "DelaySeconds", 900)?.unwrap_or_default();
        if entry["MessageAttributes"].as_object().is_some_and(|given| !given.is_empty()) {
            let message = "the stand-in does not keep message attributes";
            return Err(Refusal::new("com.amazonaws.sqs#UnsupportedOperation", message)
                .with_query_code("AWS.SimpleQueueService.UnsupportedOperation"));
        }
        if body.is_empty() || body.len() > 1_048_576 {
            return Err(invalid("MessageBody", "one byte to 1 MiB"));
        }
        let now = (self.now)();
        let id = self.on(arguments, |queue| queue.send(now, body, delay))?;
        Ok(json!({ "MessageId": id }))
    }

    async fn answer_receive(&self, arguments: &Value) -> Result<Value, Refusal> {
        let max = arguments["MaxNumberOfMessages"].as_u64().unwrap_or(1);
        if !(1..=10).contains(&max) {
            return Err(invalid("MaxNumberOfMessages", "1 to 10"));
        }
        let visibility = seconds(arguments, "VisibilityTimeout", 43_200)?;
        let wait = seconds(arguments, "WaitTimeSeconds", 20)?.unwrap_or_default();
        let mut polls = wait.num_milliseconds() / POLL_EVERY.as_millis() as i64;
        loop {
            let max = usize::try_from(max).unwrap_or(1);
            let messages = self.receive(queue_name(arguments)?, max, visibility).ok_or_else(no_such_queue)?;
            if !messages.is_empty() || polls == 0 {
                let shown: Vec<_> = messages.iter().map(|m| shown(m, arguments)).collect();
                return Ok(json!({ "Messages": shown }));
            }
            polls -= 1;
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    fn delete(&self, arguments: &Value, entry: &Value) -> Result<Value, Refusal> {
        let receipt = required(entry, "ReceiptHandle")?;
        self.on(arguments, |queue| queue.delete(receipt))?;
        Ok(json!({}))
    }

    fn change_visibility(&self, arguments: &Value, entry: &Value) -> Result<Value, Refusal> {
        let receipt = required(entry, "ReceiptHandle")?;
        let visibility =
            seconds(entry, "VisibilityTimeout", 43_200)?.ok_or_else(|| invalid("VisibilityTimeout", "0 to 43200"))?;
        let now = (self.now)();
        if self.on(arguments, |queue| queue.change_visibility(now, receipt, visibility))? {
            return Ok(json!({}));
        }
        let message = "the message is not in flight under this receipt handle";
        Err(Refusal::new("com.amazonaws.sqs#MessageNotInflight", message)
            .with_query_code("AWS.SimpleQueueService.MessageNotInflight"))
    }

    /// A batch call is its single call for each entry, with the failures listed apart.
    fn batch(
        &self,
        arguments: &Value,
        one: impl Fn(&Self, &Value, &Value) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        self.on(arguments, |_| ())?;
        let entries = arguments["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !(1..=10).contains(&entries.len()) {
            return Err(invalid("Entries", "1 to 10"));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            match one(self, arguments, entry) {
                Ok(mut done) => {
                    done["Id"] = entry["Id"].clone();
                    successful.push(done);
                }
                Err(Refusal { kind, message, .. }) => failed.push(json!({
                    "Id": entry["Id"], "Code": kind, "Message": message, "SenderFault": true,
                })),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

async fn handle(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let result = match arguments(&body) {
        Err(refusal) => Err(refusal),
        Ok(given) => match operation(&headers) {
            "GetQueueUrl" => sqs.url(&given, host),
            "GetQueueAttributes" => sqs.attributes(&given),
            "SendMessage" => sqs.send(&given),
            "SendMessageBatch" => sqs.batch(&given, Sqs::send_entry),
            "ReceiveMessage" => sqs.answer_receive(&given).await,
            "DeleteMessage" => sqs.delete(&given, &given),
            "DeleteMessageBatch" => sqs.batch(&given, Sqs::delete),
            "ChangeMessageVisibility" => sqs.change_visibility(&given, &given),
            "ChangeMessageVisibilityBatch" => sqs.batch(&given, Sqs::change_visibility),
            other => Err(Refusal::unknown_operation(other)),
        },
    };
    answer(result)
}
