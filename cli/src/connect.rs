//! Where commands find things: the local run, or an account on AWS.

mod account;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::{Context, bail};
use leadline::{
    aws::{
        dynamodb::{DynamoErasures, DynamoStore},
        secrets::AwsSecrets,
        sqs::{SqsDeadLetters, SqsTextQueue},
    },
    domain::{
        Instant,
        ids::{ClientId, RunId},
    },
    flows::record::Recorder,
    integrations::outbound::{Providers, http_client},
    ports::{Clock, Directory, ErasureLedger, IdSource},
    runtime::{AwsClients, RandomIds, Settings, SystemClock, provider_endpoints},
};
use serde::{Deserialize, Serialize};

pub use account::Account;

/// The file in which the local run says where it is, below the present folder.
pub const LOCAL_FILE: &str = ".leadline/local.json";

/// Where the local run is. The fields are a promise between one release's commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalRun {
    /// Its page, which is also its public address.
    pub page: String,
    /// Its database.
    pub dynamodb: String,
    /// Its table.
    pub table: String,
    /// Its table of erasures.
    #[serde(default)]
    pub erasures_table: String,
    /// Where its clock can be read, as `{"now": …}`.
    pub now: String,
    /// Its queues.
    pub sqs: String,
    /// The queue of texts.
    pub queue_url: String,
    /// The queue of those that were given up.
    pub dead_letters_url: String,
    /// Its clients' secrets.
    pub secrets: String,
    /// What their names begin with.
    pub secrets_prefix: String,
    /// Its stand-in for the SMS providers.
    pub twilio: String,
}

impl LocalRun {
    /// What the environment of a function would hold here.
    fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => self.dynamodb.clone(),
            "AWS_ENDPOINT_URL_SQS" => self.sqs.clone(),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => self.secrets.clone(),
            "AWS_REGION" => "us-east-1".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local".to_owned(),
            "LEADLINE_ERASURES_TABLE" => self.erasures_table.clone(),
            "LEADLINE_QUEUE_URL" => self.queue_url.clone(),
            "LEADLINE_DEAD_LETTERS_URL" => self.dead_letters_url.clone(),
            "LEADLINE_SECRETS_PREFIX" => self.secrets_prefix.clone(),
            "LEADLINE_TWILIO_URL" | "LEADLINE_OPENPHONE_URL" => self.twilio.clone(),
            "LEADLINE_SIMPLETEXTING_URL" => format!("{}/v2", self.twilio),
            "LEADLINE_PUBLIC_URL" => self.page.clone(),
            _ => return None,
        })
    }
}

/// Which client, and where it is.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The client. Needed only when there are several.
    #[arg(long, global = true)]
    pub client: Option<ClientId>,
    /// A table on AWS, by the credentials and region in the environment, instead of the local run.
    #[arg(long, global = true)]
    pub table: Option<String>,
    /// Whose table.
    #[command(flatten)]
    pub account: Account,
}

/// Where a client is to be that is not there yet.
#[derive(Debug, Clone, clap::Args)]
pub struct Table {
    /// A table on AWS, by the credentials and region in the environment, instead of the local run.
    #[arg(long)]
    pub table: Option<String>,
    /// Whose table.
    #[command(flatten)]
    pub account: Account,
}

impl From<Table> for Target {
    fn from(Table { table, account }: Table) -> Self {
        Self { client: None, table, account }
    }
}

/// Where the queues are. The local run says it by itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Queues {
    /// The queue of texts: the stack's output `QueueUrl`. Else `LEADLINE_QUEUE_URL` says it.
    #[arg(long, value_name = "URL")]
    pub queue_url: Option<String>,
    /// The queue of dead letters: the stack's output `DeadLetterQueueUrl`. Else `LEADLINE_DEAD_LETTERS_URL` says it.
    #[arg(long, value_name = "URL")]
    pub dead_letters_url: Option<String>,
}

/// Where things are.
pub struct Place {
    /// The stores.
    pub store: DynamoStore,
    /// The moment there: the local run's clock may have been moved.
    pub now: Instant,
    run: Option<LocalRun>,
    given: BTreeMap<String, String>,
}

/// A place and a client in it.
pub struct Connection {
    /// The stores.
    pub store: DynamoStore,
    /// The moment there.
    pub now: Instant,
    /// The client.
    pub client: ClientId,
}

impl Connection {
    /// Records what is done there, as one run. `test`: whether the client is in test mode.
    #[must_use]
    pub fn recorder(&self, test: bool) -> Recorder<'_> {
        let run = RunId(RandomIds.new_id(self.now));
        Recorder { ids: &RandomIds, client: &self.client, test, run, now: self.now }
    }
}

impl Target {
    /// Connects, and finds out which client is meant.
    ///
    /// # Errors
    /// When there is nothing to connect to, or it is not clear which client is meant.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let place = self.open().await?;
        let client = self.client_in(&place.store).await?;
        Ok(Connection { store: place.store, now: place.now, client })
    }

    /// Connects.
    ///
    /// # Errors
    /// When there is nothing to connect to.
    pub async fn open(&self) -> anyhow::Result<Place> {
        let (run, table, now) = match &self.table {
            Some(table) => (None, table.clone(), SystemClock.now()),
            None => {
                let (run, now) = local(Path::new(LOCAL_FILE)).await?;
                let table = run.table.clone();
                (Some(run), table, now)
            }
        };
        let given = self.account.given()?;
        let mut settings = settings(run.clone(), &given, &Queues::default());
        let aws = AwsClients::new(&mut settings);
        let store = DynamoStore::new(aws.dynamodb(&settings), table);
        settings.check()?;
        Ok(Place { store, now, run, given })
    }

    /// The client that is meant: the one that was named, or the only one.
    ///
    /// # Errors
    /// When it is not clear which one is meant.
    pub async fn client_in(&self, store: &DynamoStore) -> anyhow::Result<ClientId> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let clients = store.clients().await.context("reading the list of clients")?;
        match clients.as_slice() {
            [only] => Ok(only.id.clone()),
            [] => bail!("there are no clients"),
            many => {
                let ids: Vec<&str> = many.iter().map(|client| client.id.as_str()).collect();
                bail!("say which client: --client {}", ids.join(" | "));
            }
        }
    }

    /// The client that was named, or all of them.
    ///
    /// # Errors
    /// When the list of clients cannot be read.
    pub async fn clients_in(&self, store: &DynamoStore) -> anyhow::Result<Vec<ClientId>> {
        match &self.client {
            Some(client) => Ok(vec![client.clone()]),
            None => {
                let clients = store.clients().await.context("reading the list of clients")?;
                Ok(clients.into_iter().map(|client| client.id).collect())
            }
        }
    }
}

