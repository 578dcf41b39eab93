//! The last write of an erasure: a person's number and address stop leading anywhere.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};

use super::{
    DynamoStore, item, journal,
    keys::{self, Key},
    leads,
};
use crate::{
    domain::standing::{OptOut, Standing},
    flows::erase::Emptied,
    ports::{Rev, StoreError, StoreResult},
};

impl DynamoStore {
    /// Writes the emptied lead over the revision at which it was read, and deletes the items of its number
    /// and its address, all or nothing. A no stays with the number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something else was written in between; nothing was written then.
    pub async fn erase(&self, emptied: &Emptied) -> StoreResult<()> {
        let Emptied { stored, lead, profile, audit, .. } = emptied;
        let mut writes = vec![
            self.put_over(leads::lead_item(lead, Rev(stored.rev.0 + 1))?, Some(stored.rev))?,
            self.put(leads::profile_item(lead, profile)?)?,
            self.put(journal::log_item(audit)?)?,
        ];
        if let Some(phone) = &stored.lead.phone {
            let key = keys::phone(&lead.client, phone);
            let on_record = self.get(&key).await?.is_some_and(|found| found.contains_key("opt_out"));
            if let Standing::OptedOut(no) = &stored.lead.standing {
                // It may have come to the lead by the address, and is not with the number then.
                writes.push(self.keep_no(&key, Some(no))?);
            } else if on_record {
                writes.push(self.keep_no(&key, None)?);
            } else {
                writes.push(self.delete(&key, "attribute_not_exists(opt_out)")?);
                // A no that was taken back goes with what was said of it.
                let listed = keys::opt_out(&lead.client, phone);
                writes.push(self.delete(&listed, "attribute_not_exists(d) OR attribute_exists(d.lifted)")?);
            }
        }
        if let Some(email) = &stored.profile.email {
            writes.push(self.delete(&keys::email(&lead.client, email), "attribute_not_exists(opt_out)")?);
        }
        self.transact(writes).await
    }

    fn delete(&self, key: &Key, condition: &str) -> StoreResult<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(item::key(key)))
            .condition_expression(condition)
            .build()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn keep_no(&self, key: &Key, no: Option<&OptOut>) -> StoreResult<TransactWriteItem> {
        let update = Update::builder().set_key(Some(item::key(key)));
        if let Some(no) = no {
            let proof: AttributeValue =
                serde_dynamo::to_attribute_value(no).map_err(|error| StoreError::Unreadable(error.to_string()))?;
            return self.update(
                update
                    .update_expression("SET opt_out = if_not_exists(opt_out, :no), v = :v REMOVE lead_id")
                    .expression_attribute_values(":no", proof)
                    .expression_attribute_values(":v", item::number(item::VERSION)),
            );
        }
        self.update(update.update_expression("REMOVE lead_id").condition_expression("attribute_exists(opt_out)"))
    }
}
