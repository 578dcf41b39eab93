//! A model of how one text is sent, in which every order of events is tried: workers that are slow or
//! crash, jobs delivered twice, answers that get lost, a list that is late, a person who says no.
//!
//! It states the rules of `leadline::domain::lead` and `leadline::domain::message` again, small enough
//! for that. What it assumes of the world:
//! * the item is written over the revision that was read, or not at all;
//! * all clocks show the same time. A worker may read its own long before it uses what it read;
//! * a request is written at the moment of the fence, and is accepted within a call's deadline or never;
//! * an accepted text is in the provider's list after the lag, and the slack covers the lag and a call.
//!
//! Left out is what only takes runs away: the delay before a retry, how often one is tried, the hours.

pub mod check;
pub mod designs;
pub mod properties;
pub mod protocol;
pub mod state;
pub mod trace;
