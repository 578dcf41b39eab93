//! Requests that break between the real AWS SDK and the embedded DynamoDB. What the SDK does about it
//! by itself (it tries three times, here without pauses) is part of what is tested.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::retry::{RetryConfig, RetryPartition},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{aws::dynamodb::DynamoStore, domain::Instant, ports::Clock};
use leadline_cli::system::TABLE;
use leadline_standins::{
    dynamo::{self, DynamoConnector},
    faulty::Chaos,
};
use serde_json::{Value, json};

use super::{
    oracle::judge,
    plan::Told,
    process::{Broken, Process, lock},
    story::Story,
    world::{Over, Turns, World},
};
use crate::contract::Store;

/// How often it happens to one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// To its first request. The SDK tries again.
    Leases,
    /// To each of its requests, until the SDK gives up.
    Always,
}

/// What goes wrong with a request to DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFault {
    /// There is no connection: no effect.
    NoConnection(Times),
    /// It takes effect, and the connection breaks before the answer.
    AnswerLost(Times),
    /// It takes effect, and the answer is a 500: the SDK's next try applies it a second time.
    Failed(Times),
    /// The account's rate is used up: no effect.
    Throttled(Times),
    /// The partition's capacity is used up: no effect.
    OverCapacity(Times),
    /// Another transaction is at the same item: no effect.
    Conflict(Times),
    /// None of the keys of a batch are worked on.
    NothingProcessed(Times),
    /// Half of the keys of a batch are worked on.
    HalfProcessed,
    /// It takes 150 seconds to get there.
    LateThere,
    /// Its answer takes 150 seconds.
    LateBack,
    /// The process ends before it takes effect.
    DiesBefore,
    /// The process ends after it took effect.
    DiesAfter,
}

/// Every way in which a request breaks.
pub const FAULTS: [HttpFault; 19] = {
    use HttpFault::*;
    use Times::*;
    [
        NoConnection(Leases),
        NoConnection(Always),
        AnswerLost(Leases),
        AnswerLost(Always),
        Failed(Leases),
        Failed(Always),
        Throttled(Leases),
        Throttled(Always),
        OverCapacity(Leases),
        OverCapacity(Always),
        Conflict(Leases),
        Conflict(Always),
        NothingProcessed(Leases),
        NothingProcessed(Always),
        HalfProcessed,
        LateThere,
        LateBack,
        DiesBefore,
        DiesAfter,
    ]
};

impl HttpFault {
    /// Whether it can happen to a request of this operation, and differs from the others there.
    #[must_use]
    pub fn means_something_for(self, operation: &str) -> bool {
        let writes = is_write(operation);
        match self {
            Self::AnswerLost(_) | Self::Conflict(_) => writes,
            Self::NothingProcessed(_) | Self::HalfProcessed => operation.starts_with("Batch"),
            _ => true,
        }
    }

    /// It in few words.
    #[must_use]
    pub fn name(self) -> String {
        let (name, times) = match self {
            Self::NoConnection(times) => ("no connection", Some(times)),
            Self::AnswerLost(times) => ("answer lost", Some(times)),
            Self::Failed(times) => ("applied, 500", Some(times)),
            Self::Throttled(times) => ("throttled", Some(times)),
            Self::OverCapacity(times) => ("over capacity", Some(times)),
            Self::Conflict(times) => ("conflict", Some(times)),
            Self::NothingProcessed(times) => ("unprocessed", Some(times)),
            Self::HalfProcessed => ("half processed", None),
            Self::LateThere => ("150 s late", None),
            Self::LateBack => ("answer 150 s late", None),
            Self::DiesBefore => ("dies before", None),
            Self::DiesAfter => ("dies after", None),
        };
        match times {
            Some(Times::Leases) => format!("{name} ×1"),
            Some(Times::Always) => format!("{name} ×3"),
            None => name.to_owned(),
        }
    }
}

fn is_write(operation: &str) -> bool {
    !matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "TransactGetItems")
}

/// Counts requests, and breaks one.
#[derive(Clone)]
pub struct Breaking {
    inner: DynamoConnector,
    current: Arc<Mutex<Option<Arc<Process>>>>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    operations: Vec<String>,
    breaks: Option<Broken<HttpFault>>,
    /// What breaks besides: the further tries of the same operation.
    also: Option<(Same, HttpFault)>,
}

