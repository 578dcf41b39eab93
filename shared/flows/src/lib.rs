//! What more than one function does, over the ports: taking in, replies, receipts, single texts, concluding a decision, settling a
//! text, comparing, alerts. And what a person does: holds, dead letters, the work after a restore.

pub mod alerts;
pub mod by_hand;
pub mod campaigns;
pub mod comparison;
pub mod conclude;
pub mod dead_letters;
mod derived_id;
pub mod effect;
pub mod erase;
pub mod import;
pub mod intake;
pub mod lead_scan;
pub mod newest;
pub mod one_text;
pub mod preview;
pub mod reading;
pub mod receipts;
pub mod receive;
pub mod record;
pub mod replay;
pub mod replies;
pub mod restored;
pub mod settings;
pub mod settling;
pub mod sweep;
pub mod unanswered;
pub mod unsubscribed;
pub mod update;
