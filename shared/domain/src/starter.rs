//! What a new client begins with: campaigns that are paused, and a default text. Data, to be changed by
//! the client before anything goes out.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{campaign::Campaign, template::Template};

static STARTER: LazyLock<Starter> = LazyLock::new(|| {
    let file = include_str!("../../data/starter.json");
    serde_json::from_str(file).expect("a data file of this crate can be read")
});

/// What a new client begins with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Starter {
    /// The text for a step without one of its own.
    pub default_text: Template,
    /// The campaigns, all of them paused: nothing goes out before a person resumed them. The first is
    /// the one that forms lead into.
    pub campaigns: Vec<Campaign>,
}

/// What every new client begins with.
#[must_use]
pub fn starter() -> &'static Starter {
    &STARTER
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            campaign::{CampaignStatus, DIRECT},
            fixtures::client,
            template_check::{Place, check_campaign, check_text},
        },
        *,
    };

    #[test]
    fn what_a_client_begins_with_is_paused_and_has_nothing_wrong_with_it() {
        let starter = starter();
        for campaign in &starter.campaigns {
            assert_eq!((&campaign.status, campaign.problems()), (&CampaignStatus::Paused, vec![]), "{}", campaign.id);
            assert!(campaign.forms.is_empty() && campaign.triggers.is_empty(), "who enrolls is for the client to say");
            for check in check_campaign(campaign, &client()) {
                assert_eq!(check.findings(), [], "{}, step {}", campaign.id, check.step);
            }
        }
        assert_ne!(starter.campaigns[0].id.as_str(), DIRECT);
        assert!(starter.campaigns.iter().any(|campaign| campaign.id.as_str() == DIRECT));
        let place = Place { client: &client(), has_message: false, webinar: None, after_silence: true };
        assert_eq!(check_text(&starter.default_text, place).findings, []);
    }
}
