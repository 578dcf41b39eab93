//! What a person does by hand about one lead's sequences: puts it into a campaign, puts it on hold, ends
//! what it is in. Each is one write, together with who did it and why. Lifting a hold is `release`.

use super::{
    super::{
        intake::{Asked, Entered, TWO_NUMBERS, enter_by_hand},
        one_text,
        update::{Retries, Update},
    },
    NotDone, OperatorActions,
};
use domain::{
    audit::{Event, Status},
    campaign::Campaign,
    client::Client,
    contact_status::{ContactStatus, OptOut},
    ids::{CampaignId, LeadId},
    lead::{Lead, Outcome},
    message::InFlightState,
    trigger::Then,
};
use ports::{SideWrites, StoredLead};

/// The longest words that a person can give, in characters. They are kept with the lead, which is small.
pub const MOST_WORDS: usize = 200;

/// Why somebody may be texted, as a person states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed<'a> {
    /// The version of the consent words that they agreed to. The campaign lists it, with the words.
    pub terms: &'a str,
    /// How it is known, and where that can be proved: `paper form of the workshop on 3 March, in the safe`.
    pub basis: &'a str,
}

/// What became of somebody who was to be put into a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutIn {
    /// They are in it, and this comes next.
    Now(String),
    /// They were before; nothing was written.
    Before,
}

/// What became of a hold on a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadHold {
    /// It was put on hold.
    Now,
    /// It was on hold before, for this reason, which stands; nothing was written.
    Before(String),
}

/// What was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The campaigns that the lead left. Empty when there was nothing to end.
    pub campaigns: Vec<CampaignId>,
    /// Whether a text of one of them may be at the provider already.
    pub on_its_way: bool,
}

impl OperatorActions<'_> {
    /// Puts a known lead into a campaign, by the same rules as a form: whoever would be turned away there
    /// is turned away here. Doing it twice puts them in once.
    ///
    /// # Errors
    /// [`NotDone::Refused`] says why they may not be in it; nothing is written then.
    pub async fn enroll(
        &self,
        client: &Client,
        id: LeadId,
        campaign: &CampaignId,
        agreed: Agreed<'_>,
    ) -> Result<PutIn, NotDone> {
        let basis = words("how it is known that they agreed", agreed.basis)?;
        let campaigns = self.directory.campaigns(&client.id).await?;
        let campaign = enrollable(client, &campaigns, campaign, agreed.terms)?;
        let recorder = self.recorder(client);
        let mut retries = Retries::default();
        loop {
            let stored = self.stored(client, id).await?;
            let opt_out = match &stored.lead.phone {
                Some(phone) => self.leads.phone(&client.id, phone).await?.opt_out,
                None => None,
            };
            let rev = stored.rev;
            let asked = Asked { campaign, terms: agreed.terms, basis, opt_out };
            let placed = match enter_by_hand(client, stored, asked, self.by, &recorder) {
                Entered::Now(placed) => *placed,
                Entered::Before => return Ok(PutIn::Before),
                Entered::TurnedAway(why) => return Err(NotDone::Refused(format!("not enrolled: {why}"))),
            };
            let also = SideWrites { profile: Some(placed.profile), audit: placed.audit, ..SideWrites::default() };
            let saved = self.leads.save(&placed.lead, Some(rev), also).await;
            if retries.again(&saved) {
                continue;
            }
            saved?;
            if let Some(alert) = placed.alert {
                self.alerts.raise(alert, client.mailbox(), &recorder).await;
            }
            return Ok(PutIn::Now(placed.words));
        }
    }

    /// Puts a lead on hold until a person lifts it. What it is in stays as it is, and what it comes into
    /// later waits, too.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when the person has opted out, which is more than a hold.
    pub async fn hold_lead(&self, client: &Client, id: LeadId, because: &str) -> Result<LeadHold, NotDone> {
        let because = words("why", because)?;
        let recorder = self.recorder(client);
        self.change(client, id, |StoredLead { mut lead, .. }| {
            match &lead.standing {
                // A later form would lift that one.
                ContactStatus::Held { reason, .. } if reason == TWO_NUMBERS => _ = lead.release(),
                ContactStatus::Held { reason, .. } => return Ok(Update::Leave(LeadHold::Before(reason.clone()))),
                ContactStatus::OptedOut(OptOut { at, .. }) => {
                    return Err(NotDone::Refused(format!("the person opted out {at}: nothing is sent to them anyway")));
                }
                ContactStatus::Open => {}
            }
            lead.hold_person(because, self.now);
            let held = recorder.about(&lead, Event::LeadHeld, Status::Waiting);
            let audit = vec![held.because("operator", format!("{}: {because}", self.by))];
            Ok(Update::write(lead, SideWrites::recording(audit), LeadHold::Now))
        })
        .await
    }

    /// Ends what a lead is in, or one campaign of it, as `abandoned`. A sequence that would go on after a
    /// booking does not any more. A hold stays, and nothing keeps the person from entering again.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when there is no such lead, or no reason.
    pub async fn end_lead(
        &self,
        client: &Client,
        id: LeadId,
        campaign: Option<&CampaignId>,
        because: &str,
    ) -> Result<Ended, NotDone> {
        let because = words("why", because)?;
        let meant = |other: &CampaignId| campaign.is_none_or(|campaign| campaign == other);
        let said = format!("{}: {because}", self.by);
        let recorder = self.recorder(client);
        self.change(client, id, |StoredLead { mut lead, .. }| {
            let live = lead.enrollments.iter().filter(|live| meant(&live.campaign));
            let live: Vec<_> = live.map(|live| (live.id, live.campaign.clone(), live.step)).collect();
            let resumes = lead.may_resume.is_some_and(|past| lead.campaign_of(past).is_some_and(meant));
            let on_its_way = live.iter().any(|(id, ..)| is_on_its_way(&lead, *id));
            let campaigns: Vec<CampaignId> = live.iter().map(|(_, campaign, _)| campaign.clone()).collect();
            if live.is_empty() && !resumes {
                return Ok(Update::Leave(Ended { campaigns, on_its_way }));
            }
            if resumes {
                lead.may_resume = None;
            }
            let mut audit = Vec::new();
            for (id, campaign, step) in &live {
                lead.end(*id, Outcome::Abandoned, "ended by hand", self.now);
                let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
                audit.push(ended.ending(Outcome::Abandoned, &said).in_campaign(campaign, Some(*step)));
            }
            if audit.is_empty() {
                let words = format!("{said}; a sequence does not go on after a booking any more");
                audit.push(recorder.about(&lead, Event::LeadUpdated, Status::Ok).because("operator", words));
            }
            Ok(Update::write(lead, SideWrites::recording(audit), Ended { campaigns, on_its_way }))
        })
        .await
    }

    async fn stored(&self, client: &Client, id: LeadId) -> Result<StoredLead, NotDone> {
        let stored = self.leads.lead(&client.id, id).await?;
        stored.ok_or_else(|| NotDone::Refused(format!("client {} has no lead {id}", client.id)))
    }
}

