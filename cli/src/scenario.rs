//! A scenario: clients, and what comes in when. Documented in `docs/scenarios.md`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use leadline::domain::{
    Instant,
    ids::{CampaignId, ClientId},
    tenants::Tenants,
};
use leadline_standins::carrier::Behaviour;
use serde::Deserialize;

use crate::{
    read,
    system::{ClientSetup, Setup},
};

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
pub struct Scenario {
    /// What it shows, for people.
    #[serde(default)]
    pub about: String,
    /// When it begins.
    pub start: Instant,
    /// When it ends. Without it, when nothing waits any more and the last day's report is out.
    #[serde(default)]
    pub until: Option<Instant>,
    /// Whether the clients have one owner.
    #[serde(default)]
    pub tenants: Tenants,
    /// The clients.
    pub clients: Vec<ClientSetup>,
    /// What happens, in the order of time.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
}

/// Something that happens at a moment: exactly one of the fields beside `at`.
#[derive(Debug, Clone, Deserialize)]
pub struct Delivery {
    /// When.
    pub at: Instant,
    /// Kajabi posts an event.
    #[serde(default)]
    pub kajabi: Option<KajabiPost>,
    /// Someone replies by text.
    #[serde(default)]
    pub reply: Option<ReplyPost>,
    /// A calendar says something of a booking.
    #[serde(default)]
    pub booking: Option<BookingPost>,
    /// The SMS provider behaves otherwise from now on.
    #[serde(default)]
    pub provider: Option<ProviderChange>,
    /// A campaign is paused, or runs again.
    #[serde(default)]
    pub campaign: Option<CampaignChange>,
    /// The client's sending is put on hold or taken up again.
    #[serde(default)]
    pub sending: Option<SendingChange>,
}

/// An event that Kajabi posts.
#[derive(Debug, Clone, Deserialize)]
pub struct KajabiPost {
    /// To which client. The only one if there is one.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// The body, inline.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Or a file that holds it, beside the scenario.
    #[serde(default)]
    pub body_file: Option<PathBuf>,
    /// Another token than the client's, to see it refused.
    #[serde(default)]
    pub token: Option<String>,
    /// What the bytes are by now.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A reply by text.
#[derive(Debug, Clone, Deserialize)]
pub struct ReplyPost {
    /// To which client. The only one if there is one.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// The sender's number.
    pub from: String,
    /// What it says.
    pub body: String,
}

/// An event that a calendar posts, signed with what the client's secret holds.
#[derive(Debug, Clone, Deserialize)]
pub struct BookingPost {
    /// To which client. The only one if there is one.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// Which calendar.
    pub by: Calendar,
    /// The body, inline.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Or a file that holds it, beside the scenario.
    #[serde(default)]
    pub body_file: Option<PathBuf>,
    /// What the bytes are by now.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A calendar that people book by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    /// Calendly.
    Calendly,
    /// Cal.com.
    Calcom,
}

/// How the SMS provider behaves.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderChange {
    /// What it does with a text.
    pub behaviour: ProviderBehaviour,
    /// For this number only.
    #[serde(default)]
    pub to: Option<String>,
    /// For this many texts only.
    #[serde(default)]
    pub next: Option<usize>,
}

/// What the SMS provider does with a text.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderBehaviour {
    /// Accepts it.
    Accept,
    /// Refuses it with a code, such as 21610.
    Refuse {
        /// Twilio's code.
        code: u32,
        /// The HTTP status; 400 if none is given.
        #[serde(default)]
        http_status: Option<u16>,
    },
    /// Accepts it, and the answer is lost.
    AnswerLost,
    /// Does not get it, and no answer comes.
    RequestLost,
    /// Answers 503.
    Down,
    /// Answers 429.
    Throttled,
}

/// A change of a campaign.
#[derive(Debug, Clone, Deserialize)]
pub struct CampaignChange {
    /// Of which client. The only one if there is one.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// Which.
    pub id: CampaignId,
    /// What it is from now on.
    pub status: leadline::domain::campaign::CampaignStatus,
}

/// A change of a client's sending.
#[derive(Debug, Clone, Deserialize)]
pub struct SendingChange {
    /// Of which client. The only one if there is one.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// `on`, or `{"on-hold": {"reason": …, "since": …}}`.
    pub state: leadline::domain::client::Sending,
}

