//! Changing campaigns, in one place for whoever does it: a person at a terminal, a program with a key, or
//! a form that nobody knew. Each change is written over what was read and recorded with who, what and
//! from where.

mod discover;

use super::{
    record::Recorder,
    update::{Conflicts, Retries},
};
use domain::{
    Instant,
    audit::{Event, Status},
    campaign::{Campaign, CampaignStatus},
    document::{Problem, differences, in_words, texts_that_do_not_fit},
    ids::{CampaignId, ClientId, FormId},
    input,
    template_check::{Finding, StepCheck, check_campaign},
};
use ports::{Directory, Journal, StoreError, StoreResult};

pub use discover::{Discovered, Discovery};

/// Who does something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who: a name, or a key.
    pub who: String,
    /// From where: an address, or a machine's user.
    pub from: String,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {} from {}", self.who, self.from)
    }
}

/// Records that settings were changed: who, what, from where; when is the event's own time.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note(journal: &dyn Journal, recorder: &Recorder<'_>, actor: &Actor, what: &str) -> StoreResult<()> {
    let event = recorder.event(Event::SettingsChanged, Status::Ok).because("operator", format!("{what}, {actor}"));
    journal.record(&[event]).await
}

/// Somebody at work on a client's campaigns.
#[derive(Clone, Copy)]
pub struct Campaigns<'a> {
    /// Where they are.
    pub directory: &'a dyn Directory,
    /// Where changes are recorded.
    pub journal: &'a dyn Journal,
    /// The client, the moment, the run.
    pub recorder: Recorder<'a>,
    /// Who.
    pub actor: &'a Actor,
}

/// Why a campaign was not changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// The store. Whether anything was written is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("client {client} has no campaign `{id}`")]
    NoSuch {
        /// Whose.
        client: ClientId,
        /// Which.
        id: CampaignId,
    },
    /// There is one.
    #[error("there is a campaign {0} already")]
    Exists(CampaignId),
    /// It is over.
    #[error("campaign {id} was deactivated {}, which is for good; give a new one another id", at.format("%Y-%m-%d %H:%M UTC"))]
    Over {
        /// Which.
        id: CampaignId,
        /// Since when.
        at: Instant,
    },
    /// It would make no sense.
    #[error("campaign {id} makes no sense: {}", in_words(problems))]
    Senseless {
        /// Which.
        id: CampaignId,
        /// Everything that is wrong with it.
        problems: Vec<Problem>,
    },
    /// One of its forms enrolls into another.
    #[error("form {form} is another campaign's: {owner}")]
    FormTaken {
        /// The form.
        form: FormId,
        /// Whose it is.
        owner: CampaignId,
    },
    /// Somebody else was faster.
    #[error("somebody else changed campaign {0} meanwhile: nothing was written; look at it and do it again")]
    Meanwhile(CampaignId),
}

impl Conflicts for NotChanged {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Meanwhile(_))
    }
}

/// A change that was checked and not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What stands.
    pub old: Option<Campaign>,
    /// What would.
    pub new: Campaign,
    /// What was found out about its texts. None of it keeps changed texts from arriving.
    pub texts: Vec<StepCheck>,
}

impl Prepared {
    /// Whether anything would change.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.old.as_ref() != Some(&self.new)
    }

    /// What changes, for the audit.
    fn words(&self) -> String {
        let Prepared { old, new, .. } = self;
        match old {
            None => format!("campaign {}, version {}, new", new.id, new.version),
            Some(old) => {
                let mut fields = differences(old, new);
                fields.retain(|field| field != "version");
                let version = match (old.version, new.version) {
                    (old, new) if old == new => format!("version {new}"),
                    (old, new) => format!("version {old} to {new}"),
                };
                format!("campaign {}, {version}: {}", new.id, fields.join(", "))
            }
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// The campaign as it stands.
    pub campaign: Campaign,
    /// Whether anything was written.
    pub changed: bool,
    /// What was found out about its texts, if they were written.
    pub texts: Vec<StepCheck>,
}

/// What turns a campaign on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// No texts; forms still enroll.
    Pause,
    /// Texts again.
    Resume,
    /// No texts and no enrollment, for good. Its forms are free for another campaign.
    Deactivate,
    /// As [`Turn::Pause`]: what was sent by it stays readable, and who is in it stays in it.
    Delete,
}

