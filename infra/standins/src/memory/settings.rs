//! Clients and campaigns in memory.

use async_trait::async_trait;
use leadline::domain::{
    campaign::{Campaign, Plan},
    client::{Client, Sending, SettingsProblem},
    ids::{CampaignId, ClientId, FormId},
};
use leadline::ports::{ClientEntry, Directory, StoreError, StoreResult};

use super::{MemoryStore, Settings, State, Tenant};

#[async_trait]
impl Directory for MemoryStore {
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>> {
        Ok(self.state().tenants.values().filter_map(|tenant| tenant.entry.clone()).collect())
    }

    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>> {
        Ok(self.state().settings(id))
    }

    async fn campaigns(&self, client: &ClientId) -> StoreResult<Vec<Campaign>> {
        Ok(self.read(client, |tenant| tenant.campaigns.values().cloned().collect()))
    }

    async fn campaign_of_form(&self, client: &ClientId, form: &FormId) -> StoreResult<Option<Campaign>> {
        Ok(self.read(client, |tenant| tenant.campaigns.get(tenant.forms.get(form)?).cloned()))
    }

    async fn plan(&self, client: &ClientId, campaign: &CampaignId, version: u32) -> StoreResult<Option<Plan>> {
        Ok(self.read(client, |tenant| tenant.plans.get(&(campaign.clone(), version)).cloned()))
    }

    async fn set_sending(&self, client: &ClientId, expected: &Sending, new: &Sending) -> StoreResult<bool> {
        let mut state = self.state();
        let Some(Settings::Readable(client)) = &mut state.tenant(client).settings else { return Ok(false) };
        let was = client.sending == *expected;
        if was {
            client.sending = new.clone();
        }
        Ok(was || client.sending == *new)
    }

    async fn adopt(&self, client: &ClientId, sending: &Sending) -> StoreResult<()> {
        let mut state = self.state();
        let Some(Settings::Readable(client)) = &mut state.tenant(client).settings else {
            return Err(StoreError::Conflict);
        };
        client.sending = sending.clone();
        Ok(())
    }

    async fn put_client(&self, client: &Client) -> StoreResult<()> {
        let mut state = self.state();
        let tenant = state.tenant(&client.id);
        tenant.entry = Some(ClientEntry { id: client.id.clone(), admin_email: client.admin_email.clone() });
        let mut settings = client.clone();
        if let Some(Settings::Readable(known)) = &tenant.settings {
            settings.sending = known.sending.clone();
        }
        tenant.settings = Some(Settings::Readable(Box::new(settings)));
        Ok(())
    }

    async fn change_client(&self, over: &Client, new: &Client) -> StoreResult<()> {
        let mut state = self.state();
        let tenant = state.tenant(&new.id);
        match &mut tenant.settings {
            Some(Settings::Readable(stands)) if **stands == *over => {
                **stands = Client { sending: stands.sending.clone(), ..new.clone() };
            }
            Some(Settings::Readable(_) | Settings::Unreadable(_)) | None => return Err(StoreError::Conflict),
        }
        tenant.entry = Some(ClientEntry { id: new.id.clone(), admin_email: new.admin_email.clone() });
        Ok(())
    }

    async fn put_campaign(&self, client: &ClientId, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()> {
        self.state().tenant(client).put_campaign(campaign, over)
    }
}

impl State {
    pub(super) fn settings(&self, client: &ClientId) -> Result<Client, SettingsProblem> {
        match self.tenants.get(client).and_then(|tenant| tenant.settings.as_ref()) {
            Some(Settings::Readable(client)) => Ok(Client::clone(client)),
            Some(Settings::Unreadable(why)) => Err(SettingsProblem::Unreadable(why.clone())),
            None => Err(SettingsProblem::Missing),
        }
    }
}

impl Tenant {
    fn put_campaign(&mut self, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()> {
        if self.campaigns.get(&campaign.id) != over {
            return Err(StoreError::Conflict);
        }
        let of_another = |form| self.forms.get(form).is_some_and(|owner| *owner != campaign.id);
        if campaign.forms.iter().any(|rule| of_another(&rule.form)) {
            return Err(StoreError::Conflict);
        }
        let (key, plan) = ((campaign.id.clone(), campaign.version), campaign.plan());
        if self.plans.get(&key).is_some_and(|stored| *stored != plan) {
            return Err(StoreError::Conflict);
        }
        self.plans.insert(key, plan);
        self.forms.retain(|_, owner| *owner != campaign.id);
        self.forms.extend(campaign.forms.iter().map(|rule| (rule.form.clone(), campaign.id.clone())));
        self.campaigns.insert(campaign.id.clone(), campaign.clone());
        Ok(())
    }
}
