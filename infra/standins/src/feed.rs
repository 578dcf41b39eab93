//! The forms that a Kajabi site lists, as a test says, behind the port that they are compared by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use leadline::{
    domain::client::Client,
    integrations::kajabi,
    ports::{FeedPage, FormFeed},
};
use serde_json::Value;

/// Forms on each page, unless it is set.
const PAGE: usize = 100;

/// What a site lists, which is nothing at first. Clones share it. It is one site, whoever asks.
#[derive(Clone, Default)]
pub struct ListedForms {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Newest last.
    sent: Vec<Value>,
    page: Option<usize>,
    /// How many of a page are on the next one too.
    repeated: usize,
    broken: Option<String>,
    asked: u32,
}

impl ListedForms {
    /// Nothing was sent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody sent a form: its submission as a JSON:API resource.
    pub fn sent(&self, submission: Value) {
        self.state().sent.push(submission);
    }

    /// Cuts pages of `size`, of which the last `repeated` are on the next page as well, as Kajabi's are seen
    /// to do.
    pub fn paged(&self, size: usize, repeated: usize) {
        let mut state = self.state();
        (state.page, state.repeated) = (Some(size.max(1)), repeated);
    }

    /// Fails every page for this reason from now on; `None` ends that.
    pub fn fail(&self, why: Option<&str>) {
        self.state().broken = why.map(str::to_owned);
    }

    /// How often a page was asked for.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FormFeed for ListedForms {
    async fn page(&self, _: &Client, number: u32) -> Result<FeedPage, String> {
        let mut state = self.state();
        state.asked += 1;
        if let Some(why) = &state.broken {
            return Err(why.clone());
        }
        let size = state.page.unwrap_or(PAGE);
        let begin = size.saturating_mul(usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1));
        let newest = || state.sent.iter().rev();
        let repeated = if begin == 0 { 0 } else { state.repeated.min(begin) };
        let submissions: Vec<Value> = newest().skip(begin - repeated).take(size + repeated).cloned().collect();
        Ok(kajabi::listed(&submissions, state.sent.len() > begin.saturating_add(size)))
    }
}
