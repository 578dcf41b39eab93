//! Clients and campaigns.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};

use super::{DynamoStore, item, keys, unavailable};
use domain::{
    campaign::{Campaign, Plan},
    client::{Client, Sending, SettingsProblem},
    ids::{CampaignId, ClientId, FormId},
};
use ports::{ClientEntry, Directory, StoreError, StoreResult};

/// How often settings are written again when sending was held or lifted in between.
const PUTS: usize = 5;

impl DynamoStore {
    pub(super) async fn get(&self, key: &keys::Key) -> StoreResult<Option<item::Item>> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(got.item)
    }

    /// The items of a partition whose sort keys have a prefix, from `from` on.
    pub(super) async fn query_from(&self, pk: String, prefix: &str, from: &str) -> StoreResult<Vec<item::Item>> {
        let mut items = Vec::new();
        let mut page = None;
        loop {
            let query = self.client.query().table_name(&self.table).consistent_read(true);
            let found = query
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :last")
                .expression_attribute_values(":pk", item::text(&pk))
                .expression_attribute_values(":from", item::text(from))
                .expression_attribute_values(":last", item::text(format!("{prefix}~")))
                .set_exclusive_start_key(page)
                .send()
                .await
                .map_err(unavailable)?;
            items.extend(found.items.unwrap_or_default());
            page = found.last_evaluated_key;
            if page.is_none() {
                return Ok(items);
            }
        }
    }

    pub(super) async fn query_all(&self, pk: String, prefix: Option<&str>) -> StoreResult<Vec<item::Item>> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&self.table)
                .expression_attribute_values(":pk", item::text(&pk))
                .consistent_read(true)
                .set_exclusive_start_key(from);
            query = match prefix {
                Some(prefix) => query
                    .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                    .expression_attribute_values(":prefix", item::text(prefix)),
                None => query.key_condition_expression("pk = :pk"),
            };
            let page = query.send().await.map_err(unavailable)?;
            items.extend(page.items.unwrap_or_default());
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    pub(super) async fn transact(&self, writes: Vec<TransactWriteItem>) -> StoreResult<()> {
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => {
                let lost = error.as_service_error().is_some_and(|error| {
                    error.is_transaction_canceled_exception() || error.is_transaction_in_progress_exception()
                });
                Err(if lost { StoreError::Conflict } else { unavailable(error) })
            }
        }
    }

    pub(super) fn put(&self, item: item::Item) -> StoreResult<TransactWriteItem> {
        self.put_if(item, None)
    }

    pub(super) fn put_if(&self, item: item::Item, condition: Option<&str>) -> StoreResult<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .build()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes an item if what stands in its place still has the document that was found there.
    fn put_where(&self, item: item::Item, found: Option<&item::Item>) -> StoreResult<TransactWriteItem> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match found.and_then(|found| found.get("d")) {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(stands) => {
                put.condition_expression("d = :stands").expression_attribute_values(":stands", stands.clone())
            }
        };
        let put = put.build().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn update(
        &self,
        update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
    ) -> StoreResult<TransactWriteItem> {
        let update: Update =
            update.table_name(&self.table).build().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// A settings record as a client, or what is wrong with it. One that was written to another table than
/// `table` is part of a copy, which does not know what was sent since it was made: sending is on hold.
pub(super) fn settings_of(found: Option<item::Item>, table: &str) -> Result<Client, SettingsProblem> {
    let found = found.ok_or(SettingsProblem::Missing)?;
    let home = item::text_in(&found, "home").unwrap_or(table).to_owned();
    let unreadable = |error: StoreError| SettingsProblem::Unreadable(error.to_string());
    let mut client: Client = item::decode(found).map_err(unreadable)?;
    if home != table {
        let reason = format!(
            "this table is a copy of {home}, and does not know whom it texted since; `leadline restored` compares it \
             with the provider and says that it counts"
        );
        client.sending = Sending::held(reason, client.since.unwrap_or_default());
    }
    Ok(client)
}

impl DynamoStore {
    /// The table that this one is a restored copy of, as far as one client is concerned. `None` once
    /// this one [counts](Directory::adopt), and of course in a table that was never copied.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn copy_of(&self, client: &ClientId) -> StoreResult<Option<String>> {
        let found = self.get(&keys::settings(client)).await?.unwrap_or_default();
        Ok(item::text_in(&found, "home").filter(|home| *home != self.table).map(str::to_owned))
    }
}

