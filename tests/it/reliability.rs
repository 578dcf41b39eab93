//! Promises that hold whatever fails: contracts of the stores, crashes, the sweep, restoring, costs, layers.

mod contracts;
mod costs;
mod crashes;
mod idempotency_record;
mod layers;
mod restore;
mod scenario_schema;
mod scenarios;
mod sweep;
mod sweeping;