/// What makes it the same operation.
#[derive(PartialEq, Eq)]
enum Same {
    /// The SDK tries it again.
    Invocation(String),
    /// The process asks again for what was left.
    Asked(String, usize),
}

impl std::fmt::Debug for Breaking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breaking").finish_non_exhaustive()
    }
}

impl Breaking {
    /// What goes wrong with this request.
    fn fault(&self, process: usize, operation: &str, request: &HttpRequest) -> Option<HttpFault> {
        use HttpFault::{AnswerLost, Conflict, Failed, NoConnection, NothingProcessed, OverCapacity, Throttled};
        let invocation = request.headers().get("amz-sdk-invocation-id").unwrap_or_default();
        let (tried, asked) = (Same::Invocation(invocation.to_owned()), Same::Asked(operation.to_owned(), process));
        let mut seen = lock(&self.seen);
        seen.operations.push(operation.to_owned());
        let number = seen.operations.len();
        if let Some(Broken { fault, .. }) = seen.breaks.filter(|broken| broken.call + 1 == number) {
            seen.also = match fault {
                NothingProcessed(Times::Always) => Some((asked, fault)),
                NoConnection(Times::Always)
                | AnswerLost(Times::Always)
                | Failed(Times::Always)
                | Throttled(Times::Always)
                | OverCapacity(Times::Always)
                | Conflict(Times::Always) => Some((tried, fault)),
                _ => None,
            };
            return Some(fault);
        }
        seen.also.as_ref().filter(|(same, _)| *same == tried || *same == asked).map(|(_, fault)| *fault)
    }
}

impl HttpConnector for Breaking {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.answer(request).await })
    }
}

impl Breaking {
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let process = lock(&self.current).clone();
        if process.as_ref().is_some_and(|process| process.is_dead()) {
            std::future::pending::<()>().await;
        }
        let operation = dynamo::operation(&request).unwrap_or_default().to_owned();
        let process = process.expect("a process runs");
        let id = Arc::as_ptr(&process) as usize;
        let Some(fault) = self.fault(id, &operation, &request) else { return self.inner.call(request).await };
        let late = TimeDelta::seconds(150);
        match fault {
            HttpFault::NoConnection(_) => Err(ConnectorError::io("no connection".into())),
            HttpFault::AnswerLost(_) => {
                self.inner.call(request).await?;
                Err(ConnectorError::io("the connection was cut".into()))
            }
            HttpFault::Failed(_) => {
                self.inner.call(request).await?;
                Ok(answer(500, &error("InternalServerError", "it failed inside")))
            }
            HttpFault::Throttled(_) => Ok(answer(400, &error("ThrottlingException", "slow down"))),
            HttpFault::OverCapacity(_) => {
                Ok(answer(400, &error("ProvisionedThroughputExceededException", "too much at once")))
            }
            HttpFault::Conflict(_) => Ok(answer(400, &conflict(&operation, &request))),
            HttpFault::NothingProcessed(_) => Ok(answer(200, &unprocessed(&operation, &body(&request)))),
            HttpFault::HalfProcessed => self.half(&operation, request).await,
            HttpFault::LateThere => {
                process.pass(late).await;
                self.inner.call(request).await
            }
            HttpFault::LateBack => {
                let answer = self.inner.call(request).await;
                process.pass(late).await;
                answer
            }
            HttpFault::DiesBefore => {
                process.die();
                std::future::pending().await
            }
            HttpFault::DiesAfter => {
                self.inner.call(request).await?;
                process.die();
                std::future::pending().await
            }
        }
    }

    /// Works on the first half of a batch and hands the rest back.
    async fn half(&self, operation: &str, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let whole = body(&request);
        let (mut first, mut rest) = (whole.clone(), whole.clone());
        for table in whole["RequestItems"].as_object().expect("tables").keys() {
            let list = |value: &mut Value| -> Vec<Value> {
                let keys = if operation == "BatchGetItem" {
                    &mut value["RequestItems"][table]["Keys"]
                } else {
                    &mut value["RequestItems"][table]
                };
                std::mem::take(keys.as_array_mut().expect("a list"))
            };
            let mut keys = list(&mut first);
            list(&mut rest);
            let after = keys.split_off(keys.len().div_ceil(2));
            let put = |value: &mut Value, keys: Vec<Value>| {
                if operation == "BatchGetItem" {
                    value["RequestItems"][table]["Keys"] = keys.into();
                } else {
                    value["RequestItems"][table] = keys.into();
                }
            };
            put(&mut first, keys);
            if after.is_empty() {
                rest["RequestItems"].as_object_mut().expect("tables").remove(table);
            } else {
                put(&mut rest, after);
            }
        }
        *request.body_mut() = SdkBody::from(first.to_string());
        let answered = self.inner.call(request).await?;
        let mut done: Value = serde_json::from_slice(answered.body().bytes().unwrap_or_default()).expect("JSON");
        let left = if operation == "BatchGetItem" { "UnprocessedKeys" } else { "UnprocessedItems" };
        done[left] = rest["RequestItems"].take();
        Ok(answer(200, &done))
    }
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body().bytes().unwrap_or_default()).expect("JSON")
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

