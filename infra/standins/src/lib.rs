//! What stands in for AWS and for the SMS provider on one machine, in tests and in the local run.
//!
//! | module | stands in for | reached by |
//! |---|---|---|
//! | [`dynamo`] | DynamoDB | an SDK client in process, or a loopback port |
//! | [`queue`] | the rules of an SQS queue, on a clock that is passed in | plain calls |
//! | [`aws_services`] | SQS (over [`queue`]), SESv2, Secrets Manager | loopback ports |
//! | [`carrier`] | what Twilio does with a text: script and ledger | plain calls |
//! | [`memory`] | every store, as plain maps | the ports |
//! | [`faulty`] | ports that break on demand | the ports |
//! | [`fakes`] | clock, ids, mailbox, secrets | the ports |
//! | [`signature`] | how Twilio signs what it posts | plain calls |
//! | [`twilio`] | Twilio's Messages API over a [`carrier`] | a loopback port |
//!
//! What needs the AWS SDK or a port (`dynamo`, `aws_services`, `twilio`) is behind the feature `aws`.
//!
//! Nothing here reads the clock, leaves the machine or checks an AWS signature. Listeners are
//! bound by the caller, on 127.0.0.1 only.

#[cfg(feature = "aws")]
pub mod aws_services;
pub mod carrier;
#[cfg(feature = "aws")]
pub mod dynamo;
pub mod fakes;
pub mod faulty;
pub mod memory;
pub mod queue;
pub mod signature;
#[cfg(feature = "aws")]
pub mod twilio;
