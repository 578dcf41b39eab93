//! The fault sweep: a story is told once without faults, and every call in it is counted. Then it is
//! told again for each call and each way in which that call can break, and the outside is looked at:
//! what the provider took, what the store holds, what was recorded.

pub mod http;
pub mod oracle;
pub mod plan;
pub mod process;
pub mod record;
mod sqs;
pub mod story;
pub mod world;