fn error(code: &str, message: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message })
}

fn conflict(operation: &str, request: &HttpRequest) -> Value {
    if operation != "TransactWriteItems" {
        return error("TransactionConflictException", "a transaction is at the item");
    }
    let items = body(request)["TransactItems"].as_array().map_or(0, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); items];
    reasons[0] = json!({ "Code": "TransactionConflict", "Message": "a transaction is at the item" });
    let mut cancelled = error("TransactionCanceledException", "cancelled [TransactionConflict]");
    cancelled["CancellationReasons"] = reasons.into();
    cancelled
}

fn unprocessed(operation: &str, body: &Value) -> Value {
    match operation {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": body["RequestItems"] }),
        _ => json!({ "UnprocessedItems": body["RequestItems"] }),
    }
}

/// The first key of the due index, read without the SDK: it is asked for all the time.
fn first_due(database: &DynamoConnector) -> Option<Instant> {
    let body = json!({ "TableName": TABLE, "IndexName": "due" });
    let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
    request.headers_mut().insert("x-amz-target", "DynamoDB_20120810.Scan");
    let answer = database.call(request).now_or_never().expect("at once").expect("an answer");
    let found: Value = serde_json::from_slice(answer.body().bytes().unwrap_or_default()).expect("JSON");
    let due = |item: &Value| {
        let (at, _) = item["due_sk"]["S"].as_str()?.split_once('#')?;
        Some(chrono::DateTime::parse_from_rfc3339(at).expect("a moment").to_utc())
    };
    found["Items"].as_array().expect("items").iter().filter_map(due).min()
}

/// Runs so far: each has the SDK's allowance of retries to itself.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Tells a story over the real SDK. Gives what it came to and the operations that were requested.
///
/// # Panics
/// When the embedded database does not start.
pub async fn tell(story: &Story, breaks: Option<Broken<HttpFault>>) -> (Told, Vec<String>) {
    let clock = World::clock();
    let seconds = clock.clone();
    let database = dynamo::embedded(move || u64::try_from(seconds.now().timestamp()).unwrap_or(0)).expect("it starts");
    dynamo::create_table(&database.client(), TABLE).await.expect("a table");
    let current = Arc::default();
    let seen = Arc::new(Mutex::new(Seen { breaks, ..Seen::default() }));
    let breaking = Breaking { inner: database.connector(), current: Arc::clone(&current), seen: seen.clone() };
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    let config = dynamo::client_over(breaking).config().to_builder();
    let config = config
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::ZERO))
        .retry_partition(RetryPartition::new(format!("run {run}")))
        .build();
    let base: Arc<dyn Store> = Arc::new(DynamoStore::new(Client::from_conf(config), TABLE));
    let store: Arc<dyn Store> = Arc::new(DynamoStore::new(database.client(), TABLE));
    let first_due = Arc::new(move || first_due(&database.connector()));
    let over = Over { base, store, breaks_ports: false, current, first_due, clock };
    let mut world = World::begin(over, story, Turns::default(), None).await;
    let at_rest = world.run().await;
    let told = Told {
        verdict: judge(&world, at_rest).await,
        first_texts: world.first_texts(),
        calls: Vec::new(),
        reached: world.reached,
        executions: std::mem::take(&mut world.executions),
    };
    let operations = std::mem::take(&mut lock(&seen).operations);
    (told, operations)
}
