//! What the daily report is made of.

mod comparison;
