//! Leads, their data, and their numbers.
//!
//! Every change of a lead is one conditional write over the revision it was read at. What must not
//! come apart (the lead, its data, the opt-out of its number, the audit of it) is one transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};

use super::{
    DynamoStore, directory,
    item::{self, Item},
    keys::{self, Key},
    unavailable,
};
use domain::{
    Instant,
    audit::AuditEvent,
    contact_status::{ContactStatus, ListedOptOut, OptOut},
    counts::{self, Change},
    email::EmailAddress,
    ids::{ClientId, LeadId},
    lead::{Lead, Place},
    phone::PhoneNumber,
    profile::Profile,
};
use ports::{ForText, LeadStore, OptOuts, PhoneRecord, Rev, SideWrites, StoreError, StoreResult, StoredLead, TextKey};

/// Most keys that one call reads.
const KEYS_PER_READ: usize = 100;
/// How often keys that DynamoDB left unread are asked for again.
const READS: usize = 5;

/// What a write does with the no that is kept with a number.
enum No<'a> {
    /// It is written, unless there is one.
    Said(&'a OptOut),
    /// It goes.
    Lifted,
    /// There may be one, and the lead knows of it.
    Known,
    /// There must be none.
    NotKnown,
}

pub(super) fn lead_item(lead: &Lead, rev: Rev) -> StoreResult<Item> {
    let mut written = item::encode(&keys::lead(&lead.client, lead.id), lead)?;
    written.insert("rev".to_owned(), item::number(rev.0));
    let place = lead.place().map(|place| match place {
        Place::Due(at) => {
            let shard = keys::shard_of(&lead.id.to_string());
            (keys::due_leads(&lead.client, shard), keys::due_lead(at, lead.id))
        }
        Place::Parked { campaign, until } => (keys::parked(&lead.client), keys::parked_lead(&campaign, until, lead.id)),
    });
    if let Some((partition, sort)) = place {
        written.insert("due_pk".to_owned(), item::text(partition));
        written.insert("due_sk".to_owned(), item::text(sort));
    }
    if let Some(attention) = lead.attention() {
        let partition = keys::attention(&lead.client, attention.untold);
        written.insert("att_pk".to_owned(), item::text(partition));
        written.insert("att_sk".to_owned(), item::text(keys::attention_lead(&attention, lead.id)));
    }
    Ok(written)
}

fn stored(lead: Option<Item>, profile: Option<Item>) -> StoreResult<Option<StoredLead>> {
    let Some(lead) = lead else { return Ok(None) };
    let rev = item::rev_in(&lead).ok_or_else(|| StoreError::Unreadable("LEAD: it has no revision".to_owned()))?;
    let profile = profile.ok_or_else(|| StoreError::Unreadable("PROFILE: the lead has none".to_owned()))?;
    Ok(Some(StoredLead { rev, lead: item::decode(lead)?, profile: item::decode(profile)? }))
}

impl DynamoStore {
    /// Reads items by key, strongly consistent, in the order of the keys; missing ones are `None`.
    async fn read(&self, wanted: &[Key]) -> StoreResult<Vec<Option<Item>>> {
        let mut found: Vec<Option<Item>> = vec![None; wanted.len()];
        for (from, chunk) in wanted.chunks(KEYS_PER_READ).enumerate().map(|(n, chunk)| (n * KEYS_PER_READ, chunk)) {
            let mut open: Vec<Item> = chunk.iter().map(item::key).collect();
            for _ in 0..READS {
                let asked = KeysAndAttributes::builder()
                    .set_keys(Some(open))
                    .consistent_read(true)
                    .build()
                    .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
                let got =
                    self.client.batch_get_item().request_items(&self.table, asked).send().await.map_err(unavailable)?;
                for found_item in got.responses.unwrap_or_default().into_values().flatten() {
                    let at = |key: &Key| {
                        item::text_in(&found_item, "pk") == Some(&key.pk)
                            && item::text_in(&found_item, "sk") == Some(&key.sk)
                    };
                    if let Some(n) = chunk.iter().position(at) {
                        found[from + n] = Some(found_item);
                    }
                }
                let unread = got.unprocessed_keys.unwrap_or_default().into_values();
                open = unread.flat_map(|keys| keys.keys).collect();
                if open.is_empty() {
                    break;
                }
            }
            if !open.is_empty() {
                return Err(StoreError::Unavailable("items stayed unread: the table is throttled".into()));
            }
        }
        Ok(found)
    }

