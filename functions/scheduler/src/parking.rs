//! Who waits for a paused campaign is out of the way of what is due. Here they are put back.

use leadline::{
    domain::{
        campaign::{Campaign, CampaignStatus},
        client::Client,
    },
    flows::record::Recorder,
    ports::{SideWrites, StoreError, StoreResult},
};

use crate::{Deps, select::read};

/// Leads of one campaign that a run puts back, so that one campaign keeps no other waiting.
const PER_CAMPAIGN: usize = 500;

/// Puts leads back among what is due whose campaign is paused no more, and those whose time has come all
/// the same. They are decided on like any other, within the same limits: after a pause there is no burst.
pub async fn put_back(
    deps: &Deps,
    client: &Client,
    campaigns: &[Campaign],
    recorder: &Recorder<'_>,
) -> StoreResult<usize> {
    let (mut back, mut after) = (0, None);
    while let Some(id) = deps.store.parked_for(&client.id, after.as_ref()).await? {
        let status = campaigns.iter().find(|campaign| campaign.id == id).map(|campaign| &campaign.status);
        // A campaign that is not there any more sends nothing either.
        let paused = status.is_none_or(|status| *status == CampaignStatus::Paused);
        let until = paused.then_some(recorder.now);
        let ids = deps.store.parked(&client.id, &id, until, PER_CAMPAIGN).await?;
        for stored in read(deps, client, &ids, recorder).await? {
            let mut lead = stored.lead;
            if !lead.unpark(recorder.now) {
                continue;
            }
            match deps.store.save(&lead, Some(stored.rev), SideWrites::default()).await {
                Ok(_) => back += 1,
                // Something else happened to it: it has another place now, or is put back by the next run.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        after = Some(id);
    }
    Ok(back)
}
