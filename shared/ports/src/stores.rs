//! What each function needs of the store, under one name: it is held once, and handed on as the port that is needed.

use crate::{
    AttentionList, Budget, Census, Directory, DueIndex, EventStore, Journal, LeadStore, Once, OptOuts, Refusals,
};

/// What the webhook needs.
pub trait WebhookStore: Directory + LeadStore + EventStore + Journal + Once {}

impl<S: Directory + LeadStore + EventStore + Journal + Once + ?Sized> WebhookStore for S {}

/// What the console needs.
pub trait ConsoleStore:
    Directory + LeadStore + EventStore + Journal + Once + Budget + OptOuts + Census + DueIndex
{
}

impl<S: Directory + LeadStore + EventStore + Journal + Once + Budget + OptOuts + Census + DueIndex + ?Sized>
    ConsoleStore for S
{
}

/// What the scheduler needs.
pub trait SchedulerStore:
    Directory + LeadStore + AttentionList + DueIndex + Budget + EventStore + Journal + Once
{
}

impl<S: Directory + LeadStore + AttentionList + DueIndex + Budget + EventStore + Journal + Once + ?Sized> SchedulerStore
    for S
{
}

/// What the sender needs.
pub trait SenderStore: Directory + LeadStore + Journal + Once + Budget {}

impl<S: Directory + LeadStore + Journal + Once + Budget + ?Sized> SenderStore for S {}

/// What the reporter needs.
pub trait ReporterStore:
    Directory + LeadStore + EventStore + AttentionList + DueIndex + Journal + Once + Refusals
{
}

impl<S: Directory + LeadStore + EventStore + AttentionList + DueIndex + Journal + Once + Refusals + ?Sized>
    ReporterStore for S
{
}
