//! What stands in for AWS and for the SMS provider on one machine, in tests and in the local run.
//!
//! | module | stands in for | reached by |
//! |---|---|---|
//! | [`dynamo`] | DynamoDB | an SDK client in process, or a loopback port |
//! | [`queue`] | the rules of an SQS queue, on a clock that is passed in | plain calls |
//! | [`aws_services`] | SQS (over [`queue`]), SESv2, Secrets Manager | loopback ports |
//! | [`carrier`] | what Twilio does with a text: script and ledger | plain calls |
//! | [`memory`] | every store, as plain maps | the ports |
//! | [`fakes`] | clock, ids, mailbox, secrets | the ports |
//! | [`twilio`] | Twilio's Messages API over a [`carrier`] | a loopback port |
//!
//! Nothing here reads the clock, leaves the machine or checks an AWS signature. Listeners are
//! bound by the caller, on 127.0.0.1 only.

pub mod aws_services;
pub mod carrier;
pub mod dynamo;
pub mod fakes;
pub mod memory;
pub mod queue;
pub mod twilio;