    /// Gives a number or an address to a lead, unless another has it.
    fn take(&self, key: &Key, lead: LeadId, no: No<'_>) -> StoreResult<TransactWriteItem> {
        let mut set = "SET lead_id = :lead, v = :v".to_owned();
        let mut condition = "(attribute_not_exists(lead_id) OR lead_id = :lead)".to_owned();
        let mut update = Update::builder()
            .set_key(Some(item::key(key)))
            .expression_attribute_values(":lead", item::text(lead.to_string()))
            .expression_attribute_values(":v", item::number(item::VERSION));
        match no {
            No::Said(opt_out) => {
                let proof = item::attribute(opt_out)?;
                set.push_str(", opt_out = if_not_exists(opt_out, :opt_out)");
                update = update.expression_attribute_values(":opt_out", proof);
            }
            No::Lifted => set.push_str(" REMOVE opt_out"),
            No::Known => {}
            No::NotKnown => condition.push_str(" AND attribute_not_exists(opt_out)"),
        }
        self.update(update.update_expression(set).condition_expression(condition))
    }

    /// Takes a number or an address from a lead. An opt-out stays with the number.
    fn leave(&self, key: &Key, lead: LeadId) -> StoreResult<TransactWriteItem> {
        self.update(
            Update::builder()
                .set_key(Some(item::key(key)))
                .update_expression("REMOVE lead_id")
                .condition_expression("attribute_not_exists(lead_id) OR lead_id = :lead")
                .expression_attribute_values(":lead", item::text(lead.to_string())),
        )
    }

    /// What changes with the lead's number and address.
    fn identity(
        &self,
        before: Option<&StoredLead>,
        lead: &Lead,
        also: &SideWrites,
    ) -> StoreResult<Vec<TransactWriteItem>> {
        let mut writes = Vec::new();
        let old_phone = before.and_then(|before| before.lead.phone.as_ref());
        let said_no = matches!(lead.standing, ContactStatus::OptedOut(_));
        if lead.phone.as_ref() != old_phone
            && let Some(old) = old_phone
        {
            writes.push(self.leave(&keys::phone(&lead.client, old), lead.id)?);
        }
        // Written even when it stays the same: an opt-out of the number that the lead does not know of stops the write.
        if let Some(phone) = &lead.phone {
            let no = match (&also.opt_out, &also.lifted) {
                (Some(opt_out), _) => No::Said(opt_out),
                (None, Some(_)) => No::Lifted,
                (None, None) if said_no => No::Known,
                (None, None) => No::NotKnown,
            };
            writes.push(self.take(&keys::phone(&lead.client, phone), lead.id, no)?);
            if let Some(listed) = also.listed(lead, phone) {
                writes.push(self.put(item::encode(&keys::opt_out(&lead.client, phone), &listed)?)?);
            }
        }
        let old_email = before.and_then(|before| before.profile.email.as_ref());
        let new_email = also.profile.as_ref().map_or(old_email, |profile| profile.email.as_ref());
        if new_email != old_email {
            if let Some(old) = old_email {
                writes.push(self.leave(&keys::email(&lead.client, old), lead.id)?);
            }
            if let Some(new) = new_email {
                writes.push(self.take(&keys::email(&lead.client, new), lead.id, No::Known)?);
            }
        }
        Ok(writes)
    }

