//! What the world itself knows, independent of the system in it: what was posted and how it was
//! answered, what operators wrote, what was mailed. The judges go by it.

use std::collections::HashMap;

use leadline::{
    domain::{Instant, campaign::Campaign, client::Client, ids::LeadId, job::SendStep},
    ports::Email,
};

use crate::{executor::TaskId, spec::FormKind};

/// Everything that was noted.
#[derive(Default)]
pub struct Notes {
    /// Forms.
    pub forms: Vec<Form>,
    /// Replies that were taken in.
    pub replies: Vec<Reply>,
    /// Every try to say something.
    pub said: Vec<Said>,
    /// Appointments.
    pub appointments: Vec<Appointment>,
    /// What operators wrote, in order.
    pub settings: Vec<Snapshot>,
    /// Mails that left.
    pub mails: Vec<Mail>,
    /// What the scheduler put on the queue, by call.
    pub enqueued: Vec<Enqueued>,
    /// Whose lead is whose, as far as the world could see.
    pub people: HashMap<LeadId, usize>,
}

/// A form that was posted.
#[derive(Debug, Clone)]
pub struct Form {
    /// Who sent it.
    pub person: usize,
    /// The client.
    pub client: usize,
    /// The campaign whose form it is.
    pub campaign: usize,
    /// What is special about it.
    pub kind: FormKind,
    /// What the audit must name it by; `None` where that follows from its bytes.
    pub key: Option<String>,
    /// When it was first posted.
    pub posted: Instant,
    /// When it was first answered with 2xx.
    pub taken: Option<Instant>,
}

/// A reply that was answered with 2xx.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// Who wrote.
    pub person: usize,
    /// Whether it was a stop word.
    pub stop: bool,
    /// When it was answered.
    pub taken: Instant,
}

/// A reply that was posted, whatever became of it.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// Who wrote.
    pub person: usize,
    /// Whether it is a stop that the provider does not answer itself.
    pub to_confirm: bool,
    /// When this try began.
    pub at: Instant,
}

/// An appointment that somebody made.
#[derive(Debug, Clone, Copy)]
pub struct Appointment {
    /// Who.
    pub person: usize,
    /// When it begins.
    pub starts_at: Instant,
    /// When the news of it was answered with 2xx.
    pub taken: Option<Instant>,
    /// From when it may not stand any more: it was moved or called off.
    pub until: Option<Instant>,
}

/// A client's settings from a moment on, as an operator left them.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The client.
    pub client: usize,
    /// From when.
    pub at: Instant,
    /// The settings; `None` while they cannot be read.
    pub settings: Option<Client>,
    /// Whether an operator holds all sending.
    pub held: bool,
    /// The campaigns.
    pub campaigns: Vec<Campaign>,
}

/// A mail that left.
#[derive(Debug, Clone)]
pub struct Mail {
    /// When.
    pub at: Instant,
    /// By which process.
    pub task: TaskId,
    /// What it says.
    pub email: Email,
}

/// Jobs that one call put on the queue.
#[derive(Debug, Clone)]
pub struct Enqueued {
    /// When.
    pub at: Instant,
    /// The jobs of leads that had no text on its way then.
    pub jobs: Vec<SendStep>,
}
