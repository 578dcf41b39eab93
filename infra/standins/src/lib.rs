//! What stands in for AWS and for the SMS provider on one machine, in tests and in the local run.
//!
//! | module | stands in for | reached by |
//! |---|---|---|
//! | [`dynamo`] | DynamoDB | an SDK client in process, or a loopback port |
//! | [`queue`] | the rules of an SQS queue, on a clock that is passed in | plain calls |
//! | [`aws_services`] | SQS (over [`queue`]), SESv2, Secrets Manager | loopback ports |
//! | [`carrier`] | what a provider does with a text: script and ledger | plain calls |
//! | [`memory`] | every store, as plain maps | the ports |
//! | [`faulty`] | ports that break on demand | the ports |
//! | [`fakes`] | clock, ids, mailbox, secrets | the ports |
//! | [`feed`] | the forms that Kajabi lists | the port |
//! | [`signature`] | how Twilio, Calendly and Cal.com sign what they post | plain calls |
//! | [`twilio`], [`openphone`], [`simpletexting`] | the providers' APIs over a [`carrier`], and what they post | a loopback port |
//! | [`providers`] | all of them at once | a loopback port |
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
pub mod feed;
pub mod memory;
#[cfg(feature = "aws")]
pub mod openphone;
#[cfg(feature = "aws")]
pub mod providers;
pub mod queue;
pub mod signature;
#[cfg(feature = "aws")]
pub mod simpletexting;
#[cfg(feature = "aws")]
pub mod twilio;
#[cfg(feature = "aws")]
mod wire;
