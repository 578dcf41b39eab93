//! Where commands find the data: the local run, or a table on AWS.

use std::path::Path;

use anyhow::{Context, bail};
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{Instant, ids::ClientId},
    ports::{Clock, Directory},
    runtime::{AwsClients, Settings, SystemClock},
};
use serde::{Deserialize, Serialize};

/// The file in which the local run says where it is, below the present folder.
pub const LOCAL_FILE: &str = ".leadline/local.json";

/// Where the local run is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LocalRun {
    /// Its page.
    pub page: String,
    /// Its database.
    pub dynamodb: String,
    /// Its table.
    pub table: String,
    /// Where its clock can be read.
    pub now: String,
}

/// Which client, and where it is.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The client. Needed only when there are several.
    #[arg(long)]
    pub client: Option<ClientId>,
    /// A table on AWS, by the credentials and region in the environment, instead of the local run.
    #[arg(long)]
    pub table: Option<String>,
}

/// A connection to the data.
pub struct Connection {
    /// The stores.
    pub store: DynamoStore,
    /// The moment there: the local run's clock may have been moved.
    pub now: Instant,
    /// The client.
    pub client: ClientId,
}

impl Target {
    /// Connects.
    ///
    /// # Errors
    /// When there is nothing to connect to, or it is not clear which client is meant.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let (store, now) = match &self.table {
            Some(table) => (on_aws(table)?, SystemClock.now()),
            None => local(Path::new(LOCAL_FILE)).await?,
        };
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let clients = store.clients().await.context("reading the list of clients")?;
                match clients.as_slice() {
                    [only] => only.id.clone(),
                    [] => bail!("there are no clients"),
                    many => {
                        let ids: Vec<&str> = many.iter().map(|client| client.id.as_str()).collect();
                        bail!("say which client: --client {}", ids.join(" | "));
                    }
                }
            }
        };
        Ok(Connection { store, now, client })
    }
}

fn on_aws(table: &str) -> anyhow::Result<DynamoStore> {
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = DynamoStore::new(aws.dynamodb(&settings), table);
    settings.check()?;
    Ok(store)
}

async fn local(file: &Path) -> anyhow::Result<(DynamoStore, Instant)> {
    let Ok(text) = std::fs::read(file) else {
        bail!(
            "the local run is not running here ({} is not there); start it with `cargo local`, or give --table",
            file.display()
        );
    };
    let run: LocalRun = crate::read::parse(file, &text)?;
    let endpoint = run.dynamodb.clone();
    let mut settings = Settings::from(move |name| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        _ => None,
    });
    let aws = AwsClients::new(&mut settings);
    let now = now_of(&run).await.with_context(|| {
        format!(
            "the local run does not answer at {}; if it is not running any more, start it again with `cargo local`",
            run.page
        )
    })?;
    Ok((DynamoStore::new(aws.dynamodb(&settings), run.table), now))
}

async fn now_of(run: &LocalRun) -> anyhow::Result<Instant> {
    #[derive(Deserialize)]
    struct Now {
        now: Instant,
    }
    let client = leadline::providers::http_client()?;
    let answer = client.get(&run.now).send().await?.error_for_status()?;
    Ok(answer.json::<Now>().await?.now)
}
