//! What a queue shows of its messages to the outside.

use chrono::{DateTime, TimeDelta, Utc};

/// How a queue treats its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long a message stays hidden after it was handed out.
    pub visibility: TimeDelta,
    /// After so many deliveries a message becomes a dead letter; `None` means never.
    pub max_receive_count: Option<u32>,
}

/// A message as it was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's id: the same at each delivery.
    pub id: String,
    /// The receipt handle: another one at each delivery; only the newest is good.
    pub receipt: String,
    /// The payload.
    pub body: String,
    /// How many deliveries there were, this one included.
    pub receive_count: u32,
    /// When the message was sent (kept when it becomes a dead letter).
    pub sent_at: DateTime<Utc>,
    /// When it was handed out for the first time.
    pub first_received_at: DateTime<Utc>,
}

/// A message that was given up: see [`Queue::take_dead_letters`](super::Queue::take_dead_letters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message's id.
    pub id: String,
    /// The payload.
    pub body: String,
    /// How many deliveries there were.
    pub receive_count: u32,
    /// When the message was sent.
    pub sent_at: DateTime<Utc>,
    /// When it was given up.
    pub dead_at: DateTime<Utc>,
}

/// How many messages are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Ready to be received.
    pub visible: usize,
    /// Handed out, and still hidden.
    pub in_flight: usize,
    /// Never handed out, and hidden by their delay.
    pub delayed: usize,
    /// Given up and not yet taken away.
    pub dead: usize,
}
