//! A thread of its own for the system's work, so that what was begun is done to its end whether or
//! not anybody still waits for the answer, as on Lambda.
//!
//! A thread and not a task of the server's: the functions' futures cannot be shown to be `Send`.

use std::{future::Future, thread};

use anyhow::Context;
use tokio::{
    runtime::Builder,
    sync::{mpsc, oneshot},
    task::{LocalSet, spawn_local},
};

type Work = Box<dyn FnOnce() + Send>;

/// The thread. It ends with the last clone of this.
#[derive(Clone)]
pub struct Apart {
    begin: mpsc::UnboundedSender<Work>,
}

impl Apart {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start() -> anyhow::Result<Self> {
        let (begin, mut works) = mpsc::unbounded_channel::<Work>();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            LocalSet::new().block_on(&runtime, async {
                while let Some(work) = works.recv().await {
                    work();
                }
            });
        };
        thread::Builder::new().name("leadline".to_owned()).spawn(serve)?;
        Ok(Self { begin })
    }

    /// Does something there and gives what came of it.
    ///
    /// # Errors
    /// When it panicked.
    pub async fn run<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (done, answer) = oneshot::channel();
        let work = move || {
            spawn_local(async move {
                // Nobody may wait for it any more.
                let _ = done.send(work().await);
            });
        };
        self.begin.send(Box::new(work)).ok().context("the system has ended")?;
        answer.await.context("the system failed in the middle of this")
    }
}
