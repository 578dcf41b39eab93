//! What others post to us: leads, replies, receipts. A source turns what it was sent into values; it stores and decides nothing.

pub mod kajabi;
pub mod twilio;
