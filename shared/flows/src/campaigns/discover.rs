//! Campaigns that come about by themselves: a form that no campaign knows becomes one, paused and without
//! terms of consent, so that nobody is texted by it before a person has looked.

use chrono::TimeDelta;

use super::{Actor, note};
use crate::{
    alerts::{Alert, Alerts},
    record::Recorder,
};
use domain::{
    campaign::Campaign,
    client::Client,
    ids::{CampaignId, FormId},
};
use ports::{Directory, Lease, StoreError, StoreResult};

/// Campaigns of one client that may wait for review at once: an address that got out must not fill the table.
pub const MOST_WAITING: usize = 50;

/// How long whoever makes a campaign has to tell the operator of it.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// What making campaigns of forms needs.
#[derive(Clone, Copy)]
pub struct Discovery<'a> {
    /// Where campaigns are.
    pub directory: &'a dyn Directory,
    /// Whom to tell.
    pub alerts: Alerts<'a>,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovered {
    /// It is a campaign now.
    Created(Campaign),
    /// A campaign knows it.
    Known(Campaign),
    /// The campaign that it would be stands without it: somebody took the form out, or deactivated it.
    Taken(CampaignId),
    /// Too many wait for review already.
    TooMany,
}

impl Discovery<'_> {
    /// The campaign of a form, which is made if there is none. However many do it at once, one is made, and
    /// its operator is told once.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn campaign_of(
        &self,
        client: &Client,
        form: &FormId,
        name: Option<&str>,
        actor: &Actor,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Discovered> {
        let known = self.directory.campaign_of_form(&client.id, form).await?;
        let found = match known {
            Some(campaign) => Discovered::Known(campaign),
            None => self.make(client, form, name).await?,
        };
        if let Discovered::Created(campaign) | Discovered::Known(campaign) = &found
            && campaign.awaits_review()
        {
            self.tell(client, form, campaign, actor, recorder).await?;
        }
        Ok(found)
    }

    async fn make(&self, client: &Client, form: &FormId, name: Option<&str>) -> StoreResult<Discovered> {
        let all = self.directory.campaigns(&client.id).await?;
        let new = Campaign::discovered(form, name);
        if all.iter().any(|campaign| campaign.id == new.id) {
            return self.look_again(client, form, new.id).await;
        }
        if all.iter().filter(|campaign| campaign.awaits_review()).count() >= MOST_WAITING {
            return Ok(Discovered::TooMany);
        }
        match self.directory.put_campaign(&client.id, &new, None).await {
            Ok(()) => Ok(Discovered::Created(new)),
            Err(StoreError::Conflict) => self.look_again(client, form, new.id).await,
            Err(error) => Err(error),
        }
    }

    /// Somebody else may have made it meanwhile. If not, its id is another's.
    async fn look_again(&self, client: &Client, form: &FormId, id: CampaignId) -> StoreResult<Discovered> {
        let found = self.directory.campaign_of_form(&client.id, form).await?;
        Ok(found.map_or(Discovered::Taken(id), Discovered::Known))
    }

    /// Records it and tells the operator, once. What was left undone by somebody who died is done by the next
    /// who comes by.
    async fn tell(
        &self,
        client: &Client,
        form: &FormId,
        campaign: &Campaign,
        actor: &Actor,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let what = format!("discovered#{}", campaign.id);
        match self.alerts.once.claim(&client.id, &what, recorder.now, recorder.now + LEASE).await? {
            Lease::Acquired | Lease::Reacquired => {}
            Lease::HeldElsewhere | Lease::Completed => return Ok(()),
        }
        let said = format!("campaign {}, version {}, new: by itself for form {form}", campaign.id, campaign.version);
        note(self.alerts.journal, recorder, actor, &said).await?;
        let alert = Alert {
            cause: format!("discovered#{}", campaign.id),
            subject: format!("a form that no campaign knows: {}", campaign.name),
            text: format!(
                "Form {form} ({}) was sent, and no campaign enrolls by it. Campaign {} was made for it. It is paused, and \
                 nobody is texted by it.\n\nLook at it (`leadline campaigns show {}`). If its leads are to be texted, write \
                 what the form consents to and the texts, and resume it. If not, leave it as it is: its leads are kept as \
                 rejected. There is one mail for each such form.\n",
                campaign.name, campaign.id, campaign.id
            ),
        };
        self.alerts.raise(alert, client.mailbox(), recorder).await;
        self.alerts.once.finish(&client.id, &what, "told").await
    }
}

impl Discovered {
    /// The campaign that takes the form in, or why none does, in words.
    ///
    /// # Errors
    /// The words.
    pub fn that_enrolls(self) -> Result<Campaign, String> {
        const NONE: &str = "no campaign enrolls by this form";
        match self {
            Self::Created(campaign) | Self::Known(campaign) if campaign.awaits_review() => {
                Err(format!("{NONE} yet: campaign {} was made for it and waits for review", campaign.id))
            }
            Self::Created(campaign) | Self::Known(campaign) => Ok(campaign),
            Self::Taken(id) => Err(format!("{NONE}, and campaign {id} was taken off it")),
            Self::TooMany => Err(format!("{NONE}, and {MOST_WAITING} campaigns wait for review already")),
        }
    }
}