impl Place {
    /// Where the local run is reached, if this is it.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        self.run.as_ref().map(|run| run.page.as_str())
    }

    /// The dead letters.
    ///
    /// # Errors
    /// When nothing says where they are.
    pub fn dead_letters(&self, queues: &Queues) -> anyhow::Result<SqsDeadLetters> {
        let mut settings = settings(self.run.clone(), &self.given, queues);
        let aws = AwsClients::new(&mut settings);
        let url = settings.text("LEADLINE_DEAD_LETTERS_URL");
        let letters = SqsDeadLetters::new(aws.sqs(&settings), url);
        settings.check().context("where are the queues? give --dead-letters-url, or set it")?;
        Ok(letters)
    }

    /// Where erasures are remembered, once it is sure that it can be read.
    ///
    /// # Errors
    /// When nothing says where, or it cannot be read.
    pub async fn erasures(&self, named: Option<&str>) -> anyhow::Result<DynamoErasures> {
        const WHERE: &str = "where are erasures remembered? Give --erasures-table, or set LEADLINE_ERASURES_TABLE: it is \
                             the stack's output ErasuresTableName";
        let mut settings = settings(self.run.clone(), &self.given, &Queues::default());
        let aws = AwsClients::new(&mut settings);
        let given = named.map(str::to_owned).or_else(|| settings.optional("LEADLINE_ERASURES_TABLE"));
        let table = given.filter(|table| !table.is_empty()).context(WHERE)?;
        let erasures = DynamoErasures::new(aws.dynamodb(&settings), &table);
        settings.check()?;
        // Any client will do. It is asked before anything is erased: no erasure without remembering it.
        let any = ClientId::parse("any")?;
        let read = erasures.erasures(&any, self.now).await;
        read.with_context(|| format!("the table of erasures {table} cannot be read, so nothing was done"))?;
        Ok(erasures)
    }

    /// The queue of texts.
    ///
    /// # Errors
    /// When nothing says where it is.
    pub fn texts(&self, queues: &Queues) -> anyhow::Result<SqsTextQueue> {
        let mut settings = settings(self.run.clone(), &self.given, queues);
        let aws = AwsClients::new(&mut settings);
        let texts = SqsTextQueue::new(aws.sqs(&settings), settings.text("LEADLINE_QUEUE_URL"));
        settings.check().context("where are the queues? give --queue-url, or set it")?;
        Ok(texts)
    }

    /// The clients' SMS providers, with the clients' own secrets.
    ///
    /// # Errors
    /// When the environment is not complete.
    pub fn provider(&self) -> anyhow::Result<Providers> {
        let mut settings = settings(self.run.clone(), &self.given, &Queues::default());
        let aws = AwsClients::new(&mut settings);
        let prefix = settings.text("LEADLINE_SECRETS_PREFIX");
        let secrets = AwsSecrets::new(aws.secrets(&settings), prefix, Arc::new(SystemClock));
        // Only what is sent names it, and nothing is sent from here.
        let public_url = settings.optional("LEADLINE_PUBLIC_URL").unwrap_or_default();
        let endpoints = provider_endpoints(&settings, public_url);
        settings.check()?;
        Ok(Providers::new(http_client()?, Arc::new(secrets), endpoints))
    }
}

/// What was given with the command, else what the local run says, else the environment.
fn settings(run: Option<LocalRun>, given: &BTreeMap<String, String>, queues: &Queues) -> Settings {
    let (Queues { queue_url, dead_letters_url }, of_account) = (queues.clone(), given.clone());
    let environment = Settings::from_environment();
    Settings::from(move |name| {
        let given = match name {
            "LEADLINE_QUEUE_URL" => queue_url.clone(),
            "LEADLINE_DEAD_LETTERS_URL" => dead_letters_url.clone(),
            name => of_account.get(name).cloned(),
        };
        given.or_else(|| match &run {
            Some(run) => run.value(name),
            None => environment.optional(name),
        })
    })
}

async fn local(file: &Path) -> anyhow::Result<(LocalRun, Instant)> {
    let Ok(text) = std::fs::read(file) else {
        bail!(
            "the local run is not running here ({} is not there); start it with `cargo local`, or give --table",
            file.display()
        );
    };
    let run: LocalRun = crate::read::parse(file, &text)?;
    let now = now_of(&run).await.with_context(|| {
        format!(
            "the local run does not answer at {}; if it is not running any more, start it again with `cargo local`",
            run.page
        )
    })?;
    Ok((run, now))
}

async fn now_of(run: &LocalRun) -> anyhow::Result<Instant> {
    #[derive(Deserialize)]
    struct Now {
        now: Instant,
    }
    let client = http_client()?;
    let answer = client.get(&run.now).send().await?.error_for_status()?;
    Ok(answer.json::<Now>().await?.now)
}