impl From<ProviderBehaviour> for Behaviour {
    fn from(behaviour: ProviderBehaviour) -> Self {
        match behaviour {
            ProviderBehaviour::Accept => Self::Accept,
            ProviderBehaviour::Refuse { code, http_status } => {
                Self::Refuse { code, http_status: http_status.unwrap_or(400) }
            }
            ProviderBehaviour::AnswerLost => Self::AnswerLost,
            ProviderBehaviour::RequestLost => Self::RequestLost,
            ProviderBehaviour::Down => Self::Down,
            ProviderBehaviour::Throttled => Self::Throttled,
        }
    }
}

impl Scenario {
    /// Reads a scenario and the bodies it names, and checks that it makes sense.
    ///
    /// # Errors
    /// What is wrong, with file, line and field where it is a matter of one.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let mut scenario: Self = read::json(path)?;
        let beside = path.parent().unwrap_or(Path::new("."));
        let problems = Setup { clients: scenario.clients.clone(), tenants: scenario.tenants }.problems();
        if !problems.is_empty() {
            bail!("{}: {}", path.display(), problems.join("; "));
        }
        let clients: BTreeMap<ClientId, ()> =
            scenario.clients.iter().map(|client| (client.settings.id.clone(), ())).collect();
        if clients.len() != scenario.clients.len() {
            bail!("{}: `clients`: two clients have the same id", path.display());
        }
        let mut last = scenario.start;
        for (n, delivery) in scenario.deliveries.iter_mut().enumerate() {
            let at = format!("{}: `deliveries[{n}]`", path.display());
            if delivery.at < last {
                bail!("{at}: `at` is before what comes before it");
            }
            last = delivery.at;
            if delivery.happenings() != 1 {
                bail!("{at}: give exactly one of `kajabi`, `reply`, `booking`, `provider`, `campaign` and `sending`");
            }
            for named in delivery.clients_mut() {
                match (&named, scenario.clients.as_slice()) {
                    (Some(id), _) if clients.contains_key(id) => {}
                    (Some(id), _) => bail!("{at}: `client`: there is no client {id}"),
                    (None, [only]) => *named = Some(only.settings.id.clone()),
                    (None, _) => bail!("{at}: `client` is missing, and there are several"),
                }
            }
            if let Some(post) = &mut delivery.kajabi {
                post.bytes = load(post.body.as_ref(), post.body_file.as_deref(), beside).with_context(|| at.clone())?;
            }
            if let Some(post) = &mut delivery.booking {
                post.bytes = load(post.body.as_ref(), post.body_file.as_deref(), beside).with_context(|| at)?;
            }
        }
        Ok(scenario)
    }
}

impl Delivery {
    fn happenings(&self) -> usize {
        let given = [
            self.kajabi.is_some(),
            self.reply.is_some(),
            self.booking.is_some(),
            self.provider.is_some(),
            self.campaign.is_some(),
            self.sending.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    fn clients_mut(&mut self) -> impl Iterator<Item = &mut Option<ClientId>> {
        let kajabi = self.kajabi.iter_mut().map(|post| &mut post.client);
        let reply = self.reply.iter_mut().map(|post| &mut post.client);
        let booking = self.booking.iter_mut().map(|post| &mut post.client);
        let campaign = self.campaign.iter_mut().map(|change| &mut change.client);
        let sending = self.sending.iter_mut().map(|change| &mut change.client);
        kajabi.chain(reply).chain(booking).chain(campaign).chain(sending)
    }
}

/// The body of a post, given inline or as a file.
fn load(body: Option<&serde_json::Value>, file: Option<&Path>, beside: &Path) -> anyhow::Result<Vec<u8>> {
    match (body, file) {
        (Some(body), None) => Ok(serde_json::to_vec(body)?),
        (None, Some(file)) => {
            let path = beside.join(file);
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            if path.extension().is_some_and(|extension| extension == "json") {
                // A recorded payload that is no JSON is a mistake of the scenario, not of who posts it.
                read::parse::<serde_json::Value>(&path, &bytes)?;
            }
            Ok(bytes)
        }
        _ => bail!("give either `body` or `body_file`"),
    }
}
