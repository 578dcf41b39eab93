//! Read, change, write: the one way in which anything that stands is changed. What was written in between is read
//! and changed anew, so that no write is lost and none is done over a state that it was not decided on.

use domain::{
    ids::{ClientId, LeadId},
    lead::Lead,
};
use ports::{LeadStore, SideWrites, StoreError, StoredLead};

/// How often something is read again when something else was written in between.
const TRIES: usize = 8;

/// An error that says that something else was written since the read.
pub trait Conflicts {
    /// Whether it says that.
    fn is_conflict(&self) -> bool;
}

impl Conflicts for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// How often something was done again, for what reads more than one lead.
///
/// ```text
/// let mut retries = Retries::default();
/// loop {
///     let done = self.read_change_and_write().await;
///     if !retries.again(&done) {
///         return done;
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Retries(usize);

impl Retries {
    /// Whether it met a conflict and is to be done again. The last conflict stands as it is.
    pub fn again<T, E: Conflicts>(&mut self, done: &Result<T, E>) -> bool {
        self.0 += 1;
        done.as_ref().is_err_and(E::is_conflict) && self.0 < TRIES
    }
}

/// What becomes of a lead that was read.
#[derive(Debug)]
pub enum Update<T> {
    /// It is written, and if it still stands as it was read, that came of it.
    Write {
        /// The lead as it is to stand.
        lead: Box<Lead>,
        /// What is written with it.
        also: Box<SideWrites>,
        /// What came of it.
        came: T,
    },
    /// It stays as it is.
    Leave(T),
}

impl<T> Update<T> {
    /// Writes the lead, and what is recorded of it.
    pub fn write(lead: Lead, also: SideWrites, came: T) -> Self {
        Self::Write { lead: Box::new(lead), also: Box::new(also), came }
    }
}

/// Changes a lead by `change`, which is pure: it is asked again when something else was written in between. `None` if
/// there is no such lead.
///
/// # Errors
/// [`StoreError`], and why the change may not be made.
pub async fn update<T, E: From<StoreError>>(
    leads: &dyn LeadStore,
    client: &ClientId,
    id: LeadId,
    change: impl Fn(StoredLead) -> Result<Update<T>, E>,
) -> Result<Option<T>, E> {
    let mut retries = Retries::default();
    loop {
        let Some(stored) = leads.lead(client, id).await? else { return Ok(None) };
        let rev = stored.rev;
        let (saved, came) = match change(stored)? {
            Update::Leave(came) => return Ok(Some(came)),
            Update::Write { lead, also, came } => (leads.save(&lead, Some(rev), *also).await, came),
        };
        if !retries.again(&saved) {
            saved?;
            return Ok(Some(came));
        }
    }
}
