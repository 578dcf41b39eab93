//! The rules of one SQS standard queue as plain data on a clock that is passed in: visibility,
//! delay, receive counts, dead letters and duplicates. It keeps messages forever (no retention)
//! and hands them out in the order in which they became visible; real queues promise no order.

mod message;

pub use message::{Census, DeadLetter, Received, Rules};

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    receive_count: u32,
    sent_at: DateTime<Utc>,
    first_received_at: Option<DateTime<Utc>>,
    visible_at: DateTime<Utc>,
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    name: String,
    rules: Rules,
    sent: u64,
    messages: BTreeMap<u64, Message>,
    dead: Vec<DeadLetter>,
    duplicate_next: usize,
    duplicates: VecDeque<(u64, Received)>,
}

impl Queue {
    /// An empty queue; `name` is the prefix of its message ids.
    pub fn new(name: impl Into<String>, rules: Rules) -> Self {
        Self {
            name: name.into(),
            rules,
            sent: 0,
            messages: BTreeMap::new(),
            dead: Vec::new(),
            duplicate_next: 0,
            duplicates: VecDeque::new(),
        }
    }

    /// The queue's rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Takes a message in; it becomes visible after `delay`. Gives its id.
    pub fn send(&mut self, now: DateTime<Utc>, body: impl Into<String>, delay: TimeDelta) -> String {
        let id = format!("{}-{}", self.name, self.sent + 1);
        self.put(Message {
            id: id.clone(),
            body: body.into(),
            receive_count: 0,
            sent_at: now,
            first_received_at: None,
            visible_at: now + delay,
        });
        id
    }

    /// Takes another queue's dead letter in; its id and its sending time stay.
    pub fn admit(&mut self, now: DateTime<Utc>, letter: DeadLetter) {
        self.put(Message {
            id: letter.id,
            body: letter.body,
            receive_count: 0,
            sent_at: letter.sent_at,
            first_received_at: None,
            visible_at: now,
        });
    }

    fn put(&mut self, message: Message) {
        self.sent += 1;
        self.messages.insert(self.sent, message);
    }

    /// Hands out up to `max` visible messages, each hidden for the queue's visibility time.
    pub fn receive(&mut self, now: DateTime<Utc>, max: usize) -> Vec<Received> {
        self.receive_for(now, max, self.rules.visibility)
    }

    /// Hands out up to `max` visible messages, each hidden for `visibility`. A message that was
    /// handed out as often as allowed becomes a dead letter at this moment instead.
    pub fn receive_for(&mut self, now: DateTime<Utc>, max: usize, visibility: TimeDelta) -> Vec<Received> {
        let mut handed_out = self.hand_out_duplicates(now, max, visibility);
        let mut due: Vec<_> = self
            .messages
            .iter()
            .filter(|(_, message)| message.visible_at <= now)
            .map(|(number, message)| (message.visible_at, *number))
            .collect();
        due.sort_unstable();
        for (_, number) in due {
            if handed_out.len() >= max {
                break;
            }
            if self.is_spent(number) {
                self.bury(now, number);
            } else if let Some(received) = self.hand_out(now, number, visibility) {
                if self.duplicate_next > 0 {
                    self.duplicate_next -= 1;
                    self.duplicates.push_back((number, received.clone()));
                }
                handed_out.push(received);
            }
        }
        handed_out
    }

    fn hand_out_duplicates(&mut self, now: DateTime<Utc>, max: usize, visibility: TimeDelta) -> Vec<Received> {
        let mut handed_out = Vec::new();
        while handed_out.len() < max {
            let Some((number, first)) = self.duplicates.pop_front() else {
                break;
            };
            if !self.messages.contains_key(&number) {
                // Deleted in between: the copy comes all the same, and its receipt is stale.
                handed_out.push(Received { receive_count: first.receive_count + 1, ..first });
            } else if !self.is_spent(number) {
                handed_out.extend(self.hand_out(now, number, visibility));
            }
        }
        handed_out
    }

    fn hand_out(&mut self, now: DateTime<Utc>, number: u64, visibility: TimeDelta) -> Option<Received> {
        let message = self.messages.get_mut(&number)?;
        message.receive_count += 1;
        message.visible_at = now + visibility;
        Some(Received {
            id: message.id.clone(),
            receipt: receipt(number, message),
            body: message.body.clone(),
            receive_count: message.receive_count,
            sent_at: message.sent_at,
            first_received_at: *message.first_received_at.get_or_insert(now),
        })
    }

    fn is_spent(&self, number: u64) -> bool {
        let limit = self.rules.max_receive_count;
        let count = self.messages.get(&number).map_or(0, |message| message.receive_count);
        limit.is_some_and(|limit| count >= limit)
    }

    fn bury(&mut self, now: DateTime<Utc>, number: u64) {
        if let Some(message) = self.messages.remove(&number) {
            self.dead.push(DeadLetter {
                id: message.id,
                body: message.body,
                receive_count: message.receive_count,
                sent_at: message.sent_at,
                dead_at: now,
            });
        }
    }

    /// Deletes the message that this receipt stands for. A stale receipt is ignored: gives whether
    /// something was deleted.
    pub fn delete(&mut self, receipt: &str) -> bool {
        let number = self.number_of(receipt);
        number.is_some_and(|number| self.messages.remove(&number).is_some())
    }

    /// Hides a message that is in flight for `visibility` from now; zero puts it back at once. A
    /// stale receipt, or one whose time is over, is ignored: gives whether something was changed.
    pub fn change_visibility(&mut self, now: DateTime<Utc>, receipt: &str, visibility: TimeDelta) -> bool {
        let number = self.number_of(receipt);
        match number.and_then(|number| self.messages.get_mut(&number)) {
            Some(message) if message.visible_at > now => {
                message.visible_at = now + visibility;
                true
            }
            _ => false,
        }
    }

    fn number_of(&self, wanted: &str) -> Option<u64> {
        let number = wanted.split_once('.')?.0.parse().ok()?;
        let message = self.messages.get(&number)?;
        (receipt(number, message) == wanted).then_some(number)
    }

    /// Hands each of the next `count` delivered messages out once more at the following receive,
    /// even if it was deleted in between, as a standard queue may.
    pub fn duplicate_next(&mut self, count: usize) {
        self.duplicate_next += count;
    }

    /// The earliest moment at which a receive can find something; it may be in the past.
    pub fn next_visible_at(&self) -> Option<DateTime<Utc>> {
        let waiting = self.duplicates.iter().map(|(_, copy)| copy.first_received_at);
        self.messages.values().map(|message| message.visible_at).chain(waiting).min()
    }

    /// The dead letters so far.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead
    }

    /// Takes the dead letters away, for instance to [`admit`](Self::admit) them to another queue.
    pub fn take_dead_letters(&mut self) -> Vec<DeadLetter> {
        std::mem::take(&mut self.dead)
    }

    /// How many messages are in which state; injected duplicates are not counted.
    pub fn census(&self, now: DateTime<Utc>) -> Census {
        let mut census = Census { dead: self.dead.len(), ..Census::default() };
        for message in self.messages.values() {
            match (message.visible_at <= now, message.receive_count) {
                (true, _) => census.visible += 1,
                (false, 0) => census.delayed += 1,
                (false, _) => census.in_flight += 1,
            }
        }
        census
    }

    /// The ids of the messages that were neither deleted nor given up.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.messages.values().map(|message| message.id.as_str())
    }
}

fn receipt(number: u64, message: &Message) -> String {
    format!("{number}.{}", message.receive_count)
}

#[cfg(test)]
mod tests;
