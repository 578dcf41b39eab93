//! Events other than forms: who bought, paid, was tagged or changed, and what it is about. Contract:
//! kajabi.md, sections 2a to 2c and 3.4.

use serde_json::Value;

use super::{
    fields::{details, person, text},
    shape::{Inside, Object, Shape, at, id_at, integer},
};
use domain::{
    incoming::{Amount, CommerceEvent},
    trigger::{Named, On},
};

/// Most offers or tags that are read of one event.
const MOST_NAMED: usize = 40;
/// Longer than any id is. One that is longer is none.
const MAX_ID: usize = 100;
/// Above it an amount is none: a trillion in cents.
const MOST_CENTS: u64 = 100_000_000_000_000;

/// Where the data of a kind of event stand.
struct Places {
    /// Types of resources, the event's own first.
    types: &'static [&'static str],
    /// Objects among plain fields.
    objects: &'static [&'static str],
}

fn places(on: On) -> Places {
    match on {
        On::Purchase => Places { types: &["purchases"], objects: &[] },
        On::Payment => Places { types: &["transactions"], objects: &["payment_transaction"] },
        On::Order | On::Cart => {
            Places { types: &["orders", "transactions"], objects: &["order", "payment_transaction"] }
        }
        On::Refund => Places {
            types: &["refunds", "transactions", "purchases", "orders"],
            objects: &["refund", "payment_transaction", "order"],
        },
        On::TagAdded | On::TagRemoved => Places { types: &["contact_tags"], objects: &["tag"] },
        On::ContactCreated | On::ContactUpdated => Places { types: &["contacts"], objects: &["contact"] },
    }
}

/// Reads an event of a kind, or says why it cannot be read.
pub(super) fn read(shape: &Shape<'_>, on: On, name: String) -> Result<CommerceEvent, String> {
    // Reading only one would lose the others.
    if differ(shape, "contacts") || differ(shape, "customers") {
        return Err(format!("the event `{name}` is about several people"));
    }
    let places = places(on);
    let own = own(shape, &places);
    let around: Vec<&Object> = match shape.inside {
        Inside::Flat(_) => shape.flat().collect(),
        Inside::Resources(_) => {
            // A customer has no number; the one that was asked for at the checkout is with the purchase.
            ["contacts", "customers", "purchases"].iter().flat_map(|of_type| attributes(shape, of_type)).collect()
        }
    };
    let reference = own.iter().find_map(|object| id(object, &["id"])).or_else(|| {
        let sale = !on.is_tag() && !on.is_contact();
        sale.then(|| shape.flat().find_map(|fields| id(fields, &["transaction_id"])))?
    });
    let about = if on.is_tag() { tags(shape) } else { offers(shape) };
    let is_test = ids(shape).chain(shape.id()).chain(reference.clone()).any(|id| id == "0");
    Ok(CommerceEvent {
        on,
        name,
        person: person(&around, details(&around)),
        about: if on.is_contact() { Vec::new() } else { about },
        amount: amount(shape, &own),
        reference,
        is_test,
    })
}

/// The ids of all resources.
fn ids(shape: &Shape<'_>) -> impl Iterator<Item = String> {
    let all: &[&Object] = match &shape.inside {
        Inside::Resources(all) => all,
        Inside::Flat(_) => &[],
    };
    all.iter().filter_map(|resource| id_at(resource, &["id"]))
}

fn differ(shape: &Shape<'_>, of_type: &str) -> bool {
    let mut ids = shape.resources(of_type).map(|resource| id_at(resource, &["id"]));
    ids.next().is_some_and(|first| ids.any(|id| id.is_none() || id != first))
}

fn attributes<'a>(shape: &Shape<'a>, of_type: &str) -> impl Iterator<Item = &'a Object> {
    shape.resources(of_type).filter_map(|resource| resource.get("attributes")?.as_object())
}

/// The objects that are the event's own: its resources, or those among its plain fields.
fn own<'a>(shape: &Shape<'a>, places: &Places) -> Vec<&'a Object> {
    let resources = places.types.iter().flat_map(|of_type| shape.resources(of_type));
    let objects =
        places.objects.iter().flat_map(|name| shape.flat().filter_map(move |fields| fields.get(*name)?.as_object()));
    resources.chain(objects).collect()
}

fn id(object: &Object, path: &[&str]) -> Option<String> {
    id_at(object, path).filter(|id| id.len() <= MAX_ID)
}

