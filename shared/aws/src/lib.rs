//! AWS behind the ports: DynamoDB, SQS, SES and Secrets Manager.

pub mod dynamodb;
pub mod secrets;
pub mod ses;
pub mod sqs;
