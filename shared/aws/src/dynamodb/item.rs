//! Documents to items and back, with a format version. A reader accepts the version before its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use super::{keys::Key, schema};
use domain::contact_status::OptOut;
use ports::{Rev, StoreError, StoreResult};

/// The version of items that this release writes.
pub const VERSION: u32 = 1;

pub type Item = HashMap<String, AttributeValue>;

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn key(key: &Key) -> Item {
    HashMap::from([(schema::PK.to_owned(), text(&key.pk)), (schema::SK.to_owned(), text(&key.sk))])
}

/// A value of one attribute.
pub fn attribute<T: Serialize>(value: &T) -> StoreResult<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// A document as an item holds it.
pub fn document<T: Serialize>(document: &T) -> StoreResult<AttributeValue> {
    attribute(document).map(without_nulls)
}

/// An item of one document.
pub fn encode<T: Serialize>(at: &Key, document: &T) -> StoreResult<Item> {
    let mut item = key(at);
    item.insert("v".to_owned(), number(VERSION));
    item.insert("d".to_owned(), self::document(document)?);
    Ok(item)
}

/// The opt-out of a number's item, if it has one.
pub fn opt_out_in(item: &Item) -> StoreResult<Option<OptOut>> {
    let opt_out = item.get("opt_out").cloned().map(serde_dynamo::from_attribute_value).transpose();
    opt_out.map_err(|error| StoreError::Unreadable(format!("PHONE: {error}")))
}

/// A field that holds nothing is left out: it reads back the same and costs no bytes.
fn without_nulls(value: AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::M(map) => AttributeValue::M(
            map.into_iter()
                .filter(|(_, value)| !matches!(value, AttributeValue::Null(_)))
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// The document of an item.
pub fn decode<T: DeserializeOwned>(mut item: Item) -> StoreResult<T> {
    let unreadable = |why: String, item: &Item| {
        let at = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).map_or("?", String::as_str);
        // The partition key may hold a phone number or an address: only its kind is named.
        let kind = at(schema::SK).split('#').next().unwrap_or("?");
        StoreError::Unreadable(format!("{kind}: {why}"))
    };
    match number_in(&item, "v") {
        Some(version) if version <= u64::from(VERSION) => {}
        Some(version) => {
            let why = format!("format {version} was written by a newer release; this one reads up to {VERSION}");
            return Err(unreadable(why, &item));
        }
        None => return Err(unreadable("it has no format version".to_owned(), &item)),
    }
    let document = item.remove("d").ok_or_else(|| unreadable("it has no document".to_owned(), &item))?;
    serde_dynamo::from_attribute_value(document).map_err(|error| unreadable(error.to_string(), &item))
}

pub fn number_in(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub fn text_in<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub fn rev_in(item: &Item) -> Option<Rev> {
    number_in(item, "rev").map(Rev)
}
