//! `leadline rehearse`: a scenario in simulated time, from its start to its end.

mod line;
mod timeline;

use std::{collections::HashSet, io::Write, path::Path, sync::Arc};

use anyhow::Context;
use chrono::TimeDelta;
use lambda_http::{Body, Request};
use leadline::{
    domain::{Instant, ids::AuditId},
    ports::{Clock, Directory, DueIndex, Journal},
};
use leadline_standins::{carrier::Heard, fakes::SeededIds, signature};

use crate::{
    scenario::{BookingPost, Calendar, Delivery, ProviderChange, ReplyPost, Scenario},
    system::{ClientSetup, Setup, System},
};

pub use line::{Line, Summary};

/// Where the system says that it is reached. Nothing is ever sent there.
const PUBLIC_URL: &str = "https://hooks.example.com";
/// The longest that a rehearsal without an end runs.
const LONGEST: TimeDelta = TimeDelta::days(92);

/// Rehearses a scenario and writes what happens.
///
/// # Errors
/// When the scenario cannot be read, or a function fails.
pub async fn rehearse(path: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<Summary> {
    let scenario = Scenario::load(path)?;
    let mut rehearsal = Rehearsal::start(&scenario).await?;
    let mut show = |lines: Vec<Line>, rehearsal: &Rehearsal| -> anyhow::Result<()> {
        for line in lines {
            if json {
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
            } else if let Some(text) = timeline::show(&line, &rehearsal.system) {
                writeln!(out, "{text}")?;
            }
        }
        Ok(())
    };
    for delivery in &scenario.deliveries {
        while rehearsal.system.next_happening().0 < delivery.at {
            rehearsal.system.step().await?;
            show(rehearsal.new_lines().await?, &rehearsal)?;
        }
        rehearsal.system.clock.set(delivery.at);
        let answered = rehearsal.deliver(delivery).await?;
        let mut lines = rehearsal.new_lines().await?;
        lines.splice(0..0, answered);
        show(lines, &rehearsal)?;
    }
    let until = scenario.until.unwrap_or(rehearsal.system.clock.now() + LONGEST);
    while rehearsal.system.next_happening().0 <= until {
        if scenario.until.is_none() && rehearsal.is_over().await? {
            break;
        }
        rehearsal.system.step().await?;
        show(rehearsal.new_lines().await?, &rehearsal)?;
    }
    let summary = rehearsal.summary(scenario.until.unwrap_or(rehearsal.system.clock.now()));
    show(vec![Line::Summary(summary.clone())], &rehearsal)?;
    Ok(summary)
}

/// A rehearsal under way.
struct Rehearsal {
    system: System,
    seen: HashSet<AuditId>,
    texts_seen: usize,
    mails_seen: usize,
    looked_until: Instant,
    counts: Summary,
    replies: u64,
    /// The last moment at which something happened that a report should still tell.
    last_event: Instant,
}

impl Rehearsal {
    async fn start(scenario: &Scenario) -> anyhow::Result<Self> {
        let setup = Setup { clients: scenario.clients.clone(), tenants: scenario.tenants };
        let system = System::start(setup, scenario.start, Arc::new(SeededIds::new(1)), PUBLIC_URL).await?;
        Ok(Self {
            system,
            seen: HashSet::new(),
            texts_seen: 0,
            mails_seen: 0,
            looked_until: scenario.start,
            counts: Summary::default(),
            replies: 0,
            last_event: scenario.start,
        })
    }

    async fn deliver(&mut self, delivery: &Delivery) -> anyhow::Result<Vec<Line>> {
        self.last_event = delivery.at;
        let mut answered = Vec::new();
        if let Some(post) = &delivery.kajabi {
            let client = self.client(post.client.as_ref())?;
            let token = post.token.as_deref().unwrap_or(&client.token);
            let id = client.settings.id.clone();
            let uri = format!("{PUBLIC_URL}/webhooks/kajabi/{id}/{token}");
            let request = Request::new(Body::Binary(post.bytes.clone()));
            answered.extend(self.post(request, "POST", &uri, &[("content-type", "application/json")], id).await?);
        }
        if let Some(reply) = &delivery.reply {
            answered.extend(self.reply(reply).await?);
        }
        if let Some(post) = &delivery.booking {
            answered.extend(self.booking(post).await?);
        }
        if let Some(change) = &delivery.provider {
            self.provider(change);
        }
        if let Some(change) = &delivery.campaign {
            let client = self.client(change.client.as_ref())?.settings.id.clone();
            let campaigns = self.system.store.campaigns(&client).await?;
            let found = campaigns.into_iter().find(|campaign| campaign.id == change.id);
            let stands = found.with_context(|| format!("client {client} has no campaign {}", change.id))?;
            let campaign = leadline::domain::campaign::Campaign { status: change.status.clone(), ..stands.clone() };
            self.system.store.put_campaign(&client, &campaign, Some(&stands)).await?;
        }
        if let Some(change) = &delivery.sending {
            let client = self.client(change.client.as_ref())?.settings.id.clone();
            let mut settings = self.system.store.client(&client).await??;
            settings.sending = change.state.clone();
            self.system.store.put_client(&settings).await?;
        }
        Ok(answered)
    }

    fn client(&self, id: Option<&leadline::domain::ids::ClientId>) -> anyhow::Result<&ClientSetup> {
        id.and_then(|id| self.system.client(id)).context("the scenario names no client here")
    }

    /// Posts to the webhook. What it refuses leaves no audit, so the refusal is a line of its own.
    async fn post(
        &self,
        mut request: Request,
        method: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
        client: leadline::domain::ids::ClientId,
    ) -> anyhow::Result<Vec<Line>> {
        *request.method_mut() = method.parse()?;
        *request.uri_mut() = uri.parse()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let status = self.system.post(request).await.status();
        let refused = !status.is_success();
        Ok(refused.then(|| Line::refused(self.system.clock.now(), client, status.as_u16())).into_iter().collect())
    }

    /// A reply comes by way of the client's provider, signed as it signs.
    async fn reply(&mut self, reply: &ReplyPost) -> anyhow::Result<Vec<Line>> {
        self.replies += 1;
        let client = self.client(reply.client.as_ref())?;
        let id = client.settings.id.clone();
        let now = self.system.clock.now();
        let heard = Heard {
            sid: format!("SM{:032x}", self.replies),
            from: reply.from.clone(),
            to: client.own_number().to_owned(),
            body: reply.body.clone(),
            at: now,
        };
        let request = client.reply(PUBLIC_URL, &heard, now)?;
        let status = self.system.post(request).await.status();
        let refused = !status.is_success();
        Ok(refused.then(|| Line::refused(now, id, status.as_u16())).into_iter().collect())
    }

    /// A booking comes by way of its calendar, and signed.
    async fn booking(&self, post: &BookingPost) -> anyhow::Result<Vec<Line>> {
        let client = self.client(post.client.as_ref())?;
        let (id, secrets) = (client.settings.id.clone(), client.all_secrets());
        let of = |name: &str| secrets.get(name).cloned().unwrap_or_default();
        let body = String::from_utf8(post.bytes.clone()).context("the body of a booking is no text")?;
        let (path, header, signature) = match post.by {
            Calendar::Calendly => {
                let seconds = self.system.clock.now().timestamp();
                let signed = signature::calendly(&of("calendly_signing_key"), seconds, &body);
                ("calendly", "calendly-webhook-signature", signed)
            }
            Calendar::Calcom => ("calcom", "x-cal-signature-256", signature::calcom(&of("calcom_secret"), &body)),
        };
        let uri = format!("{PUBLIC_URL}/webhooks/{path}/{id}");
        let headers = [("content-type", "application/json"), (header, signature.as_str())];
        self.post(Request::new(Body::Text(body)), "POST", &uri, &headers, id).await
    }

    fn provider(&self, change: &ProviderChange) {
        let behaviour = change.behaviour.into();
        match (&change.to, change.next) {
            (Some(to), _) => self.system.carrier.script_for(to, Some(behaviour)),
            (None, Some(next)) => self.system.carrier.script_next(std::iter::repeat_n(behaviour, next)),
            (None, None) => self.system.carrier.script_default(behaviour),
        }
    }

    /// What happened since it was last asked, in order.
    async fn new_lines(&mut self) -> anyhow::Result<Vec<Line>> {
        let now = self.system.clock.now();
        let mut lines = Vec::new();
        let clients: Vec<_> = self.system.clients.iter().map(|client| client.settings.id.clone()).collect();
        for client in clients {
            let mut page = None;
            loop {
                let found = self
                    .system
                    .store
                    .happened(&client, self.looked_until, now + TimeDelta::milliseconds(1), page)
                    .await?;
                for event in found.events {
                    if self.seen.insert(event.id) {
                        self.counts.count(&event);
                        lines.push(Line::audit(&event));
                    }
                }
                page = found.next;
                if page.is_none() {
                    break;
                }
            }
        }
        let ledger = self.system.carrier.ledger();
        for text in &ledger[self.texts_seen..] {
            let line = line::text(text, &self.system).await?;
            self.counts.texts += 1;
            self.last_event = now;
            lines.push(line);
        }
        self.texts_seen = ledger.len();
        let mails = self.system.mailbox.sent();
        for mail in &mails[self.mails_seen..] {
            self.counts.emails += 1;
            lines.push(line::email(mail, &self.system));
        }
        self.mails_seen = mails.len();
        lines.sort_by_key(Line::at);
        self.looked_until = now;
        Ok(lines)
    }

    /// Whether nothing waits any more, and the report on the last day has gone out.
    async fn is_over(&self) -> anyhow::Result<bool> {
        if self.queue_has_work() || self.system.clock.now() < self.last_event + TimeDelta::hours(36) {
            return Ok(false);
        }
        for client in &self.system.clients {
            let far = self.system.clock.now() + LONGEST;
            if !self.system.store.due(&client.settings.id, far, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn queue_has_work(&self) -> bool {
        self.system.queue.next_visible_at().is_some()
    }

    fn summary(&self, at: Instant) -> Summary {
        let ended: usize = self.counts.ended.values().sum();
        Summary { at, waiting: self.counts.enrolled.saturating_sub(ended), ..self.counts.clone() }
    }
}
