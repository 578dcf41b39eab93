//! The tests of the whole, in one program. `tests/README.md` says which promise is held where.

mod api;
mod bookings;
mod intake;
mod operator;
mod reliability;
mod replies;
mod reporting;
mod sending;
