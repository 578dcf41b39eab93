//! `leadline`: the operator's tool, and the whole system on one machine.

pub mod bookings;
pub mod campaigns;
pub mod connect;
pub mod conversation;
pub mod dead_letters;
pub mod effect;
pub mod erase;
pub mod events;
pub mod explain;
pub mod export;
pub mod import;
pub mod init;
pub mod leads;
pub mod local;
pub mod openapi;
pub mod opt_outs;
pub mod person;
pub mod read;
pub mod rehearse;
pub mod release;
pub mod restored;
pub mod scenario;
pub mod sending;
pub mod services;
pub mod set;
pub mod settings;
pub mod settle;
pub mod sweep;
pub mod system;
pub mod templates;

/// Whether all that went wrong is that nobody reads the output any more.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io =
        |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    error.chain().any(|cause| io(cause) == Some(std::io::ErrorKind::BrokenPipe))
}
