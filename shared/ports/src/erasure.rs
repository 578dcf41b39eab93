//! What only an erasure may do, and where it is remembered.

use async_trait::async_trait;
use domain::{
    Instant, audit::AuditEvent, email::EmailAddress, erasure::ErasureRecord, event::RawEvent, ids::ClientId,
    lead::Lead, phone::PhoneNumber, profile::Profile,
};

use crate::{OptOuts, StoreResult, StoredLead};

/// A person whose words are gone, and whose numbers and addresses go last, in one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// The lead as it was read.
    pub stored: StoredLead,
    /// The lead as it is to stand.
    pub lead: Lead,
    /// Its data as it is to stand.
    pub profile: Profile,
    /// Its number and former ones, each once.
    pub phones: Vec<PhoneNumber>,
    /// Its email address and former ones, each once.
    pub emails: Vec<EmailAddress>,
    /// What is to be recorded.
    pub audit: AuditEvent,
}

/// What the last write of an erasure deleted or emptied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedItems {
    /// Numbers that lead nowhere any more, opted out or not.
    pub numbers: usize,
    /// Email addresses that lead nowhere any more.
    pub addresses: usize,
    /// Opt-outs that stay with their number, without their words.
    pub opt_outs: usize,
}

/// How words are changed.
pub type Rewording<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// What only an erasure may do.
#[async_trait]
pub trait ErasureStore: OptOuts {
    /// Writes the emptied lead over the revision at which it was read, and deletes the items of its numbers and
    /// addresses, all or nothing. An opt-out stays with its number, without its words. A number or an address that
    /// another lead has by now is left alone.
    async fn erase(&self, emptied: &Emptied) -> StoreResult<ErasedItems>;
    /// Changes the words of somebody else's opt-out, with the number and in the list. A conflict if one of them was
    /// written meanwhile.
    async fn reword_opt_out(&self, client: &ClientId, phone: &PhoneNumber, change: Rewording<'_>) -> StoreResult<()>;
    /// Deletes a raw event whose key itself names a person. A conflict if it does not stand as it was read.
    async fn delete_event(&self, event: &RawEvent) -> StoreResult<()>;
}

/// What was erased, remembered outside the history of the table: a restored backup brings nobody back.
#[async_trait]
pub trait ErasureLedger: Send + Sync {
    /// Remembers an erasure, in place of an earlier one of the same lead.
    async fn remember(&self, record: &ErasureRecord) -> StoreResult<()>;
    /// A client's erasures since a moment, strongly consistent, in the order of the leads' ids.
    async fn erasures(&self, client: &ClientId, since: Instant) -> StoreResult<Vec<ErasureRecord>>;
}
