//! What more than one function does, over the ports: taking in, replies, concluding a decision, alerts.

pub mod alerts;
pub mod conclude;
mod derived_id;
pub mod intake;
pub mod preview;
pub mod record;
pub mod replies;
