//! SQS, SESv2 and Secrets Manager on loopback ports, for functions that run as separate processes:
//! set `AWS_ENDPOINT_URL_SQS`, `_SESV2` and `_SECRETS_MANAGER` to `http://127.0.0.1:PORT`.
//!
//! Only the operations that Leadline calls; anything else is refused with an error that names it.
//! Written here and not taken from the `winterbaume` crates for three reasons: their core pulls in
//! aws-config with its defaults, and with it a second TLS stack and a default HTTP client for
//! every SDK crate in the workspace, so that tests would pass where the deployed function has no
//! client; their SESv2 drops the HTML part of a mail; their SQS cannot be given a clock.

mod json_rpc;
mod secrets;
mod ses;
mod sqs;

pub use secrets::Secrets;
pub use ses::{Mail, Mailbox};
pub use sqs::Sqs;

#[cfg(test)]
mod tests;
