//! What comes in: forms and other events of Kajabi, imports, signatures, and what is turned away.

mod discovered;
mod identity;
mod import;
mod kajabi_events;
mod refusals;
mod replay;
mod signatures;
