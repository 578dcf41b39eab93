//! Settings: clients and campaigns.

use async_trait::async_trait;
use domain::{
    campaign::{Campaign, Plan},
    client::{Client, Sending, SettingsProblem},
    email::EmailAddress,
    ids::{CampaignId, ClientId, FormId},
};
use serde::{Deserialize, Serialize};

use crate::StoreResult;

/// A client's entry in the list of clients: what is known even when its settings cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// Its id.
    pub id: ClientId,
    /// Whom to tell when the settings cannot be read.
    pub admin_email: EmailAddress,
}

/// Settings: clients and campaigns.
#[async_trait]
pub trait Directory: Send + Sync {
    /// All clients.
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>>;
    /// One client's settings. The inner error says what is wrong with the record.
    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>>;
    /// All campaigns of one client.
    async fn campaigns(&self, client: &ClientId) -> StoreResult<Vec<Campaign>>;
    /// The campaign that a form enrolls into.
    async fn campaign_of_form(&self, client: &ClientId, form: &FormId) -> StoreResult<Option<Campaign>>;
    /// One version of a campaign's texts.
    async fn plan(&self, client: &ClientId, campaign: &CampaignId, version: u32) -> StoreResult<Option<Plan>>;
    /// Puts a client's sending on hold or lifts the hold, if it is as `expected` still, and leaves its
    /// other settings as they are. Gives whether it was.
    async fn set_sending(&self, client: &ClientId, expected: &Sending, new: &Sending) -> StoreResult<bool>;
    /// Says, in a store that is a restored copy of another, that this one counts from now on, with the
    /// client's sending as given. Until then sending is on hold in a copy.
    async fn adopt(&self, client: &ClientId, sending: &Sending) -> StoreResult<()>;
    /// Writes a client's settings, and its entry in the list. Of a client that is known, `sending`
    /// stays as it stands: only [`set_sending`](Self::set_sending) changes it.
    async fn put_client(&self, client: &Client) -> StoreResult<()>;
    /// Writes a client's settings over those that were read. A conflict if they do not stand as `over`
    /// any more. `sending` stays as it stands.
    async fn change_client(&self, over: &Client, new: &Client) -> StoreResult<()>;
    /// Writes a campaign, its version, and its forms over what was read (`None`: there was none). A
    /// conflict if the campaign does not stand as `over` any more, or if a form is another campaign's.
    async fn put_campaign(&self, client: &ClientId, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()>;
}
