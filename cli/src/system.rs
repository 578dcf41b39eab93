//! The whole system on one machine: the same handlers as on Lambda, over embedded stand-ins, on one
//! clock that can be moved.
//!
//! DynamoDB is embedded and reached by the real SDK; the SMS provider is a stand-in behind its real
//! HTTP client. Nothing leaves the machine.

mod drive;
mod queue;
mod reply;
pub mod setup;

use std::sync::Arc;

use anyhow::Context;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{Instant, ids::ClientId},
    integrations::{
        self,
        outbound::{Endpoints, Providers, http_client},
    },
    ports::{Clock, IdSource},
    runtime::new_secret,
};
use leadline_standins::{
    carrier::Carrier,
    dynamo::{self, EmbeddedDynamo},
    fakes::{FixedSecrets, Mailbox, SimClock},
    feed::ListedForms,
    providers,
};
use tokio::net::TcpListener;

pub use drive::{Happening, SCHEDULER_EVERY};
pub use queue::{DEAD, LocalQueue, RECEIVES, TEXTS, VISIBILITY};
pub use setup::{ClientSetup, Setup};

/// The table's name on one machine.
pub const TABLE: &str = "leadline";

/// The name of the table that remembers erasures.
pub const ERASURES: &str = "leadline-erasures";

/// The whole system on one machine.
pub struct System {
    /// The one clock.
    pub clock: SimClock,
    /// The embedded database.
    pub dynamo: EmbeddedDynamo,
    /// The stores over it.
    pub store: Arc<DynamoStore>,
    /// The queue of texts.
    pub queue: LocalQueue,
    /// The stand-in provider's script and ledger.
    pub carrier: Carrier,
    /// Where the stand-in for the providers is.
    pub twilio: String,
    /// What the clients' Kajabi sites list. Nothing is, unless it is put there.
    pub kajabi: ListedForms,
    /// Operators' emails.
    pub mailbox: Mailbox,
    /// The webhook, as on Lambda.
    pub webhook: leadline_webhook::Deps,
    /// The console, as on Lambda.
    pub console: leadline_console::Deps,
    /// The scheduler, as on Lambda.
    pub scheduler: leadline_scheduler::Deps,
    /// The sender, as on Lambda.
    pub sender: leadline_sender::Deps,
    /// The reporter, as on Lambda.
    pub reporter: leadline_reporter::Deps,
    /// What each client was set up with.
    pub clients: Vec<ClientSetup>,
    drive: drive::Drive,
}

impl System {
    /// Starts the system at `now` with these clients. `public_url` is the address that it would be
    /// reached at.
    ///
    /// # Errors
    /// When a stand-in cannot start or a client cannot be written.
    pub async fn start(setup: Setup, now: Instant, ids: Arc<dyn IdSource>, public_url: &str) -> anyhow::Result<Self> {
        let clock = SimClock::new(now);
        let seconds = clock.clone();
        let dynamo = dynamo::embedded(move || u64::try_from(seconds.now().timestamp()).unwrap_or(0))?;
        dynamo::create_table(&dynamo.client(), TABLE).await.context("creating the table")?;
        dynamo::create_erasures_table(&dynamo.client(), ERASURES).await.context("creating the table of erasures")?;
        let store = Arc::new(DynamoStore::new(dynamo.client(), TABLE));
        let secrets = FixedSecrets::new();
        setup.write(store.as_ref(), Some(now)).await?;
        setup.clients.iter().for_each(|client| client.keep_secrets(&secrets));

        let carrier_clock = clock.clone();
        let carrier = Carrier::new(move || carrier_clock.now());
        let listener = TcpListener::bind("127.0.0.1:0").await.context("opening a port for the stand-in provider")?;
        let twilio_base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(providers::serve(listener, setup.accounts(), carrier.clone()));

        let queue = LocalQueue::new(clock.clone());
        let mailbox = Mailbox::new(clock.clone());
        let endpoints = Endpoints::stand_in(&twilio_base, public_url);
        let secrets = Arc::new(secrets);
        let provider = Arc::new(Providers::new(http_client()?, secrets.clone(), endpoints));
        let kajabi = ListedForms::new();
        let (shared_clock, mailer) = (Arc::new(clock.clone()), Arc::new(mailbox.clone()));
        Ok(Self {
            console: leadline_console::Deps {
                store: store.clone(),
                requests: store.clone(),
                new_secret,
                queue: Arc::new(queue.clone()),
                mailer: mailer.clone(),
                clock: shared_clock.clone(),
                ids: ids.clone(),
            },
            webhook: leadline_webhook::Deps {
                store: store.clone(),
                sources: integrations::SOURCES,
                read: integrations::read,
                queue: Arc::new(queue.clone()),
                mailer: mailer.clone(),
                secrets,
                clock: shared_clock.clone(),
                ids: ids.clone(),
                public_url: public_url.to_owned(),
                tenants: setup.tenants,
                refused: Arc::new(leadline_webhook::Tally::new(store.clone())),
            },
            scheduler: leadline_scheduler::Deps {
                store: store.clone(),
                read: integrations::read,
                queue: Arc::new(queue.clone()),
                mailer: mailer.clone(),
                clock: shared_clock.clone(),
                ids: ids.clone(),
                tenants: setup.tenants,
            },
            sender: leadline_sender::Deps {
                store: store.clone(),
                redelivery: Arc::new(queue.clone()),
                provider,
                mailer: mailer.clone(),
                clock: shared_clock.clone(),
                ids: ids.clone(),
            },
            reporter: leadline_reporter::Deps {
                store: store.clone(),
                read: integrations::read,
                feed: Arc::new(kajabi.clone()),
                mailer,
                clock: shared_clock,
                ids,
                // The stand-in for the providers posts none by itself.
                receipts_come: false,
            },
            clock,
            dynamo,
            store,
            queue,
            carrier,
            twilio: twilio_base,
            kajabi,
            mailbox,
            clients: setup.clients,
            drive: drive::Drive::from(now),
        })
    }

    /// A client's set-up.
    #[must_use]
    pub fn client(&self, id: &ClientId) -> Option<&ClientSetup> {
        self.clients.iter().find(|setup| setup.settings.id == *id)
    }
}
