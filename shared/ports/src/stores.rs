//! What each function needs of the store, under one name: it is held once, and handed on as the port that is needed.

use crate::{
    AttentionList, Budget, Census, Directory, DueIndex, EventStore, Journal, LeadStore, Leases, OptOuts, Refusals,
};

/// What the webhook needs.
pub trait WebhookStore: Directory + LeadStore + EventStore + Journal + Leases {}

impl<S: Directory + LeadStore + EventStore + Journal + Leases + ?Sized> WebhookStore for S {}

/// What the console needs.
pub trait ConsoleStore:
    Directory + LeadStore + EventStore + Journal + Leases + Budget + OptOuts + Census + DueIndex
{
}

impl<S: Directory + LeadStore + EventStore + Journal + Leases + Budget + OptOuts + Census + DueIndex + ?Sized>
    ConsoleStore for S
{
}

/// What the scheduler needs.
pub trait SchedulerStore:
    Directory + LeadStore + AttentionList + DueIndex + Budget + EventStore + Journal + Leases
{
}

impl<S: Directory + LeadStore + AttentionList + DueIndex + Budget + EventStore + Journal + Leases + ?Sized>
    SchedulerStore for S
{
}

/// What the sender needs.
pub trait SenderStore: Directory + LeadStore + Journal + Leases + Budget {}

impl<S: Directory + LeadStore + Journal + Leases + Budget + ?Sized> SenderStore for S {}

/// What the reporter needs.
pub trait ReporterStore:
    Directory + LeadStore + EventStore + AttentionList + DueIndex + Journal + Leases + Refusals
{
}

impl<S: Directory + LeadStore + EventStore + AttentionList + DueIndex + Journal + Leases + Refusals + ?Sized>
    ReporterStore for S
{
}
