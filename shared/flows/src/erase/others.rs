//! What stays of others when a person is erased: their leads, opt-outs and holds, without the person in their words.

use std::collections::BTreeSet;

use super::{Erase, emptied};
use crate::update::{Update, update};
use domain::{
    client::Client,
    contact_status::{ContactStatus, OptOut},
    erasure::Identifiers,
    ids::LeadId,
};
use ports::{SideWrites, StoreError, StoreResult};

impl Erase<'_> {
    /// An opt-out that came to other leads by the address goes there without its words, too.
    pub(super) async fn same_words_elsewhere(
        &self,
        client: &Client,
        opt_out: &OptOut,
        others: &BTreeSet<LeadId>,
    ) -> StoreResult<()> {
        for other in others {
            let Some(mut stored) = self.leads.lead(&client.id, *other).await? else { continue };
            if stored.lead.standing == ContactStatus::OptedOut(opt_out.clone()) {
                stored.lead.standing = ContactStatus::OptedOut(opt_out.without_words());
                self.leads.save(&stored.lead, Some(stored.rev), SideWrites::default()).await?;
            }
        }
        Ok(())
    }

    /// Takes the person out of what others said, and of what was said of others: opt-outs, holds of leads, the hold on
    /// sending. Gives the leads whose words changed.
    pub(super) async fn what_others_said(
        &self,
        client: &Client,
        person: &Identifiers,
        mut others: BTreeSet<LeadId>,
    ) -> StoreResult<BTreeSet<LeadId>> {
        let unnamed = |words: &str| emptied::unnamed(words, person);
        for listed in self.store.opt_outs(&client.id).await? {
            // The person's own goes with the last write.
            if person.phones.contains(&listed.phone) || listed.reworded(unnamed) == listed {
                continue;
            }
            let owner = self.leads.phone(&client.id, &listed.phone).await?.lead;
            let is_namesake = match owner {
                Some(owner) => self.is_namesake(client, owner, person).await?,
                None => false,
            };
            others.extend(owner);
            let unnamed = |words: &str| emptied::unnamed_by(is_namesake, words, person);
            self.store.reword_opt_out(&client.id, &listed.phone, &unnamed).await?;
        }
        let mut reworded = BTreeSet::new();
        for other in others {
            if self.reword_lead(client, other, person).await? {
                reworded.insert(other);
            }
        }
        if let Ok(Client { sending, .. }) = self.directory.client(&client.id).await?
            && sending.reworded(unnamed) != sending
            && !self.directory.set_sending(&client.id, &sending, &sending.reworded(unnamed)).await?
        {
            return Err(StoreError::Conflict);
        }
        Ok(reworded)
    }

    /// Whether a lead is called like the person.
    pub(super) async fn is_namesake(&self, client: &Client, lead: LeadId, person: &Identifiers) -> StoreResult<bool> {
        let stored = self.leads.lead(&client.id, lead).await?;
        Ok(stored.is_some_and(|stored| person.have_namesake(&stored.profile)))
    }

    async fn reword_lead(&self, client: &Client, id: LeadId, person: &Identifiers) -> StoreResult<bool> {
        let came = update(self.leads, &client.id, id, |stored| {
            Ok::<_, StoreError>(match emptied::another(&stored, person) {
                Some((lead, profile)) => {
                    Update::write(lead, SideWrites { profile: Some(profile), ..SideWrites::default() }, true)
                }
                None => Update::Leave(false),
            })
        });
        Ok(came.await?.unwrap_or(false))
    }
}