impl Campaigns<'_> {
    /// All of the client's, by their ids.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn all(&self) -> StoreResult<Vec<Campaign>> {
        let mut all = self.directory.campaigns(self.recorder.client).await?;
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`NotChanged::NoSuch`] when there is none with this id.
    pub async fn find(&self, id: &CampaignId) -> Result<Campaign, NotChanged> {
        let found = self.standing(id).await?;
        found.ok_or_else(|| NotChanged::NoSuch { client: self.recorder.client.clone(), id: id.clone() })
    }

    /// Checks a campaign as it would take the place of the one with its id.
    ///
    /// # Errors
    /// [`NotChanged::Over`] and [`NotChanged::Senseless`].
    pub async fn prepare(&self, campaign: Campaign) -> Result<Prepared, NotChanged> {
        let old = self.standing(&campaign.id).await?;
        self.prepared(campaign, old).await
    }

    /// Writes what was prepared, if what stands is what was read.
    ///
    /// # Errors
    /// [`NotChanged::FormTaken`] and [`NotChanged::Meanwhile`].
    pub async fn write(&self, prepared: &Prepared) -> Result<Became, NotChanged> {
        let Prepared { old, new, texts } = prepared;
        if prepared.changes() {
            self.put(new, old.as_ref()).await?;
            note(self.journal, &self.recorder, self.actor, &prepared.words()).await?;
        }
        Ok(Became { campaign: new.clone(), changed: prepared.changes(), texts: texts.clone() })
    }

    /// Writes a campaign with an id that no other has.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn create(&self, campaign: Campaign) -> Result<Became, NotChanged> {
        let prepared = self.prepare(campaign).await?;
        if prepared.old.is_some() {
            return Err(NotChanged::Exists(prepared.new.id));
        }
        match self.write(&prepared).await {
            Err(NotChanged::Meanwhile(id)) => Err(NotChanged::Exists(id)),
            written => written,
        }
    }

    /// Changes a campaign by `edit`, which is done again on what stands when somebody else was faster.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn change(
        &self,
        id: &CampaignId,
        edit: impl Fn(&Campaign) -> Result<Campaign, Vec<Problem>> + Send + Sync,
    ) -> Result<Became, NotChanged> {
        let mut retries = Retries::default();
        loop {
            let old = self.find(id).await?;
            let new = edit(&old).map_err(|problems| NotChanged::Senseless { id: id.clone(), problems })?;
            let prepared = self.prepared(Campaign { id: id.clone(), ..new }, Some(old)).await?;
            let written = self.write(&prepared).await;
            if !retries.again(&written) {
                return written;
            }
        }
    }

    /// Turns a campaign on or off.
    ///
    /// # Errors
    /// [`NotChanged::Over`] when it was deactivated, unless that is what is asked for.
    pub async fn turn(&self, id: &CampaignId, turn: Turn) -> Result<Became, NotChanged> {
        let mut retries = Retries::default();
        loop {
            let old = self.find(id).await?;
            let mut new = old.clone();
            let said = match (turn, &old.status) {
                (Turn::Deactivate, CampaignStatus::Deactivated { .. }) => "deactivated",
                (_, CampaignStatus::Deactivated { at }) => return Err(NotChanged::Over { id: id.clone(), at: *at }),
                (Turn::Pause, _) => {
                    new.status = CampaignStatus::Paused;
                    "paused"
                }
                (Turn::Delete, _) => {
                    new.status = CampaignStatus::Paused;
                    "deleted, which pauses it"
                }
                (Turn::Resume, _) => {
                    new.status = CampaignStatus::Active;
                    "active"
                }
                (Turn::Deactivate, _) => {
                    new.status = CampaignStatus::Deactivated { at: self.recorder.now };
                    new.forms.clear();
                    "deactivated"
                }
            };
            if new == old {
                return Ok(Became { campaign: old, changed: false, texts: Vec::new() });
            }
            let written = self.put(&new, Some(&old)).await;
            if retries.again(&written) {
                continue;
            }
            written?;
            let what = format!("campaign {id}, version {}: status, {said}", new.version);
            note(self.journal, &self.recorder, self.actor, &what).await?;
            return Ok(Became { campaign: new, changed: true, texts: Vec::new() });
        }
    }

    /// Checks a campaign, and its texts as they would go out for this client.
    async fn prepared(&self, campaign: Campaign, old: Option<Campaign>) -> Result<Prepared, NotChanged> {
        let new = checked(campaign, old.as_ref())?;
        let texts = match self.directory.client(self.recorder.client).await? {
            Ok(client) => check_campaign(&new, &client),
            // Nothing is sent for settings that cannot be read, and nothing can be said of its texts.
            Err(_) => Vec::new(),
        };
        // Texts that stand keep nobody from changing something else.
        let same_texts = old.as_ref().is_some_and(|old| old.plan() == new.plan());
        let problems = wrong(&new, &texts);
        if problems.is_empty() || same_texts {
            Ok(Prepared { old, new, texts })
        } else {
            Err(NotChanged::Senseless { id: new.id, problems })
        }
    }

    async fn standing(&self, id: &CampaignId) -> StoreResult<Option<Campaign>> {
        let all = self.directory.campaigns(self.recorder.client).await?;
        Ok(all.into_iter().find(|campaign| campaign.id == *id))
    }

    async fn put(&self, new: &Campaign, old: Option<&Campaign>) -> Result<(), NotChanged> {
        match self.directory.put_campaign(self.recorder.client, new, old).await {
            Err(StoreError::Conflict) => Err(self.conflict(new).await?),
            written => Ok(written?),
        }
    }

    /// What a conflict was about.
    async fn conflict(&self, new: &Campaign) -> StoreResult<NotChanged> {
        for rule in &new.forms {
            let owner = self.directory.campaign_of_form(self.recorder.client, &rule.form).await?;
            if let Some(owner) = owner.filter(|owner| owner.id != new.id) {
                return Ok(NotChanged::FormTaken { form: rule.form.clone(), owner: owner.id });
            }
        }
        Ok(NotChanged::Meanwhile(new.id.clone()))
    }
}