#[async_trait]
impl Directory for DynamoStore {
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>> {
        let found = self.query_all(keys::CLIENTS.to_owned(), None).await?;
        let readable = |entry| match item::decode(entry) {
            Ok(entry) => Some(entry),
            // One entry that cannot be read must not keep every other client from being served.
            Err(error) => {
                tracing::error!(%error, "an entry in the list of clients cannot be read");
                None
            }
        };
        Ok(found.into_iter().filter_map(readable).collect())
    }

    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>> {
        Ok(settings_of(self.get(&keys::settings(id)).await?, &self.table))
    }

    async fn campaigns(&self, client: &ClientId) -> StoreResult<Vec<Campaign>> {
        let found = self.query_all(keys::client(client), Some(keys::CAMPAIGN_PREFIX)).await?;
        found.into_iter().map(item::decode).collect()
    }

    async fn campaign_of_form(&self, client: &ClientId, form: &FormId) -> StoreResult<Option<Campaign>> {
        let Some(found) = self.get(&keys::form(client, form)).await? else { return Ok(None) };
        let Some(campaign) = item::text_in(&found, "campaign") else { return Ok(None) };
        let campaign = campaign.parse().map_err(|error| StoreError::Unreadable(format!("FORM: {error}")))?;
        self.get(&keys::campaign(client, &campaign)).await?.map(item::decode).transpose()
    }

    async fn plan(&self, client: &ClientId, campaign: &CampaignId, version: u32) -> StoreResult<Option<Plan>> {
        self.get(&keys::plan(client, campaign, version)).await?.map(item::decode).transpose()
    }