    /// The lead's item over the revision that was read.
    pub(super) fn put_over(&self, written: Item, read_at: Option<Rev>) -> StoreResult<TransactWriteItem> {
        let Some(read_at) = read_at else { return self.put_if(written, Some("attribute_not_exists(pk)")) };
        let put = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&self.table)
            .set_item(Some(written))
            .condition_expression("rev = :rev")
            .expression_attribute_values(":rev", item::number(read_at.0))
            .build()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// After a conflict: whether what stands there is this very write.
    async fn was_written(&self, lead: &Lead, next: Rev, fingerprint: &str) -> StoreResult<Rev> {
        let found = self.get(&keys::lead(&lead.client, lead.id)).await?;
        let ours = found
            .is_some_and(|found| item::rev_in(&found) == Some(next) && item::text_in(&found, "w") == Some(fingerprint));
        if ours { Ok(next) } else { Err(StoreError::Conflict) }
    }

    /// The lead alone, in one conditional write.
    async fn save_alone(&self, lead: &Lead, read_at: Rev, next: Rev) -> StoreResult<()> {
        let written = lead_item(lead, next)?;
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(written.clone()))
            .condition_expression("rev = :rev")
            .expression_attribute_values(":rev", item::number(read_at.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error() {
            Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed)) => {
                // What stands there is what we wrote: our answer was lost, and the SDK wrote again.
                if failed.item() == Some(&written) { Ok(()) } else { Err(StoreError::Conflict) }
            }
            // A transaction on the lead is under way, such as an opt-out: read again when it is over.
            Some(answered) if answered.meta().code() == Some("TransactionConflictException") => {
                Err(StoreError::Conflict)
            }
            _ => Err(unavailable(error)),
        }
    }
}

#[async_trait]
impl LeadStore for DynamoStore {
    async fn read_for_text(&self, key: &TextKey) -> StoreResult<ForText> {
        let wanted = [
            keys::settings(&key.client),
            keys::campaign(&key.client, &key.campaign),
            keys::plan(&key.client, &key.campaign, key.version),
            keys::lead(&key.client, key.lead),
            keys::profile(&key.client, key.lead),
        ];
        let found: [Option<Item>; 5] = self
            .read(&wanted)
            .await?
            .try_into()
            .map_err(|_| StoreError::Unavailable("a read of five keys gave another number of items".into()))?;
        let [settings, campaign, plan, lead, profile] = found;
        Ok(ForText {
            client: directory::settings_of(settings, &self.table),
            campaign: campaign.map(item::decode).transpose()?,
            plan: plan.map(item::decode).transpose()?,
            lead: stored(lead, profile)?,
        })
    }

    async fn lead(&self, client: &ClientId, id: LeadId) -> StoreResult<Option<StoredLead>> {
        Ok(self.leads(client, &[id]).await?.pop())
    }

    async fn leads(&self, client: &ClientId, ids: &[LeadId]) -> StoreResult<Vec<StoredLead>> {
        let ids: std::collections::BTreeSet<LeadId> = ids.iter().copied().collect();
        let wanted: Vec<Key> =
            ids.iter().flat_map(|id| [keys::lead(client, *id), keys::profile(client, *id)]).collect();
        let mut found = self.read(&wanted).await?.into_iter();
        let mut leads = Vec::with_capacity(ids.len());
        while let (Some(lead), Some(profile)) = (found.next(), found.next()) {
            leads.extend(stored(lead, profile)?);
        }
        Ok(leads)
    }

    async fn phone(&self, client: &ClientId, phone: &PhoneNumber) -> StoreResult<PhoneRecord> {
        let Some(found) = self.get(&keys::phone(client, phone)).await? else { return Ok(PhoneRecord::default()) };
        let unreadable = |why: String| StoreError::Unreadable(format!("PHONE: {why}"));
        Ok(PhoneRecord {
            lead: item::text_in(&found, "lead_id")
                .map(str::parse)
                .transpose()
                .map_err(|error| unreadable(format!("{error}")))?,
            opt_out: item::opt_out_in(&found)?,
        })
    }

    async fn lead_of_email(&self, client: &ClientId, email: &EmailAddress) -> StoreResult<Option<LeadId>> {
        let found = self.get(&keys::email(client, email)).await?;
        let lead = found.as_ref().and_then(|found| item::text_in(found, "lead_id"));
        lead.map(str::parse).transpose().map_err(|error| StoreError::Unreadable(format!("EMAIL: {error}")))
    }

