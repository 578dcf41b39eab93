#![allow(clippy::unwrap_used)]

mod capacity;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use aws_sdk_dynamodb::error::SdkError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::*;

const TABLE: &str = "leadline";

fn item(pairs: &[(&str, &str)]) -> HashMap<String, AttributeValue> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), AttributeValue::S((*v).to_owned()))).collect()
}

async fn client() -> Client {
    let client = embedded(|| 1_767_225_600).unwrap().client();
    create_table(&client, TABLE).await.unwrap();
    client
}

#[tokio::test]
async fn a_refused_put_hands_back_the_item_that_was_there() {
    let client = client().await;
    let put = |state: &str| {
        client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item(&[("pk", "m#1"), ("sk", "m"), ("state", state)])))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    put("claimed").await.unwrap();
    let error = put("again").await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failed.item().unwrap()["state"], AttributeValue::S("claimed".into()));
}

fn put_action(pk: &str, condition: Option<&str>) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .set_item(Some(item(&[("pk", pk), ("sk", "a")])))
        .set_condition_expression(condition.map(str::to_owned))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

#[tokio::test]
async fn a_cancelled_transaction_says_which_action_failed_and_writes_nothing() {
    let client = client().await;
    let fresh = Some("attribute_not_exists(pk)");
    client.transact_write_items().transact_items(put_action("old", None)).send().await.unwrap();
    let error = client
        .transact_write_items()
        .transact_items(put_action("new", fresh))
        .transact_items(put_action("old", fresh))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}");
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|r| r.code().unwrap_or_default()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(cancelled.cancellation_reasons()[1].item().unwrap()["pk"], AttributeValue::S("old".into()));
    let new = client.get_item().table_name(TABLE).set_key(Some(item(&[("pk", "new"), ("sk", "a")])));
    assert!(new.send().await.unwrap().item().is_none());
}

#[tokio::test]
async fn only_items_with_the_index_keys_are_in_the_due_index_and_with_keys_only() {
    let client = client().await;
    for (pk, due) in [("e#2", Some("2026-01-02")), ("e#1", Some("2026-01-01")), ("e#3", None)] {
        let mut fields = vec![("pk", pk), ("sk", "e"), ("note", "n")];
        if let Some(due) = due {
            fields.extend([("due_pk", "c#1#0"), ("due_sk", due)]);
        }
        client.put_item().table_name(TABLE).set_item(Some(item(&fields))).send().await.unwrap();
    }
    let due = client
        .query()
        .table_name(TABLE)
        .index_name(DUE_INDEX)
        .key_condition_expression("due_pk = :p AND due_sk <= :now")
        .expression_attribute_values(":p", AttributeValue::S("c#1#0".into()))
        .expression_attribute_values(":now", AttributeValue::S("2026-01-03".into()))
        .send()
        .await
        .unwrap();
    let found: Vec<_> = due.items().iter().map(|i| i["pk"].as_s().unwrap().as_str()).collect();
    assert_eq!(found, ["e#1", "e#2"]);
    assert!(due.items().iter().all(|i| !i.contains_key("note")));
}

#[tokio::test]
async fn expired_items_go_when_the_given_clock_says_so() {
    let now = Arc::new(AtomicU64::new(1_767_225_600));
    let clock = Arc::clone(&now);
    let dynamo = embedded(move || clock.load(Ordering::Relaxed)).unwrap();
    let client = dynamo.client();
    create_table(&client, TABLE).await.unwrap();
    let mut expiring = item(&[("pk", "x"), ("sk", "s")]);
    expiring.insert("ttl".into(), AttributeValue::N("1767225660".into()));
    client.put_item().table_name(TABLE).set_item(Some(expiring)).send().await.unwrap();
    assert_eq!(dynamo.sweep_expired().unwrap(), 0);
    now.fetch_add(3_600, Ordering::Relaxed);
    assert_eq!(dynamo.sweep_expired().unwrap(), 1);
}

#[tokio::test]
async fn the_same_data_is_seen_over_a_port() {
    let dynamo = embedded(|| 1_767_225_600).unwrap();
    create_table(&dynamo.client(), TABLE).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = dynamo.clone();
    tokio::spawn(async move { served.serve(listener).await });
    let config = dynamo
        .client()
        .config()
        .to_builder()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .build();
    let wire = Client::from_conf(config);
    let row = item(&[("pk", "w"), ("sk", "s")]);
    wire.put_item().table_name(TABLE).set_item(Some(row.clone())).send().await.unwrap();
    let read = dynamo.client().get_item().table_name(TABLE).set_key(Some(row)).send().await.unwrap();
    assert!(read.item().is_some());
}

/// Applies every write and loses the answer.
#[derive(Debug)]
struct AnswerLost(DynamoConnector);

impl HttpConnector for AnswerLost {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let write = operation(&request).is_some_and(|name| name.ends_with("Item"));
        let applied = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = applied.await?;
            if write {
                let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                return Err(ConnectorError::io(cut.into()));
            }
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn a_connector_in_front_can_lose_an_answer_and_nothing_is_retried() {
    let dynamo = embedded(|| 1_767_225_600).unwrap();
    let client = dynamo.client();
    create_table(&client, TABLE).await.unwrap();
    let faulty = client_over(AnswerLost(dynamo.connector()));
    let key = item(&[("pk", "n"), ("sk", "s")]);
    let add = faulty.update_item().table_name(TABLE).set_key(Some(key.clone()));
    let add = add.update_expression("ADD hits :one").expression_attribute_values(":one", AttributeValue::N("1".into()));
    let error = add.send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    let read = client.get_item().table_name(TABLE).set_key(Some(key)).send().await.unwrap();
    assert_eq!(read.item().unwrap()["hits"], AttributeValue::N("1".into()));
}