/// Words that a person must give, not too many.
fn words<'a>(what: &str, given: &'a str) -> Result<&'a str, NotDone> {
    match given.trim() {
        "" => Err(NotDone::Refused(format!("say {what}"))),
        long if long.chars().count() > MOST_WORDS => {
            Err(NotDone::Refused(format!("say {what} in {MOST_WORDS} characters at most")))
        }
        words => Ok(words),
    }
}

/// The campaign, if somebody can be put into it by hand who agreed to these words.
fn enrollable<'a>(
    client: &Client,
    campaigns: &'a [Campaign],
    id: &CampaignId,
    terms: &str,
) -> Result<&'a Campaign, NotDone> {
    let Some(campaign) = campaigns.iter().find(|campaign| campaign.id == *id) else {
        return Err(NotDone::Refused(format!("client {} has no campaign `{id}`", client.id)));
    };
    if id.as_str() == one_text::CAMPAIGN {
        return Err(NotDone::Refused(format!("campaign `{id}` is for single texts, which are asked for one by one")));
    }
    let known = terms_of(campaign);
    if known.contains(&terms) {
        return Ok(campaign);
    }
    let there_are = match known.as_slice() {
        [] => "it has none: list a form in it with the words that were agreed to".to_owned(),
        known => format!("there are: {}", known.join(", ")),
    };
    Err(NotDone::Refused(format!("campaign `{id}` has no consent words of version `{terms}`; {there_are}")))
}

/// The versions of consent words that a campaign knows.
#[must_use]
pub fn terms_of(campaign: &Campaign) -> Vec<&str> {
    let forms = campaign.forms.iter().filter_map(|rule| rule.consent.as_ref().map(|terms| terms.version.as_str()));
    let triggers = campaign.triggers.iter().filter_map(|trigger| match &trigger.then {
        Then::Enroll { consent } => Some(consent.version.as_str()),
        Then::End(_) => None,
    });
    let mut versions: Vec<&str> = forms.chain(triggers).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// Whether a text of an enrollment may be at the provider already.
fn is_on_its_way(lead: &Lead, id: domain::ids::EnrollmentId) -> bool {
    lead.in_flight
        .as_ref()
        .is_some_and(|text| text.enrollment == id && !matches!(text.state, InFlightState::RetryScheduled { .. }))
}
