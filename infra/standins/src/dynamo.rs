//! The embedded DynamoDB: one dynoxide database, reached by an SDK client in process or over a port.
//! It has no throttling, no lag of its indexes and no transaction conflicts of its own: a test that
//! needs them puts a connector of its own in front of [`DynamoConnector`].

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError, storage_backend::Clock};
use serde::{Serialize, de::DeserializeOwned};

/// The index that finds due work: `due_pk`, `due_sk`, keys only.
pub const DUE_INDEX: &str = "due";
/// The index of those who wait for a person: `att_pk`, `att_sk`, keys only.
pub const ATTENTION_INDEX: &str = "attention";
/// The index that finds what happened on one day: `day_pk`, `day_sk`, whole items.
pub const DAY_INDEX: &str = "day";

/// An empty in-memory DynamoDB whose time-to-live runs on `clock` (seconds since 1970).
///
/// The ten-minute window in which a transaction's client token is remembered runs on real time.
///
/// # Errors
/// When SQLite cannot be opened.
pub fn embedded(clock: impl Fn() -> u64 + Send + Sync + 'static) -> anyhow::Result<EmbeddedDynamo> {
    let database = Database::memory_with_clock(Arc::new(ClockFn(clock))).context("open the in-memory DynamoDB")?;
    Ok(EmbeddedDynamo { database })
}

/// One embedded DynamoDB. Clones share the data.
#[derive(Clone)]
pub struct EmbeddedDynamo {
    database: Database,
}

impl EmbeddedDynamo {
    /// The connector that answers from this database, to be wrapped or given to [`client_over`].
    pub fn connector(&self) -> DynamoConnector {
        DynamoConnector { database: self.database.clone() }
    }

    /// An SDK client that calls this database without a socket and never retries.
    pub fn client(&self) -> Client {
        client_over(self.connector())
    }

    /// The database itself, for bulk loading and statistics.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Deletes the items whose time to live is over on the clock, and says how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn sweep_expired(&self) -> anyhow::Result<usize> {
        self.database.sweep_ttl().context("sweep expired items")
    }

    /// Serves this database on `listener`, for separate processes, until the future is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: tokio::net::TcpListener) -> anyhow::Result<()> {
        let forever = std::future::pending();
        dynoxide::server::serve_with_shutdown(listener, self.database.clone(), forever)
            .await
            .map_err(anyhow::Error::msg)
    }
}

/// An SDK client over any connector: retries, time limits and stream watching off, dummy
/// credentials, us-east-1.
pub fn client_over(connector: impl HttpConnector + 'static) -> Client {
    let connector = SharedHttpConnector::new(connector);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("standin", "standin", None, None, "standins"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}

/// Answers DynamoDB requests of the SDK from an embedded database, in process.
#[derive(Clone)]
pub struct DynamoConnector {
    database: Database,
}

impl fmt::Debug for DynamoConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoConnector").finish_non_exhaustive()
    }
}

impl HttpConnector for DynamoConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let database = self.database.clone();
        HttpConnectorFuture::new(async move { Ok(answer(&database, &request)) })
    }
}

/// The operation that a request asks for (`PutItem`, `Query`, ...), for wrapping connectors.
pub fn operation(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-amz-target")?.strip_prefix("DynamoDB_20120810.")
}

