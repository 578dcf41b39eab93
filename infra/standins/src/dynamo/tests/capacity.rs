//! What the embedded DynamoDB counts as consumed write units, written down case by case.

use aws_sdk_dynamodb::types::{ConsumedCapacity, Put, ReturnConsumedCapacity, TransactWriteItem};

use super::{DAY_INDEX, DUE_INDEX, TABLE, client, item, put_action};

/// Write units of the table and of each index, in one line.
fn units(consumed: Option<&ConsumedCapacity>) -> String {
    let consumed = consumed.expect("capacity was asked for");
    let table = consumed.table().and_then(|t| t.capacity_units()).unwrap_or_default();
    let mut line = format!("table {table}");
    let indexes = consumed.global_secondary_indexes().cloned().unwrap_or_default();
    for name in [DUE_INDEX, DAY_INDEX] {
        if let Some(units) = indexes.get(name).and_then(|c| c.capacity_units()) {
            line += &format!(", {name} {units}");
        }
    }
    line + &format!(", total {}", consumed.capacity_units().unwrap_or_default())
}

#[tokio::test]
async fn write_units_are_counted_for_the_table_and_each_index() {
    let client = client().await;
    let put = async |pairs: &[(&str, &str)]| {
        let put = client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item(pairs)))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await
            .unwrap();
        units(put.consumed_capacity())
    };
    let update = async |expression: &str, value: Option<&str>| {
        let update = client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(item(&[("pk", "b"), ("sk", "s")])))
            .update_expression(expression)
            .set_expression_attribute_values(value.map(|v| item(&[(":v", v)])))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await
            .unwrap();
        units(update.consumed_capacity())
    };
    let mut seen = Vec::new();
    seen.push(("put, no index keys", put(&[("pk", "a"), ("sk", "s")]).await));
    let due = [("pk", "b"), ("sk", "s"), ("due_pk", "c"), ("due_sk", "1")];
    seen.push(("put, one index", put(&due).await));
    seen.push(("same put again", put(&due).await));
    let both = [("pk", "d"), ("sk", "s"), ("due_pk", "c"), ("due_sk", "1"), ("day_pk", "y"), ("day_sk", "1")];
    seen.push(("put, two indexes", put(&both).await));
    let noted: Vec<_> = both.iter().copied().chain([("note", "x")]).collect();
    seen.push(("put, plain field changed, two indexes", put(&noted).await));
    seen.push(("update, keys untouched", update("SET note = :v", Some("x")).await));
    seen.push(("update, index key changed", update("SET due_sk = :v", Some("2")).await));
    seen.push(("update, index key removed", update("REMOVE due_pk, due_sk", None).await));
    let transact = async |actions: Vec<TransactWriteItem>| {
        let transaction = client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await
            .unwrap();
        units(transaction.consumed_capacity().first())
    };
    let two = vec![put_action("t1", None), put_action("t2", None)];
    seen.push(("transaction of two puts", transact(two).await));
    let put = Put::builder().table_name(TABLE).set_item(Some(item(&[
        ("pk", "t3"),
        both[1],
        both[2],
        both[3],
        both[4],
        both[5],
    ])));
    let put = TransactWriteItem::builder().put(put.build().unwrap()).build();
    seen.push(("transaction of a put in two indexes", transact(vec![put]).await));
    let delete = client.delete_item().table_name(TABLE).set_key(Some(item(&both[..2])));
    let delete = delete.return_consumed_capacity(ReturnConsumedCapacity::Indexes).send().await.unwrap();
    seen.push(("delete, two indexes", units(delete.consumed_capacity())));
    // A transaction is counted twice for the table and once for an index. Only an index that holds
    // whole items (`day`) is written when a plain field changes; a moved key counts twice.
    let expected = [
        ("put, no index keys", "table 1, total 1"),
        ("put, one index", "table 1, due 1, total 2"),
        ("same put again", "table 1, total 1"),
        ("put, two indexes", "table 1, due 1, day 1, total 3"),
        ("put, plain field changed, two indexes", "table 1, day 1, total 2"),
        ("update, keys untouched", "table 1, total 1"),
        ("update, index key changed", "table 1, due 2, total 3"),
        ("update, index key removed", "table 1, due 1, total 2"),
        ("transaction of two puts", "table 4, total 4"),
        ("transaction of a put in two indexes", "table 2, due 1, day 1, total 4"),
        ("delete, two indexes", "table 1, due 1, day 1, total 3"),
    ];
    let seen: Vec<_> = seen.iter().map(|(what, units)| (*what, units.as_str())).collect();
    assert_eq!(seen, expected);
}