/// What keeps texts from arriving, by where it stands in the campaign.
fn wrong(campaign: &Campaign, texts: &[StepCheck]) -> Vec<Problem> {
    let place = |step: u16| campaign.messages.iter().position(|found| found.step == step).unwrap_or_default();
    let of = |check: &StepCheck| {
        let errors = check.findings().into_iter().filter(Finding::is_error);
        let at = format!("/messages/{}/text", place(check.step));
        errors.map(|error| Problem::at(at.clone(), error.words)).collect::<Vec<_>>()
    };
    texts.iter().flat_map(of).collect()
}

/// A campaign, cleaned, as it takes the place of the one that stands.
fn checked(campaign: Campaign, old: Option<&Campaign>) -> Result<Campaign, NotChanged> {
    if let Some(CampaignStatus::Deactivated { at }) = old.map(|old| &old.status) {
        return Err(NotChanged::Over { id: campaign.id, at: *at });
    }
    let name = input::name(&campaign.name).unwrap_or_else(|_| campaign.name.clone());
    let id = campaign.id.clone();
    let senseless = |problems| NotChanged::Senseless { id: id.clone(), problems };
    let replacing = Campaign { name, ..campaign }.replacing(old);
    let new = replacing.map_err(|problem| senseless(vec![Problem::at(problem.pointer(), problem.to_string())]))?;
    let mut problems: Vec<Problem> =
        new.problems().iter().map(|problem| Problem::at(problem.pointer(), problem.to_string())).collect();
    let document = serde_json::to_value(&new).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    problems.extend(texts_that_do_not_fit(&document).into_iter().filter(|unfit| unfit.pointer != "/name"));
    if let (None, CampaignStatus::Deactivated { .. }) = (old, &new.status) {
        problems.push(Problem::at("/status", "a new campaign is active or paused"));
    }
    if problems.is_empty() { Ok(new) } else { Err(senseless(problems)) }
}
