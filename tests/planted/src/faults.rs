//! The faults: each a way in which systems like this one are broken in earnest, as an edit of ours.

use std::fmt;

/// Something to look for faults with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finder {
    /// The simulation.
    Simulation,
    /// The fault sweep.
    Sweep,
    /// The rules of a lead's state.
    Rules,
    /// The tests of what is tried again, and when.
    Retries,
}

impl Finder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Simulation, Self::Sweep, Self::Rules, Self::Retries];

    /// What cargo is asked to build.
    pub fn build(self) -> &'static [&'static str] {
        match self {
            Self::Simulation => &["build", "--quiet", "--profile", "sim", "--package", "leadline-sim", "--bin", "sim"],
            Self::Sweep => &["test", "--quiet", "--no-run", "--package", "leadline-tests", "--test", "it"],
            Self::Rules => &["test", "--quiet", "--no-run", "--package", "leadline-domain", "--lib"],
            Self::Retries => &["test", "--quiet", "--no-run", "--package", "leadline-tests", "--test", "it"],
        }
    }

    /// What cargo is asked to run.
    pub fn run(self) -> &'static [&'static str] {
        match self {
            Self::Simulation => &[
                "run",
                "--quiet",
                "--profile",
                "sim",
                "--package",
                "leadline-sim",
                "--bin",
                "sim",
                "--",
                "--texts",
                "20000",
                "--seed",
                "1",
                "--brief",
            ],
            Self::Sweep => {
                &["test", "--quiet", "--package", "leadline-tests", "--test", "it", "every_call_through_a_port"]
            }
            Self::Rules => &["test", "--quiet", "--package", "leadline-domain", "--lib", "lead::"],
            Self::Retries => &["test", "--quiet", "--package", "leadline-tests", "--test", "it", "settling::a_retry"],
        }
    }
}

impl fmt::Display for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simulation => "the simulation",
            Self::Sweep => "the fault sweep",
            Self::Rules => "the rules of a lead's state",
            Self::Retries => "the tests of retries",
        })
    }
}

/// A fault.
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong with it, in words.
    pub breaks: &'static str,
    /// How it is planted.
    pub edits: &'static [Edit],
    /// What must find it.
    pub found_by: Finder,
    /// Words of the line that it must be found in.
    pub as_what: &'static str,
}

/// A change of one file.
pub struct Edit {
    /// The file.
    pub file: &'static str,
    /// What stands there, exactly once.
    pub from: &'static str,
    /// What stands there instead.
    pub to: &'static str,
}

const SETTLE: &str = "shared/domain/src/lead/settle.rs";
const LEAD: &str = "shared/domain/src/lead.rs";
const BOOKING: &str = "shared/domain/src/booking.rs";
const BOOKINGS: &str = "shared/domain/src/lead/bookings.rs";
const MESSAGE: &str = "shared/domain/src/message.rs";
const LISTED: &str = "shared/domain/src/message/listed.rs";
const SENDING: &str = "shared/domain/src/client/sending.rs";
const SETTLING: &str = "shared/flows/src/settling.rs";
const DELIVER: &str = "functions/sender/src/deliver.rs";
const SELECT: &str = "functions/scheduler/src/select.rs";
const RUN: &str = "functions/scheduler/src/run.rs";
const RECEIVE: &str = "shared/flows/src/receive.rs";
const EVENT: &str = "shared/domain/src/event.rs";
const RULES: &str = "shared/domain/src/lawful/rules.rs";

/// A text was accepted twice for one step.
const TWICE: &str = "never twice";
/// A text was accepted after a no.
const AFTER_NO: &str = "never after no";
/// A lead, a step or an event is nowhere.
const LOST: &str = "never lost";
/// The audit and the leads do not say the same.
const BOOKS: &str = "books";
/// A text was accepted when it must not be.
const HOUR: &str = "never at the wrong hour";
/// More was sent than a limit allows.
const LIMIT: &str = "limit per";

