//! What would happen to a lead that came in now. The same decision as for a real one, on a made-up one.

use std::fmt::Write;

use chrono_tz::Tz;
use leadline::{
    domain::{
        Instant,
        campaign::{Campaign, CampaignStatus},
        client::Client,
        consent::Consent,
        decide::{Case, decide},
        gate::{Decision, Verdict},
        ids::{EnrollmentId, LeadId},
        lead::{Enrollment, Lead, Waits},
        phone::PhoneNumber,
        profile::Profile,
    },
    ports::{Clock, Directory},
};
use ulid::Ulid;

use super::Local;
use crate::system::ClientSetup;

/// Decides on the first text to a lead with a number like the client's own that came in at `now` by
/// the form of its first campaign that has one. `None` if that much is not even set up.
pub fn of_lead_now(client: &Client, setup: &ClientSetup, now: Instant) -> Option<Verdict> {
    let takes_in = |campaign: &&Campaign| campaign.status == CampaignStatus::Active && !campaign.forms.is_empty();
    let campaign = setup.campaigns.iter().find(takes_in)?;
    let phone = match client.provider.number() {
        Some(number) => number.clone(),
        None => PhoneNumber::parse("+13055550123", client.region).ok()?,
    };
    let plan = campaign.plan();
    let id = LeadId(Ulid::nil());
    let enrollment = Enrollment {
        id: EnrollmentId(Ulid::nil()),
        campaign: campaign.id.clone(),
        version: plan.version,
        step: plan.first()?.step,
        imported_at: now,
        waits: Waits::Until(now),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    };
    let mut lead = Lead::new(id, client.id.clone());
    lead.phone = Some(phone);
    let mut profile = Profile::new(id, now);
    // A first name, so that the template's own placeholder is not what it stumbles over.
    profile.first_name = Some("Pat".to_owned());
    profile.consent = Some(Consent {
        form: None,
        terms: "sample".to_owned(),
        at: now,
        event: "sample".to_owned(),
        how: "sample".to_owned(),
    });
    let case = Case { client: client.clone(), campaign: campaign.status.clone(), plan, lead, profile, enrollment };
    Some(decide(&case, now))
}

/// A verdict in one sentence, for people.
pub fn in_words(verdict: &Verdict, zone: Tz) -> String {
    match &verdict.decision {
        Decision::Send(_) => "its first text goes with the next run of the scheduler".to_owned(),
        Decision::Wait { until: Some(until), reason, .. } => {
            let until = until.with_timezone(&zone).format("%a %-d %b %Y %H:%M %Z");
            format!("its first text waits until {until}: {reason}")
        }
        Decision::Wait { until: None, reason, .. } => format!("its first text waits: {reason}"),
        Decision::Skip { reason, .. } => format!("its first text is passed over: {reason}"),
        Decision::End { reason, .. } => format!("it gets no text: {reason}"),
        Decision::Refuse(refusal) => format!("it gets no text: {refusal}"),
    }
}

/// The command that sends the sample form to a client.
pub fn curl(url: &str, setup: &ClientSetup) -> String {
    format!(
        "curl -i -H 'content-type: application/json' --data-binary @events/kajabi/form_submission.json \
         '{url}/webhooks/kajabi/{}/{}'",
        setup.settings.id, setup.token
    )
}

impl Local {
    /// What is said at the start.
    pub(super) async fn greeting(&self) -> anyhow::Result<String> {
        let world = self.present().await?;
        let now = world.system.clock.now();
        let url = &self.url;
        let mut said = String::new();
        writeln!(said, "Leadline runs on this machine. Nothing leaves it: texts and emails go to stand-ins.\n")?;
        writeln!(said, "  page   {url}/")?;
        for setup in &world.system.clients {
            let settings = &setup.settings;
            writeln!(said, "\n{} ({})", settings.name, settings.id)?;
            writeln!(said, "  send a form (from the repository's root):\n    {}", curl(url, setup))?;
            if let Ok(client) = world.system.store.client(&settings.id).await?
                && let Some(verdict) = of_lead_now(&client, setup, now)
            {
                let local = now.with_timezone(&client.zone).format("%a %-d %b %Y %H:%M %Z");
                writeln!(said, "  it is {local}. A lead that comes in now: {}", in_words(&verdict, client.zone))?;
            }
        }
        writeln!(
            said,
            "\nNobody has to wait: press \"Next\" on the page to move the clock to the next moment at which"
        )?;
        writeln!(said, "something is due, or:")?;
        writeln!(said, "    curl -H 'content-type: application/json' -d '{{\"to\":\"next\"}}' {url}/api/clock")?;
        writeln!(said, "\nCtrl-C ends it, and forgets everything.")?;
        Ok(said)
    }
}
