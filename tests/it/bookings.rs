//! Appointments.

mod appointments;