/// All of them.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "the-claim-is-released-on-an-unknown-outcome",
        breaks: "When the answer of a call is lost the text counts as not claimed, as an idempotency record that is deleted on errors.",
        edits: &[Edit {
            file: SETTLE,
            from: "SendOutcome::Unknown { why } => self.unclear(text, why, now),",
            to: "SendOutcome::Unknown { .. } => Settled::Recorded,",
        }],
        found_by: Finder::Simulation,
        as_what: TWICE,
    },
    Fault {
        name: "a-failed-send-is-acknowledged",
        breaks: "A text that provably did not go out is taken for sent: the sequence moves on.",
        edits: &[Edit {
            file: SETTLE,
            from: "SendOutcome::NotSent { why } => self.not_sent(text, &why, now),",
            to: "SendOutcome::NotSent { .. } => self.advance(&text, plan, now),",
        }],
        found_by: Finder::Simulation,
        as_what: BOOKS,
    },
    Fault {
        name: "the-text-is-sent-before-it-is-claimed",
        breaks: "The provider is called first, and the claim written after.",
        edits: &[
            Edit {
                file: DELIVER,
                from: "        match deps.store.save(&lead, Some(rev), SideWrites { count_later: true, ..SideWrites::default() }).await {",
                to: "        let early = deps.provider.send(&case.client, &claimed, now).await;\n        \
                     match deps.store.save(&lead, Some(rev), SideWrites { count_later: true, ..SideWrites::default() }).await {",
            },
            Edit {
                file: DELIVER,
                from: "Ok(rev) => self.call(&case, send, lead, rev, &claimed).await,",
                to: "Ok(rev) => self.call(&case, send, lead, rev, &claimed, early).await,",
            },
            Edit {
                file: DELIVER,
                from: "        claimed: &ClaimedText,\n    ) -> StoreResult<Delivered> {",
                to: "        claimed: &ClaimedText,\n        early: SendOutcome,\n    ) -> StoreResult<Delivered> {",
            },
            Edit {
                file: DELIVER,
                from: "Ok(()) => self.deps.provider.send(&case.client, claimed, called).await,",
                to: "Ok(()) => early,",
            },
        ],
        found_by: Finder::Simulation,
        as_what: TWICE,
    },
    Fault {
        name: "a-claim-that-is-found-is-sent-again",
        breaks: "A claim whose lease is over is taken for a text that was not sent.",
        edits: &[Edit {
            file: SETTLE,
            from: "text.state = InFlightState::Unknown { since, why, asked: 0, ask_at: Some(ask_at) };\n                Some(ask_at)",
            to: "let _ = (since, why);\n                text.state = InFlightState::RetryScheduled { at: now };\n                Some(ask_at)",
        }],
        found_by: Finder::Sweep,
        as_what: "twice: ",
    },
    Fault {
        name: "the-sequence-moves-on-before-the-text-is-settled",
        breaks: "The lead is written as if the text were sent, and then it is sent.",
        edits: &[Edit {
            file: DELIVER,
            from: "        let called = self.deps.clock.now();\n",
            to: "        let called = self.deps.clock.now();\n        \
                 let (mut lead, mut rev) = (lead, rev);\n        \
                 let sent = SendOutcome::Accepted { provider_id: \"SM00000000000000000000000000000000\".to_owned() };\n        \
                 if lead.settle(claimed.attempt(), sent, Some(&case.plan), called).is_ok() {\n            \
                 rev = self.deps.store.save(&lead, Some(rev), SideWrites::default()).await?;\n            \
                 let _ = self.deps.provider.send(&case.client, claimed, called).await;\n            \
                 let _ = rev;\n            \
                 return Ok(Delivered::Settled(Settled::Advanced));\n        }\n",
        }],
        found_by: Finder::Simulation,
        as_what: "never without a record",
    },
    Fault {
        name: "the-second-decision-is-skipped",
        breaks: "The sender trusts the decision of the run that made the job.",
        edits: &[Edit {
            file: DELIVER,
            from: "        let verdict = decide(&case, now);",
            to: "        let mut trusted = case.clone();\n        \
                 trusted.lead.standing = leadline::domain::contact_status::ContactStatus::Open;\n        \
                 trusted.campaign = leadline::domain::campaign::CampaignStatus::Active;\n        \
                 trusted.client.sending = leadline::domain::client::Sending::On;\n        \
                 let verdict = decide(&trusted, now);",
        }],
        found_by: Finder::Simulation,
        as_what: AFTER_NO,
    },
    Fault {
        name: "the-hours-are-checked-only-when-selecting",
        breaks: "The sender decides as of the moment at which the run selected the lead, and the fence does not look at the hours.",
        edits: &[
            Edit {
                file: DELIVER,
                from: "        let verdict = decide(&case, now);",
                to: "        let mut then = case.clone();\n        then.lead.in_flight.take_if(|text| text.is_retry() && text.look_at() <= Some(now));\n        let verdict = decide(&then, of_run(step.run));",
            },
            Edit {
                file: MESSAGE,
                from: "        if over > self.expires_at {",
                to: "        if over > self.expires_at + TimeDelta::days(1) {",
            },
        ],
        found_by: Finder::Retries,
        as_what: "a_retry_that_comes_after_the_window",
    },
    Fault {
        name: "an-opt-out-leaves-the-due-key",
        breaks: "An opt-out is recorded on the lead and does not take it out of the due index.",
        edits: &[Edit {
            file: LEAD,
            from: "        self.end_all(Outcome::OptedOut, reason, now)\n",
            to: "        let _ = (reason, now);\n        Vec::new()\n",
        }],
        found_by: Finder::Rules,
        as_what: "an_opt_out_ends_everything",
    },
    Fault {
        name: "the-budget-is-not-reserved",
        breaks: "A run enqueues what it selected without asking what is left of the hour.",
        edits: &[Edit {
            file: RUN,
            from: "        wanted => deps.store.reserve(&client.id, now, client.limits.per_hour, wanted, run).await?,\n",
            to: "        wanted => wanted,\n",
        }],
        found_by: Finder::Simulation,
        as_what: LIMIT,
    },
    Fault {
        name: "the-list-is-believed-at-once",
        breaks: "A text that is not in the provider's list at the first time of asking counts as not sent.",
        edits: &[Edit {
            file: MESSAGE,
            from: "LookUp::NotListed if now >= since + ASKS[ASKS.len() - 1] => {",
            to: "LookUp::NotListed if now >= since => {",
        }],
        found_by: Finder::Simulation,
        as_what: TWICE,
    },
    Fault {
        name: "the-lead-is-settled-whatever-came-in-between",
        breaks: "When the lead changed during the call it is written as it was before, under the new revision.",
        edits: &[Edit {
            file: SETTLING,
            from: "            (lead, rev) = (read.lead, read.rev);",
            to: "            (lead, rev) = (on.lead.clone(), read.rev);",
        }],
        found_by: Finder::Simulation,
        as_what: AFTER_NO,
    },
    Fault {
        name: "a-hold-does-not-hold",
        breaks: "Texts leave while sending is on hold.",
        edits: &[Edit {
            file: SENDING,
            from: "            Self::OnHold { try_at, .. } => try_at.is_some_and(|at| at <= now),",
            to: "            Self::OnHold { .. } => now >= Instant::UNIX_EPOCH,",
        }],
        found_by: Finder::Simulation,
        as_what: AFTER_NO,
    },
    Fault {
        name: "a-no-is-said-to-be-heard-before-it-is-acted-on",
        breaks: "A reply that could not be worked on is answered 200 and left to the next run.",
        edits: &[Edit {
            file: RECEIVE,
            from: "        if key.comes_first() { Err(NotReceived::NotProcessed) } else { Ok(receipt) }",
            to: "        let _ = key;\n        Ok(receipt)",
        }],
        found_by: Finder::Sweep,
        as_what: "after a no: ",
    },
    Fault {
        name: "a-booking-is-forgotten",
        breaks: "A booking ends what is under way, and a form that comes after it starts anew.",
        edits: &[Edit {
            file: BOOKING,
            from: "self.starts_at.is_none_or(|starts_at| starts_at > now)",
            to: "self.starts_at.is_none_or(|_| now < Instant::UNIX_EPOCH)",
        }],
        found_by: Finder::Simulation,
        as_what: AFTER_NO,
    },
    Fault {
        name: "a-sequence-is-taken-up-at-a-text-that-may-have-gone-out",
        breaks: "After a booking is called off the sequence goes on with the step whose text was on its way.",
        edits: &[
            Edit {
                file: BOOKINGS,
                from: "            Some(text) => text.step.checked_add(1)?,",
                to: "            Some(text) => text.step,",
            },
            Edit {
                file: SETTLE,
                from: "                past.step = past.step.max(text.step.saturating_add(1));\n",
                to: "",
            },
        ],
        found_by: Finder::Simulation,
        as_what: TWICE,
    },
    Fault {
        name: "an-event-that-was-left-over-is-never-taken-up",
        breaks: "A stored event whose work failed is due in a hundred years.",
        edits: &[Edit {
            file: EVENT,
            from: "const TAKE_UP_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(2);",
            to: "const TAKE_UP_AFTER: chrono::TimeDelta = chrono::TimeDelta::days(36_500);",
        }],
        found_by: Finder::Simulation,
        as_what: LOST,
    },
    Fault {
        name: "who-leaves-by-the-last-text-is-counted-by-nobody",
        breaks: "The run that counts who left by the last text forgets it instead.",
        edits: &[Edit {
            file: SELECT,
            from: "    if !lead.uncounted.is_empty() && !with_sender {\n",
            to: "    if !lead.uncounted.is_empty() && !with_sender {\n        lead.uncounted.clear();\n",
        }],
        found_by: Finder::Simulation,
        as_what: "counters",
    },
    Fault {
        name: "a-provider-that-says-later-uses-up-a-try",
        breaks: "A 429 is taken for a try that did not go out: half an hour of it puts everybody up for review.",
        edits: &[Edit {
            file: SETTLE,
            from: "SendOutcome::Throttled { why, retry_after } => self.put_off(text, why, retry_after, now),",
            to: "SendOutcome::Throttled { why, .. } => self.not_sent(text, &why, now),",
        }],
        found_by: Finder::Simulation,
        as_what: "later uses up no try",
    },
    Fault {
        name: "a-text-that-failed-is-taken-for-sent",
        breaks: "A text that the provider lists as failed counts as one that the person got.",
        edits: &[Edit {
            file: LISTED,
            from: "Self::Failed(problem) => SendOutcome::Failed { provider_id, problem: problem.clone() },",
            to: "Self::Failed(_) => SendOutcome::Accepted { provider_id },",
        }],
        found_by: Finder::Rules,
        as_what: "the_list_proves_what_it_says_of_the_text",
    },
    Fault {
        name: "the-law-of-a-state-is-passed-over",
        breaks: "The hours of the whole country are taken for everybody, as if no state had its own.",
        edits: &[Edit {
            file: RULES,
            from: "named(jurisdiction).or_else(|| named(country(jurisdiction)))",
            to: "named(country(jurisdiction))",
        }],
        found_by: Finder::Simulation,
        as_what: HOUR,
    },
];
