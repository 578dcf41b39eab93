//! What happened in a world, in order: always as a hash, as lines only when someone wants to read them.

use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex},
};

use leadline::{domain::Instant, ports::Clock};
use sha2::{Digest, Sha256};

use crate::executor::{Handle, lock};

/// The trace of one world. Clones write to the same one.
#[derive(Clone)]
pub struct Trace {
    clock: Handle,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    hash: Sha256,
    lines: Option<Vec<(Instant, String)>>,
}

impl Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.hash.update(text);
        Ok(())
    }
}

impl Trace {
    /// An empty trace on a clock, with lines to read or without.
    #[must_use]
    pub fn new(clock: Handle, lines: bool) -> Self {
        let kept = Kept { hash: Sha256::new(), lines: lines.then(Vec::new) };
        Self { clock, kept: Arc::new(Mutex::new(kept)) }
    }

    /// Something that belongs to the hash.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let now = self.clock.now();
        let mut kept = lock(&self.kept);
        kept.hash.update(now.timestamp_millis().to_le_bytes());
        // Writing to a hash cannot fail.
        let _ = kept.write_fmt(what);
        if let Some(lines) = &mut kept.lines {
            lines.push((now, what.to_string()));
        }
    }

    /// Something that only a reader wants to know.
    pub fn detail(&self, what: impl FnOnce() -> String) {
        let now = self.clock.now();
        if let Some(lines) = &mut lock(&self.kept).lines {
            lines.push((now, what()));
        }
    }

    /// The hash so far.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        lock(&self.kept).hash.clone().finalize().into()
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<(Instant, String)> {
        lock(&self.kept).lines.clone().unwrap_or_default()
    }
}
