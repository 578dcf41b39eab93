//! What the flows need from outside, as narrow traits. Each has at least two implementations, and one
//! contract suite that all of them pass.

mod clock;
mod directory;
mod due;
mod erasure;
mod events;
mod feed;
pub mod inbound;
mod journal;
mod leads;
mod leases;
mod limits;
mod listing;
mod mail;
mod provider;
mod queue;
mod secrets;
mod store;
mod stores;

pub use clock::{Clock, IdSource};
pub use directory::{ClientEntry, Directory};
pub use due::{DueIndex, DueKind, DueWork};
pub use erasure::{Emptied, ErasedItems, ErasureLedger, ErasureStore, Rewording};
pub use events::{EventStore, Receipt};
pub use feed::{FeedPage, FormFeed};
pub use journal::{Journal, JournalPage};
pub use leads::{ForText, LeadStore, PhoneRecord, SideWrites, StoredLead, TextKey};
pub use leases::{Lease, Leases};
pub use limits::{Budget, Refusals, RequestLimits};
pub use listing::{AttentionList, BatchJobs, Census, OptOuts, WaitingLead};
pub use mail::{Email, MailError, Mailer};
pub use provider::{Direction, SmsProvider};
pub use queue::{DeadLetter, DeadLetters, Redelivery, TextQueue};
pub use secrets::{SecretError, SecretStore, Secrets};
pub use store::{Rev, StoreError, StoreResult};
pub use stores::{ConsoleStore, ReporterStore, SchedulerStore, SenderStore, WebhookStore};
