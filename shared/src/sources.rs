//! Where leads come from. A source turns what it was sent into values; it stores and decides nothing.

pub mod kajabi;
