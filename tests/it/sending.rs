//! Texts: when one goes out, when none does, and what is settled afterwards.

mod lawful;
mod life;
mod main_job;
mod one_text;
mod parking;
mod providers;
mod settling;
mod throttled;
mod zone_vectors;
