//! Twilio Programmable Messaging: sending a text, and looking for one in its list.
//! What it posts to us is read in [`crate::twilio`].

mod answer;
mod list;
mod send;

pub use send::Twilio;

#[cfg(test)]
mod tests;
