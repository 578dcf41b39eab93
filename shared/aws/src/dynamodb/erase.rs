//! The last write of an erasure: a person's numbers and addresses stop leading anywhere.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update, builders::DeleteBuilder};

use super::{
    DynamoStore, item, journal,
    keys::{self, Key},
    leads,
};
use domain::{
    contact_status::{ContactStatus, ListedOptOut},
    event::RawEvent,
    ids::{ClientId, LeadId},
    phone::PhoneNumber,
};
use ports::{Emptied, ErasedItems, ErasureStore, Rev, Rewording, StoreError, StoreResult};

/// Nobody else has the number or the address.
const NOBODY_ELSES: &str = "(attribute_not_exists(lead_id) OR lead_id = :lead)";

#[async_trait]
impl ErasureStore for DynamoStore {
    async fn erase(&self, emptied: &Emptied) -> StoreResult<ErasedItems> {
        let Emptied { stored, lead, profile, audit, .. } = emptied;
        let mut writes = vec![
            self.put_over(leads::lead_item(lead, Rev(stored.rev.0 + 1))?, Some(stored.rev))?,
            self.put(leads::profile_item(lead, profile)?)?,
            self.put(journal::log_item(audit)?)?,
        ];
        let mut items = ErasedItems::default();
        for phone in &emptied.phones {
            self.erase_number(emptied, phone, &mut writes, &mut items).await?;
        }
        for email in &emptied.emails {
            let key = keys::email(&lead.client, email);
            let found = self.get(&key).await?;
            if found.as_ref().is_some_and(|found| is_nobody_elses(found, lead.id)) {
                writes.push(self.delete(owned(&key, lead.id).condition_expression(NOBODY_ELSES))?);
                items.addresses += 1;
            }
        }
        self.transact(writes).await?;
        Ok(items)
    }

    async fn reword_opt_out(&self, client: &ClientId, phone: &PhoneNumber, change: Rewording<'_>) -> StoreResult<()> {
        let mut writes = Vec::new();
        let number = keys::phone(client, phone);
        if let Some(found) = self.get(&number).await?
            && let (Some(stored), Some(opt_out)) = (found.get("opt_out"), item::opt_out_in(&found)?)
        {
            let update = Update::builder()
                .set_key(Some(item::key(&number)))
                .update_expression("SET opt_out = :new")
                .condition_expression("opt_out = :read")
                .expression_attribute_values(":read", stored.clone())
                .expression_attribute_values(":new", item::attribute(&opt_out.reworded(change))?);
            writes.push(self.update(update)?);
        }
        let listed = keys::opt_out(client, phone);
        if let Some(found) = self.get(&listed).await?
            && let Some(stored) = found.get("d").cloned()
        {
            let new = item::document(&item::decode::<ListedOptOut>(found)?.reworded(change))?;
            let update = Update::builder()
                .set_key(Some(item::key(&listed)))
                .update_expression("SET d = :new, v = :v")
                .condition_expression("d = :read")
                .expression_attribute_values(":new", new)
                .expression_attribute_values(":read", stored)
                .expression_attribute_values(":v", item::number(item::VERSION));
            writes.push(self.update(update)?);
        }
        if writes.is_empty() {
            return Ok(());
        }
        self.transact(writes).await
    }

    async fn delete_event(&self, event: &RawEvent) -> StoreResult<()> {
        let read = item::attribute(&event.state)?;
        let delete = Delete::builder()
            .set_key(Some(item::key(&keys::event(&event.client, &event.key))))
            .condition_expression("d.#state = :read")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":read", read);
        self.transact(vec![self.delete(delete)?]).await
    }
}

impl DynamoStore {
    /// What becomes of a number: it goes, but with an opt-out it stays for that alone.
    async fn erase_number(
        &self,
        emptied: &Emptied,
        phone: &PhoneNumber,
        writes: &mut Vec<TransactWriteItem>,
        items: &mut ErasedItems,
    ) -> StoreResult<()> {
        let (lead, key) = (&emptied.lead, keys::phone(&emptied.lead.client, phone));
        let found = self.get(&key).await?.unwrap_or_default();
        if !is_nobody_elses(&found, lead.id) {
            return Ok(());
        }
        let recorded = item::opt_out_in(&found)?;
        let said = match &emptied.stored.lead.standing {
            // It may have come to the lead by the address, and is not with the number then.
            ContactStatus::OptedOut(no) if emptied.stored.lead.phone.as_ref() == Some(phone) => Some(no.clone()),
            ContactStatus::OptedOut(_) | ContactStatus::Open | ContactStatus::Held { .. } => None,
        };
        items.numbers += usize::from(!found.is_empty());
        let listed = keys::opt_out(&lead.client, phone);
        let Some(opt_out) = recorded.or(said).map(|opt_out| opt_out.without_words()) else {
            let unless_opted_out = format!("{NOBODY_ELSES} AND attribute_not_exists(opt_out)");
            writes.push(self.delete(owned(&key, lead.id).condition_expression(unless_opted_out))?);
            // An opt-out that was taken back goes with what was said of it.
            let lifted = Delete::builder()
                .set_key(Some(item::key(&listed)))
                .condition_expression("attribute_not_exists(d) OR attribute_exists(d.lifted)");
            writes.push(self.delete(lifted)?);
            return Ok(());
        };
        let kept = item::attribute(&opt_out)?;
        let update = Update::builder()
            .set_key(Some(item::key(&key)))
            .update_expression("SET opt_out = :no, v = :v REMOVE lead_id")
            .condition_expression(NOBODY_ELSES)
            .expression_attribute_values(":no", kept)
            .expression_attribute_values(":v", item::number(item::VERSION))
            .expression_attribute_values(":lead", item::text(lead.id.to_string()));
        writes.push(self.update(update)?);
        let entry = ListedOptOut { phone: phone.clone(), opt_out, lifted: None };
        writes.push(self.put(item::encode(&listed, &entry)?)?);
        items.opt_outs += 1;
        Ok(())
    }

    fn delete(&self, delete: DeleteBuilder) -> StoreResult<TransactWriteItem> {
        let delete =
            delete.table_name(&self.table).build().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

fn is_nobody_elses(found: &item::Item, lead: LeadId) -> bool {
    item::text_in(found, "lead_id").is_none_or(|owner| owner == lead.to_string())
}

fn owned(key: &Key, lead: LeadId) -> DeleteBuilder {
    Delete::builder().set_key(Some(item::key(key))).expression_attribute_values(":lead", item::text(lead.to_string()))
}
