//! How SQS writes arguments, messages and errors in JSON.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::aws_services::json_rpc::{Refusal, required};
use crate::queue::Received;

/// A message on the wire; like SQS, system attributes come only when they are asked for.
pub(super) fn shown(message: &Received, arguments: &Value) -> Value {
    let all = [
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("SentTimestamp", message.sent_at.timestamp_millis().to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.timestamp_millis().to_string()),
    ];
    let asked = all.into_iter().filter(|(name, _)| {
        asks_for(&arguments["MessageSystemAttributeNames"], name) || asks_for(&arguments["AttributeNames"], name)
    });
    let attributes: Map<_, _> = asked.map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({
        "MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body,
        "Attributes": attributes,
    })
}

pub(super) fn queue_name(arguments: &Value) -> Result<&str, Refusal> {
    let url = required(arguments, "QueueUrl")?;
    Ok(url.rsplit('/').next().unwrap_or_default())
}

pub(super) fn asks_for(names: &Value, name: &str) -> bool {
    names.as_array().is_some_and(|names| names.iter().any(|asked| asked == name || asked == "All"))
}

pub(super) fn seconds(arguments: &Value, name: &str, max: i64) -> Result<Option<TimeDelta>, Refusal> {
    match &arguments[name] {
        Value::Null => Ok(None),
        given => match given.as_i64().filter(|given| (0..=max).contains(given)) {
            Some(given) => Ok(Some(TimeDelta::seconds(given))),
            None => Err(invalid(name, &format!("0 to {max}"))),
        },
    }
}

pub(super) fn invalid(name: &str, allowed: &str) -> Refusal {
    let message = format!("the parameter {name} is invalid: allowed is {allowed}");
    Refusal::new("InvalidParameterValue", message)
}

pub(super) fn no_such_queue() -> Refusal {
    let message = "The specified queue does not exist.";
    Refusal::new("com.amazonaws.sqs#QueueDoesNotExist", message)
        .with_query_code("AWS.SimpleQueueService.NonExistentQueue")
}
