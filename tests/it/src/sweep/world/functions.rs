//! The functions as one process sees what they need, and the requests that others make.

use leadline::integrations;
use std::sync::Arc;

use lambda_http::{Body, Request};
use leadline_standins::{
    carrier::CarrierPort,
    faulty::{Chaos, Faulty},
    queue::Received,
};

use super::{
    super::{process::Process, story::Post},
    Done, Running, What, World,
};
use crate::world::{PUBLIC_URL, TOKEN, form};

/// The functions, as one process sees what they need.
impl World {
    fn broken<S: ?Sized>(process: &Arc<Process>, inner: Arc<S>) -> Arc<Faulty<S>> {
        let chaos: Arc<dyn Chaos> = process.clone();
        Arc::new(Faulty::new(inner, chaos))
    }

    pub(super) fn posting(&mut self, process: &Arc<Process>, post: Post, tries: usize) -> Running {
        let request = self.request(post);
        let (clock, ids) = (Arc::new(self.clock.clone()), self.ids.clone());
        macro_rules! deps {
            ($store:expr, $mailer:expr, $queue:expr, $secrets:expr) => {{
                let store = $store;
                leadline_webhook::Deps {
                    store: store.clone(),
                    sources: integrations::SOURCES,
                    read: integrations::read,
                    queue: $queue,
                    mailer: $mailer,
                    secrets: $secrets,
                    clock,
                    ids,
                    public_url: PUBLIC_URL.to_owned(),
                    tenants: leadline::domain::tenants::Tenants::OneOwner,
                    refused: Arc::new(leadline_webhook::Tally::new(store.clone())),
                }
            }};
        }
        let (mailbox, queue) = (Arc::new(self.mailbox.clone()), Arc::new(self.queue.clone()));
        let deps = if self.breaks_stores {
            deps!(
                Self::broken(process, self.base.clone()),
                Self::broken(process, mailbox),
                Self::broken(process, queue),
                Self::broken(process, self.secrets.clone())
            )
        } else {
            deps!(self.base.clone(), mailbox, queue, self.secrets.clone())
        };
        let work = async move { Done::Answered(leadline_webhook::handle(request, &deps).await.status().as_u16()) };
        Running { process: process.clone(), what: What::Posting(post, tries), work: Box::pin(work) }
    }

    pub(super) fn running(&mut self, process: &Arc<Process>) -> Running {
        let (clock, ids) = (Arc::new(self.clock.clone()), self.ids.clone());
        macro_rules! deps {
            ($store:expr, $mailer:expr, $queue:expr) => {{
                let store = $store;
                leadline_scheduler::Deps {
                    store: store.clone(),
                    read: integrations::read,
                    queue: $queue,
                    mailer: $mailer,
                    clock,
                    ids,
                    tenants: leadline::domain::tenants::Tenants::OneOwner,
                }
            }};
        }
        let (mailbox, queue) = (Arc::new(self.mailbox.clone()), Arc::new(self.queue.clone()));
        let deps = if self.breaks_stores {
            let queue = Self::broken(process, queue);
            deps!(Self::broken(process, self.base.clone()), Self::broken(process, mailbox), queue)
        } else {
            deps!(self.base.clone(), mailbox, queue)
        };
        let work = async move {
            // A run that fails is followed by the next one.
            let _ran = leadline_scheduler::handle(leadline_scheduler::Tick::default(), &deps).await;
            Done::Ran
        };
        Running { process: process.clone(), what: What::Running, work: Box::pin(work) }
    }

    pub(super) fn sending(
        &mut self,
        process: &Arc<Process>,
        event: &aws_lambda_events::sqs::SqsEvent,
        received: &[Received],
    ) -> Running {
        let (clock, ids) = (Arc::new(self.clock.clone()), self.ids.clone());
        let carrier = CarrierPort { carrier: self.carrier.clone(), public_url: PUBLIC_URL.to_owned() };
        let (provider, mailbox) = (Self::broken(process, Arc::new(carrier)), Arc::new(self.mailbox.clone()));
        macro_rules! deps {
            ($store:expr, $mailer:expr, $redelivery:expr) => {{
                let store = $store;
                leadline_sender::Deps {
                    store: store.clone(),
                    redelivery: $redelivery,
                    provider,
                    mailer: $mailer,
                    clock,
                    ids,
                }
            }};
        }
        let queue = Arc::new(self.queue.clone());
        let deps = if self.breaks_stores {
            let queue = Self::broken(process, queue);
            deps!(Self::broken(process, self.base.clone()), Self::broken(process, mailbox), queue)
        } else {
            deps!(self.base.clone(), mailbox, queue)
        };
        let event = event.clone();
        let work = async move {
            let response = leadline_sender::handle(event, &deps, None).await;
            Done::Sent(response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect())
        };
        Running { process: process.clone(), what: What::Sending(received.to_vec()), work: Box::pin(work) }
    }

    fn request(&self, post: Post) -> Request {
        let id = &self.client.id;
        match post {
            Post::Form { id: submission, phone } => {
                let body = form(submission, "Pat Rivera", phone).to_string();
                request(
                    &format!("{PUBLIC_URL}/webhooks/kajabi/{id}/{TOKEN}"),
                    body,
                    &[("content-type", "application/json")],
                )
            }
            Post::Reply { sid, phone, says } => {
                let fields = [("Body", says), ("From", phone), ("MessageSid", sid), ("To", "+13055550199")];
                self.signed(&format!("{PUBLIC_URL}/webhooks/twilio/{id}/inbound"), &fields)
            }
            Post::Receipt { nth } => {
                let text = self.carrier.ledger().swap_remove(nth);
                let fields = [("MessageSid", text.sid.as_str()), ("MessageStatus", "delivered"), ("To", &text.to)];
                self.signed(&text.status_callback.expect("a callback"), &fields)
            }
        }
    }

    fn signed(&self, url: &str, fields: &[(&str, &str)]) -> Request {
        let signature = leadline_standins::signature::sign(&self.token, url, fields);
        let body = serde_urlencoded::to_string(fields).expect("a form");
        request(url, body, &[("x-twilio-signature", &signature)])
    }
}

fn request(url: &str, body: String, headers: &[(&'static str, &str)]) -> Request {
    let mut request = Request::new(Body::Text(body));
    *request.method_mut() = lambda_http::http::Method::POST;
    *request.uri_mut() = url.parse().expect("an address");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    request
}
