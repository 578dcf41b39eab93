//! Ports that break on demand. A script (a [`Chaos`]) is asked before every call what goes wrong with
//! it, and is told after: so a test can count the calls of a story, break any one of them in any way,
//! and let others run in between. It decides nothing and keeps nothing itself.

mod edges;
mod stores;

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::{
    domain::ids::LeadId,
    ports::{StoreError, StoreResult},
};

/// One call through a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    /// The port's name, for example `LeadStore`.
    pub port: &'static str,
    /// The method's name.
    pub method: &'static str,
    /// Whether it changes anything outside.
    pub writes: bool,
    /// The lead that it is about, where that is known.
    pub lead: Option<LeadId>,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It fails, and had no effect.
    ErrorBefore,
    /// It has its effect, and the caller is told that it failed, or that nothing is known.
    AnswerLost,
    /// It has its effect twice, and the second answer is seen: what an SDK does that lost the first.
    Twice,
    /// It takes effect only after this time, and then answers.
    SlowBefore(TimeDelta),
    /// It takes effect at once, and answers only after this time.
    SlowAfter(TimeDelta),
    /// The process ends here: no effect. The call never returns; whoever drives it drops it.
    DieBefore,
    /// The process ends here: the effect is there, the answer is seen by nobody.
    DieAfter,
}

impl Fault {
    /// Whether this fault differs from every other for this call. A call that only reads has no
    /// effect that could be lost or doubled. A request to send that the *network* delivers twice is
    /// left out: a provider that takes both sends twice, and no sender can do anything about it.
    #[must_use]
    pub fn means_something_for(&self, call: &Call) -> bool {
        match self {
            Self::AnswerLost => call.writes,
            Self::Twice => call.writes && !(call.port == "SmsProvider" && call.method == "send"),
            Self::ErrorBefore | Self::SlowBefore(_) | Self::SlowAfter(_) | Self::DieBefore | Self::DieAfter => true,
        }
    }
}

/// Decides what goes wrong, and who else runs meanwhile.
#[async_trait]
pub trait Chaos: Send + Sync {
    /// Before a call: may let others run first, and says what goes wrong with it.
    async fn begin(&self, call: &Call) -> Option<Fault>;
    /// After its effect and before its answer is seen: may let others run.
    async fn end(&self, call: &Call);
    /// Time passes for this process.
    async fn pass(&self, span: TimeDelta);
}

/// A port that breaks when its chaos says so. It implements every port that `S` does.
pub struct Faulty<S: ?Sized> {
    inner: Arc<S>,
    chaos: Arc<dyn Chaos>,
}

impl<S: ?Sized> Clone for Faulty<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), chaos: self.chaos.clone() }
    }
}

impl<S: ?Sized> Faulty<S> {
    /// What is broken.
    #[must_use]
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// `inner`, broken by `chaos`.
    #[must_use]
    pub fn new(inner: Arc<S>, chaos: Arc<dyn Chaos>) -> Self {
        Self { inner, chaos }
    }

    /// Makes a call, with what goes wrong with it: what a port of one's own is broken by. `failed` makes the answer of a call that had no
    /// effect (`None`), or of one whose true answer is lost.
    pub async fn run<T, F>(&self, call: Call, effect: impl Fn() -> F, failed: impl Fn(Option<T>) -> T) -> T
    where
        F: Future<Output = T>,
    {
        let fault = self.chaos.begin(&call).await;
        match fault {
            Some(Fault::ErrorBefore) => return failed(None),
            Some(Fault::DieBefore) => std::future::pending::<()>().await,
            Some(Fault::SlowBefore(span)) => self.chaos.pass(span).await,
            Some(Fault::AnswerLost | Fault::Twice | Fault::SlowAfter(_) | Fault::DieAfter) | None => {}
        }
        let mut answer = effect().await;
        if fault == Some(Fault::Twice) {
            answer = effect().await;
        }
        self.chaos.end(&call).await;
        match fault {
            Some(Fault::AnswerLost) => return failed(Some(answer)),
            Some(Fault::SlowAfter(span)) => self.chaos.pass(span).await,
            Some(Fault::DieAfter) => std::future::pending::<()>().await,
            Some(Fault::ErrorBefore | Fault::Twice | Fault::SlowBefore(_) | Fault::DieBefore) | None => {}
        }
        answer
    }
}

/// The error of a store that was broken.
fn unavailable<T>(_: Option<StoreResult<T>>) -> StoreResult<T> {
    Err(StoreError::Unavailable("broken on purpose".into()))
}

const fn read(port: &'static str, method: &'static str, lead: Option<LeadId>) -> Call {
    Call { port, method, writes: false, lead }
}

const fn write(port: &'static str, method: &'static str, lead: Option<LeadId>) -> Call {
    Call { port, method, writes: true, lead }
}

#[cfg(test)]
mod tests;