    async fn set_sending(&self, client: &ClientId, expected: &Sending, new: &Sending) -> StoreResult<bool> {
        let on = if *expected == Sending::On { " OR attribute_not_exists(d.sending)" } else { "" };
        let here = "(attribute_not_exists(home) OR home = :home)";
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::settings(client))))
            .update_expression("SET d.sending = :new, home = if_not_exists(home, :home)")
            .condition_expression(format!("attribute_exists(d) AND {here} AND (d.sending = :expected{on})"))
            .expression_attribute_values(":new", item::attribute(new)?)
            .expression_attribute_values(":expected", item::attribute(expected)?)
            .expression_attribute_values(":home", item::text(&self.table))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(true) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                // It may stand as we want it because we wrote it, and the answer was lost.
                // In a copy what stands there means nothing: sending is on hold whatever it says.
                let ours = |found: &&item::Item| item::text_in(found, "home").is_none_or(|home| home == self.table);
                let found = failed.item().filter(ours);
                let stands = found.and_then(|found| found.get("d")?.as_m().ok()?.get("sending"));
                Ok(stands == Some(&item::attribute(new)?))
            }
            _ => Err(unavailable(error)),
        }
    }

    async fn adopt(&self, client: &ClientId, as_given: &Sending) -> StoreResult<()> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::settings(client))))
            .update_expression("SET home = :home, d.sending = :sending")
            .condition_expression("attribute_exists(d)")
            .expression_attribute_values(":home", item::text(&self.table))
            .expression_attribute_values(":sending", item::attribute(as_given)?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(StoreError::Conflict)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn put_client(&self, client: &Client) -> StoreResult<()> {
        let entry = ClientEntry { id: client.id.clone(), admin_email: client.admin_email.clone() };
        let at = keys::settings(&client.id);
        for _ in 0..PUTS {
            let mut written = item::encode(&at, client)?;
            let mut put = Put::builder().table_name(&self.table);
            let condition = match self.get(&at).await? {
                None => {
                    written.insert("home".to_owned(), item::text(&self.table));
                    "attribute_not_exists(pk)"
                }
                Some(mut known) => {
                    // Settings of a release that did not write it yet belong to where they are found.
                    let home = known.remove("home").unwrap_or_else(|| item::text(&self.table));
                    written.insert("home".to_owned(), home);
                    let stands = known.get("d").and_then(|d| d.as_m().ok()?.get("sending")).cloned();
                    match (stands, written.get_mut("d")) {
                        (Some(stands), Some(AttributeValue::M(settings))) => {
                            settings.insert("sending".to_owned(), stands.clone());
                            put = put.expression_attribute_values(":stands", stands);
                            "d.sending = :stands"
                        }
                        _ => "attribute_not_exists(d.sending)",
                    }
                }
            };
            let put = put
                .set_item(Some(written))
                .condition_expression(condition)
                .build()
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            let listed = self.put(item::encode(&keys::client_entry(&client.id), &entry)?)?;
            match self.transact(vec![TransactWriteItem::builder().put(put).build(), listed]).await {
                Err(StoreError::Conflict) => {}
                written => return written,
            }
        }
        Err(StoreError::Conflict)
    }

    async fn change_client(&self, over: &Client, new: &Client) -> StoreResult<()> {
        let at = keys::settings(&new.id);
        let found = self.get(&at).await?;
        if settings_of(found.clone(), &self.table).as_ref() != Ok(over) {
            return Err(StoreError::Conflict);
        }
        let mut written = item::encode(&at, new)?;
        let found = found.unwrap_or_default();
        let home = found.get("home").cloned().unwrap_or_else(|| item::text(&self.table));
        written.insert("home".to_owned(), home);
        let sending = found.get("d").and_then(|d| d.as_m().ok()?.get("sending")).cloned();
        if let Some(AttributeValue::M(settings)) = written.get_mut("d") {
            match sending {
                Some(sending) => settings.insert("sending".to_owned(), sending),
                None => settings.remove("sending"),
            };
        }
        let entry = ClientEntry { id: new.id.clone(), admin_email: new.admin_email.clone() };
        let listed = self.put(item::encode(&keys::client_entry(&new.id), &entry)?)?;
        self.transact(vec![self.put_where(written, Some(&found))?, listed]).await
    }

    async fn put_campaign(&self, client: &ClientId, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()> {
        let at = keys::campaign(client, &campaign.id);
        let found = self.get(&at).await?;
        let before: Option<Campaign> = found.clone().map(item::decode).transpose()?;
        if before.as_ref() != over {
            return Err(StoreError::Conflict);
        }
        let plan_at = keys::plan(client, &campaign.id, campaign.version);
        let plan = item::encode(&plan_at, &campaign.plan())?;
        let mut writes = vec![self.put_where(item::encode(&at, campaign)?, found.as_ref())?];
        // A version is written once: leads are pinned to it.
        match self.get(&plan_at).await? {
            Some(written) if written == plan => {}
            Some(_) => return Err(StoreError::Conflict),
            None => writes.push(self.put_if(plan, Some("attribute_not_exists(pk)"))?),
        }
        let kept = |form: &FormId| campaign.rule(form).is_some();
        let freed = before.iter().flat_map(|before| &before.forms).filter(|rule| !kept(&rule.form));
        for rule in freed {
            let free = Update::builder()
                .set_key(Some(item::key(&keys::form(client, &rule.form))))
                .update_expression("REMOVE campaign");
            writes.push(self.update(free)?);
        }
        for rule in &campaign.forms {
            let take = Update::builder()
                .set_key(Some(item::key(&keys::form(client, &rule.form))))
                .update_expression("SET campaign = :campaign, v = :v")
                .condition_expression("attribute_not_exists(campaign) OR campaign = :campaign")
                .expression_attribute_values(":campaign", item::text(campaign.id.as_str()))
                .expression_attribute_values(":v", item::number(item::VERSION));
            writes.push(self.update(take)?);
        }
        self.transact(writes).await
    }
}
