//! What people write, and who is told of it.

mod answers;
mod attention;
