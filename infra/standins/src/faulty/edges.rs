//! What is no store, broken on demand: the queue, the SMS provider, mail, secrets.

use std::time::Duration;

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    client::Client,
    ids::ClientId,
    message::{CALL_DEADLINE, ClaimedText, ListedText, SendOutcome},
    phone::PhoneNumber,
};
use leadline::{
    domain::job::Job,
    ports::{
        Direction, Email, MailError, Mailer, Redelivery, SecretError, SecretStore, Secrets, SmsProvider, TextQueue,
    },
};

use super::{Call, Fault, Faulty, read, write};

const BROKEN: &str = "broken on purpose";

#[async_trait]
impl<S: TextQueue + ?Sized> TextQueue for Faulty<S> {
    /// A lost answer refuses every job, though all of them are on the queue.
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        let lead = match jobs.as_slice() {
            [(Job::SendStep(step), _)] => Some(step.lead),
            _ => None,
        };
        let refused = |_| jobs.iter().map(|(job, _)| job.clone()).collect();
        self.run(write("TextQueue", "enqueue", lead), || self.inner.enqueue(jobs.clone()), refused).await
    }
}

#[async_trait]
impl<S: Redelivery + ?Sized> Redelivery for Faulty<S> {
    async fn put_off(&self, receipt: &str, span: Duration) -> Result<(), String> {
        let broken = |_| Err(BROKEN.to_owned());
        self.run(write("Redelivery", "put_off", None), || self.inner.put_off(receipt, span), broken).await
    }
}

#[async_trait]
impl<S: SmsProvider + ?Sized> SmsProvider for Faulty<S> {
    /// Fails as `NotSent`; a lost answer is `Unknown`, and so is one that comes after the deadline of
    /// the call: the caller has given up by then. [`Fault::Twice`] is made once, see
    /// [`Fault::means_something_for`].
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome {
        let call = write("SmsProvider", "send", Some(text.lead()));
        let over = || SendOutcome::Unknown { why: format!("no answer in time: {BROKEN}") };
        let fault = self.chaos.begin(&call).await;
        match fault {
            Some(Fault::ErrorBefore) => return SendOutcome::NotSent { why: format!("no connection: {BROKEN}") },
            Some(Fault::DieBefore) => std::future::pending::<()>().await,
            Some(Fault::SlowBefore(span)) => self.chaos.pass(span).await,
            Some(Fault::AnswerLost | Fault::Twice | Fault::SlowAfter(_) | Fault::DieAfter) | None => {}
        }
        let outcome = self.inner.send(client, text, now).await;
        self.chaos.end(&call).await;
        match fault {
            Some(Fault::AnswerLost) => over(),
            Some(Fault::SlowBefore(span)) if span > CALL_DEADLINE => over(),
            Some(Fault::SlowAfter(span)) => {
                self.chaos.pass(span).await;
                if span > CALL_DEADLINE { over() } else { outcome }
            }
            Some(Fault::DieAfter) => std::future::pending().await,
            Some(Fault::ErrorBefore | Fault::Twice | Fault::SlowBefore(_) | Fault::DieBefore) | None => outcome,
        }
    }

    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        let broken = |_| Err(BROKEN.to_owned());
        let call = read("SmsProvider", "list", None);
        self.run(call, || self.inner.list(client, direction, number, since), broken).await
    }
}

#[async_trait]
impl<S: Mailer + ?Sized> Mailer for Faulty<S> {
    async fn send(&self, email: &Email) -> Result<(), MailError> {
        let broken = |_| Err(MailError(BROKEN.to_owned()));
        self.run(write("Mailer", "send", None), || self.inner.send(email), broken).await
    }
}

#[async_trait]
impl<S: SecretStore + ?Sized> SecretStore for Faulty<S> {
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        self.run(of_secrets("secrets"), || self.inner.secrets(client), no_secrets).await
    }

    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        self.run(of_secrets("refreshed"), || self.inner.refreshed(client), no_secrets).await
    }
}

fn of_secrets(method: &'static str) -> Call {
    read("SecretStore", method, None)
}

fn no_secrets<T>(_: Option<T>) -> Result<Secrets, SecretError> {
    Err(SecretError::Unavailable(BROKEN.to_owned()))
}