fn answer(database: &Database, request: &HttpRequest) -> HttpResponse {
    let body = request.body().bytes().unwrap_or_default();
    let operation = operation(request).unwrap_or_default();
    let (status, body) = match dispatch(database, operation, body) {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    };
    let status =
        StatusCode::try_from(status).unwrap_or_else(|_| StatusCode::try_from(500).expect("500 is a status code"));
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

fn dispatch(db: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match operation {
        "CreateTable" => run(body, |request| db.create_table(request)),
        "DeleteTable" => run(body, |request| db.delete_table(request)),
        "DescribeTable" => run(body, |request| db.describe_table(request)),
        "ListTables" => run(body, |request| db.list_tables(request)),
        "UpdateTimeToLive" => run(body, |request| db.update_time_to_live(request)),
        "DescribeTimeToLive" => run(body, |request| db.describe_time_to_live(request)),
        "PutItem" => run(body, |request| db.put_item(request)),
        "GetItem" => run(body, |request| db.get_item(request)),
        "UpdateItem" => run(body, |request| db.update_item(request)),
        "DeleteItem" => run(body, |request| db.delete_item(request)),
        "Query" => run(body, |request| db.query(request)),
        "Scan" => run(body, |request| db.scan(request)),
        "BatchGetItem" => run(body, |request| db.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| db.batch_write_item(request)),
        "TransactGetItems" => run(body, |request| db.transact_get_items(request)),
        "TransactWriteItems" => run(body, |request| db.transact_write_items(request)),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded DynamoDB does not serve the operation {other:?}"
        ))),
    }
}

fn run<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    call: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<String, DynoxideError> {
    let refuse = |error: serde_json::Error| DynoxideError::ValidationException(error.to_string());
    let request = serde_json::from_slice(body).map_err(refuse)?;
    serde_json::to_string(&call(request)?).map_err(refuse)
}

struct ClockFn<F>(F);

impl<F: Fn() -> u64 + Send + Sync> Clock for ClockFn<F> {
    fn now_unix_secs(&self) -> u64 {
        (self.0)()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        (self.0)() as f64
    }
}

/// Creates Leadline's table: `pk`, `sk`, the indexes [`DUE_INDEX`], [`ATTENTION_INDEX`] and [`DAY_INDEX`],
/// on-demand billing, time to live in `ttl`.
///
/// # Errors
/// When the database refuses, for example because the table is there already.
pub async fn create_table(client: &Client, name: &str) -> anyhow::Result<()> {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for attribute in ["pk", "sk", "due_pk", "due_sk", "att_pk", "att_sk", "day_pk", "day_sk"] {
        request = request.attribute_definitions(
            AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S).build()?,
        );
    }
    request
        .set_key_schema(Some(keys("pk", "sk")?))
        .global_secondary_indexes(index(DUE_INDEX, keys("due_pk", "due_sk")?, ProjectionType::KeysOnly)?)
        .global_secondary_indexes(index(ATTENTION_INDEX, keys("att_pk", "att_sk")?, ProjectionType::KeysOnly)?)
        .global_secondary_indexes(index(DAY_INDEX, keys("day_pk", "day_sk")?, ProjectionType::All)?)
        .send()
        .await
        .with_context(|| format!("create the table {name}"))?;
    let ttl = TimeToLiveSpecification::builder().attribute_name("ttl").enabled(true).build()?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl)
        .send()
        .await
        .with_context(|| format!("turn on time to live for {name}"))?;
    Ok(())
}

/// Creates the table that remembers erasures: `pk`, `sk`, on-demand billing.
///
/// # Errors
/// When the database refuses, for example because the table is there already.
pub async fn create_erasures_table(client: &Client, name: &str) -> anyhow::Result<()> {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for attribute in ["pk", "sk"] {
        request = request.attribute_definitions(
            AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S).build()?,
        );
    }
    let created = request.set_key_schema(Some(keys("pk", "sk")?)).send().await;
    created.with_context(|| format!("create the table {name}"))?;
    Ok(())
}

fn keys(hash: &str, range: &str) -> anyhow::Result<Vec<KeySchemaElement>> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![key(hash, KeyType::Hash)?, key(range, KeyType::Range)?])
}

fn index(name: &str, keys: Vec<KeySchemaElement>, projection: ProjectionType) -> anyhow::Result<GlobalSecondaryIndex> {
    Ok(GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(keys))
        .projection(Projection::builder().projection_type(projection).build())
        .build()?)
}

#[cfg(test)]
mod tests;