    async fn save(&self, lead: &Lead, read_at: Option<Rev>, also: SideWrites) -> StoreResult<Rev> {
        let next = Rev(read_at.map_or(0, |rev| rev.0) + 1);
        let of_number = also.opt_out.is_some() || also.lifted.is_some();
        let counted: &[Change] = if also.count_later { &[] } else { &lead.uncounted };
        let alone =
            also.profile.is_none() && !of_number && also.audit.is_empty() && also.event.is_none() && counted.is_empty();
        if let (Some(read_at), true) = (read_at, alone) {
            self.save_alone(lead, read_at, next).await?;
            return Ok(next);
        }
        if read_at.is_none() && also.profile.is_none() {
            return Err(StoreError::Unreadable("a new lead is written together with its profile".to_owned()));
        }
        // The lead carries a fingerprint of all that was written with it: what stands there under the
        // same fingerprint is this very write, whose answer was lost.
        let fingerprint = fingerprint(lead, &also)?;
        let mut written = if counted.is_empty() {
            lead_item(lead, next)?
        } else {
            lead_item(&Lead { uncounted: Vec::new(), ..lead.clone() }, next)?
        };
        written.insert("w".to_owned(), item::text(&fingerprint));
        let mut writes = vec![self.put_over(written, read_at)?];
        for (campaign, moved) in counts::by_campaign(counted) {
            writes.push(self.count(lead, campaign, &moved)?);
        }
        // Not only for a new one: a lead of a release before the list comes into it when somebody comes again.
        if also.profile.is_some() {
            writes.push(self.put(item::key(&keys::listed_lead(&lead.client, lead.id)))?);
        }
        // Number and address change only together with the profile, so only then what was there is read.
        if also.profile.is_some() || of_number {
            let before = self.lead(&lead.client, lead.id).await?;
            if before.as_ref().map(|before| before.rev) != read_at {
                return self.was_written(lead, next, &fingerprint).await;
            }
            writes.extend(self.identity(before.as_ref(), lead, &also)?);
        }
        if let Some(profile) = &also.profile {
            writes.push(self.put(profile_item(lead, profile)?)?);
        }
        for event in &also.audit {
            writes.push(self.put(super::journal::log_item(event)?)?);
        }
        if let Some(outcome) = also.concluded() {
            writes.push(self.conclusion(&outcome)?);
        }
        match self.transact(writes).await {
            Ok(()) => Ok(next),
            Err(StoreError::Conflict) => self.was_written(lead, next, &fingerprint).await,
            Err(error) => Err(error),
        }
    }

    async fn journey(&self, client: &ClientId, id: LeadId, since: Instant) -> StoreResult<Vec<AuditEvent>> {
        let found =
            self.query_from(keys::lead_collection(client, id), keys::LOG_PREFIX, &keys::log_from(since)).await?;
        found.into_iter().map(item::decode).collect()
    }
}

#[async_trait]
impl OptOuts for DynamoStore {
    async fn opt_outs(&self, client: &ClientId) -> StoreResult<Vec<ListedOptOut>> {
        let found = self.query_all(keys::opt_outs(client), None).await?;
        found.into_iter().map(item::decode).collect()
    }
}

/// What tells one write from another that would leave the same lead. Audit events have ids of their own.
fn fingerprint(lead: &Lead, also: &SideWrites) -> StoreResult<String> {
    use sha2::{Digest, Sha256};
    let event = also.event.as_ref().map(|outcome| (&outcome.event.key, &outcome.state));
    let all = serde_json::to_vec(&(lead, &also.profile, &also.opt_out, &also.lifted, &also.audit, event))
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(hex::encode(&Sha256::digest(all)[..12]))
}

pub(super) fn profile_item(lead: &Lead, profile: &Profile) -> StoreResult<Item> {
    item::encode(&keys::profile(&lead.client, lead.id), profile)
}
