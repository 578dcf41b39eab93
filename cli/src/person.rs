//! The person at the terminal: who it is, what they agree to, and that they are told here and not by email.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use async_trait::async_trait;
use leadline::{
    domain::{Instant, ids::ClientId},
    flows::{alerts::Alerts, campaigns::Actor},
    ports::{Email, Journal, Lease, Leases, MailError, Mailer, StoreResult},
    runtime::Settings,
};

/// Who does it, and whether they are asked first.
#[derive(Debug, Clone, clap::Args)]
pub struct Person {
    /// Who does it, for the audit. Without it, the name of the machine's user.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Do it without asking.
    #[arg(long, short)]
    pub yes: bool,
}

impl Person {
    /// Their name.
    ///
    /// # Errors
    /// When there is none.
    pub fn name(&self) -> anyhow::Result<String> {
        let environment = Settings::from_environment();
        let given =
            self.by.clone().or_else(|| ["USER", "LOGNAME", "USERNAME"].iter().find_map(|n| environment.optional(n)));
        let name = given.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        name.context("say who you are, for the audit: --by NAME")
    }

    /// Who they are, and at which user's terminal.
    ///
    /// # Errors
    /// When there is no name.
    pub fn actor(&self) -> anyhow::Result<Actor> {
        let environment = Settings::from_environment();
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| environment.optional(name));
        let from = user.map_or_else(|| "a terminal".to_owned(), |user| format!("the terminal of {user}"));
        Ok(Actor { who: self.name()?, from })
    }

    /// Their name, or that it was not said: the red button is for everybody.
    #[must_use]
    pub fn name_if_known(&self) -> String {
        self.name().unwrap_or_else(|_| "somebody who did not say who".to_owned())
    }

    /// Asks, unless they said yes before.
    ///
    /// # Errors
    /// When there is nobody to ask, or the answer is no.
    pub fn agrees(&self, question: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            bail!("{question} Nobody can be asked here: say --yes to do it");
        }
        eprint!("{question} [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        stdin.lock().read_line(&mut answer)?;
        if !matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            bail!("nothing was done");
        }
        Ok(())
    }
}

/// Everything that would be an alert was just said to the person who did it.
pub struct ToldHere;

#[async_trait]
impl Leases for ToldHere {
    async fn claim(&self, _: &ClientId, _: &str, _: Instant, _: Instant) -> StoreResult<Lease> {
        Ok(Lease::Completed)
    }
    async fn finish(&self, _: &ClientId, _: &str, _: &str) -> StoreResult<()> {
        Ok(())
    }
    async fn note(&self, _: &ClientId, _: &str) -> StoreResult<Option<String>> {
        Ok(None)
    }
}

#[async_trait]
impl Mailer for ToldHere {
    async fn send(&self, _: &Email) -> Result<(), MailError> {
        Err(MailError("a command sends no email".to_owned()))
    }
}

/// Alerts that go to nobody else.
#[must_use]
pub fn told_here(journal: &dyn Journal) -> Alerts<'_> {
    Alerts { once: &ToldHere, mailer: &ToldHere, journal }
}
