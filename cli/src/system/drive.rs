//! Moves the clock from one happening to the next, and does what is due at each.

use anyhow::Context;
use chrono::TimeDelta;
use lambda_http::{Body, Request, Response};
use leadline::{domain::Instant, flows::preview::next_run, ports::Clock};

use super::System;

/// How often the scheduler runs, as `template.yaml` sets it.
pub const SCHEDULER_EVERY: TimeDelta = TimeDelta::minutes(15);
/// How often the reporter looks whether a report is due, as `template.yaml` sets it.
pub const REPORTER_EVERY: TimeDelta = TimeDelta::minutes(30);

/// When each schedule comes round next.
pub(super) struct Drive {
    scheduler: Instant,
    reporter: Instant,
}

impl Drive {
    pub(super) fn from(now: Instant) -> Self {
        Self { scheduler: next_run(now, SCHEDULER_EVERY), reporter: next_run(now, REPORTER_EVERY) }
    }
}

/// What comes next by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// A batch of texts can be seen on the queue.
    Queue,
    /// A run of the scheduler.
    Scheduler,
    /// A run of the reporter.
    Reporter,
}

impl System {
    /// What happens next by itself, and when.
    #[must_use]
    pub fn next_happening(&self) -> (Instant, Happening) {
        let scheduled =
            [(self.drive.scheduler, Happening::Scheduler), (self.drive.reporter, Happening::Reporter)].into_iter();
        let queued = self.queue.next_visible_at().map(|at| (at.max(self.clock.now()), Happening::Queue));
        let earliest = scheduled.chain(queued).min();
        earliest.unwrap_or((self.drive.scheduler, Happening::Scheduler))
    }

    /// Does what is next, at its time.
    ///
    /// # Errors
    /// When a function itself fails, as Lambda would report it.
    pub async fn step(&mut self) -> anyhow::Result<Happening> {
        let (at, happening) = self.next_happening();
        self.clock.set(at.max(self.clock.now()));
        match happening {
            Happening::Queue => self.send().await,
            Happening::Scheduler => {
                self.drive.scheduler = at + SCHEDULER_EVERY;
                self.schedule().await?;
            }
            Happening::Reporter => {
                self.drive.reporter = at + REPORTER_EVERY;
                self.report().await?;
            }
        }
        Ok(happening)
    }

    /// Everything that happens up to `until`, then stands there.
    ///
    /// # Errors
    /// When a function itself fails.
    pub async fn run_until(&mut self, until: Instant) -> anyhow::Result<()> {
        while self.next_happening().0 <= until {
            self.step().await?;
        }
        if until > self.clock.now() {
            self.clock.set(until);
        }
        Ok(())
    }

    /// A run of the scheduler now.
    ///
    /// # Errors
    /// When it fails.
    pub async fn schedule(&self) -> anyhow::Result<leadline_scheduler::Summary> {
        let tick = leadline_scheduler::Tick::default();
        leadline_scheduler::handle(tick, &self.scheduler).await.context("the scheduler failed")
    }

    /// A run of the reporter now.
    ///
    /// # Errors
    /// When it fails.
    pub async fn report(&self) -> anyhow::Result<()> {
        leadline_reporter::handle(serde_json::Value::Null, &self.reporter).await.context("the reporter failed")?;
        Ok(())
    }

    /// Hands the texts that can be seen to the sender.
    pub async fn send(&self) {
        while let Some((event, received)) = self.queue.receive() {
            let response = leadline_sender::handle(event, &self.sender, None).await;
            let failed: Vec<String> =
                response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
            self.queue.settle(&received, &failed);
        }
    }

    /// Hands a request to the function whose it is, as the routes of API Gateway do.
    pub async fn post(&self, request: Request) -> Response<Body> {
        if request.uri().path().starts_with("/webhooks/") {
            leadline_webhook::handle(request, &self.webhook).await
        } else {
            leadline_console::handle(request, &self.console).await
        }
    }
}