fn amount(shape: &Shape<'_>, own: &[&Object]) -> Option<Amount> {
    let inner = own.iter().filter_map(|object| object.get("attributes")?.as_object());
    let objects: Vec<&Object> = inner.chain(own.iter().copied()).chain(shape.flat()).collect();
    let find = |names: &[&str], read: fn(&Value) -> Option<u64>| {
        names.iter().find_map(|name| objects.iter().find_map(|object| read(object.get(*name)?)))
    };
    let cents = find(&["amount_in_cents", "total_price_in_cents", "amount_paid"], cents)
        .or_else(|| find(&["amount_paid_decimal"], decimal))?;
    let code = |value: &Value| {
        let code = value.as_str()?.trim().to_ascii_uppercase();
        (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
    };
    let currency =
        ["currency", "currency_code"].iter().find_map(|name| objects.iter().find_map(|o| code(o.get(*name)?)));
    Some(Amount { cents, currency })
}

/// Whole cents, as a number or as a text of digits.
fn cents(value: &Value) -> Option<u64> {
    let digits = match value {
        Value::String(text) => text.trim().to_owned(),
        number => integer(number)?,
    };
    digits.parse().ok().filter(|cents| *cents <= MOST_CENTS)
}

/// A decimal amount in cents, as a number or as a text such as `497.00`.
fn decimal(value: &Value) -> Option<u64> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok().filter(|cents| *cents <= MOST_CENTS)
}

/// The offers of a sale. One charge may cover several, and the relation to the one is empty then.
fn offers(shape: &Shape<'_>) -> Vec<Named> {
    let mut found = Found::default();
    for resource in shape.resources("offers") {
        found.add(id(resource, &["id"]), title(resource, &["attributes", "title"]));
    }
    for of_type in ["purchases", "transactions", "orders", "refunds"] {
        for resource in shape.resources(of_type) {
            found.add(id(resource, &["relationships", "offer", "data", "id"]), None);
            for offer in list(resource, &["relationships", "offers", "data"]) {
                found.add(id(offer, &["id"]), None);
            }
        }
    }
    for item in attributes(shape, "order_items") {
        let is_offer = item.get("item_type").and_then(Value::as_str).is_none_or(|of| of.eq_ignore_ascii_case("offer"));
        if is_offer {
            found.add(id(item, &["item_id"]), title(item, &["title"]));
        }
    }
    for fields in shape.flat() {
        found.add(id(fields, &["offer", "id"]), title(fields, &["offer", "title"]));
        found.add(id(fields, &["offer_id"]), title(fields, &["offer_title"]));
        for offer in list(fields, &["offers"]) {
            found.add(id(offer, &["id"]), title(offer, &["title"]));
        }
        for item in list(fields, &["order", "order_items"]).chain(list(fields, &["order_items"])) {
            let offer =
                id(item, &["offer_id"]).or_else(|| id(item, &["item_id"])).or_else(|| id(item, &["offer", "id"]));
            found.add(offer, title(item, &["title"]));
        }
    }
    found.0
}

fn tags(shape: &Shape<'_>) -> Vec<Named> {
    let mut found = Found::default();
    for resource in shape.resources("contact_tags") {
        found.add(id(resource, &["id"]), title(resource, &["attributes", "name"]));
    }
    for fields in shape.flat() {
        let name = title(fields, &["tag", "name"]).or_else(|| title(fields, &["tag", "title"]));
        found.add(id(fields, &["tag", "id"]), name);
        let name = title(fields, &["tag_name"]).or_else(|| title(fields, &["tag"]));
        found.add(id(fields, &["tag_id"]), name);
        for tag in list(fields, &["tags"]) {
            found.add(id(tag, &["id"]), title(tag, &["name"]));
        }
    }
    found.0
}

fn title(object: &Object, path: &[&str]) -> Option<String> {
    text(at(object, path)?)
}

fn list<'a>(object: &'a Object, path: &[&str]) -> impl Iterator<Item = &'a Object> {
    at(object, path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// What was found so far, each thing once.
#[derive(Default)]
struct Found(Vec<Named>);

impl Found {
    fn add(&mut self, id: Option<String>, title: Option<String>) {
        if id.is_none() && title.is_none() {
            return;
        }
        let same = |known: &&mut Named| match (&id, &known.id) {
            (Some(id), Some(known)) => id == known,
            // One of the two is without an id: the same title is the same thing.
            _ => title.is_some() && known.title == title,
        };
        if let Some(known) = self.0.iter_mut().find(same) {
            known.id = known.id.take().or(id);
            known.title = known.title.take().or(title);
        } else if self.0.len() < MOST_NAMED {
            self.0.push(Named { id, title });
        }
    }
}

#[cfg(test)]
mod tests;
