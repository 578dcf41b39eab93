//! The fields of a form by all the names that they go by. Contract: kajabi.md, sections 2d and 3.4.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shape::{Inside, Object, Shape, at, id_at, integer};
use domain::{ids::FormId, incoming::FormSubmission, person::Person};

const MAX_ANSWERS: usize = 40;
const MAX_NAME: usize = 64;
/// Longer than any address or number can be, so that cutting makes none valid.
const MAX_TEXT: usize = 500;

const EMAIL: [&str; 2] = ["email", "member_email"];
const PHONE: [&str; 4] = ["mobile_phone_number", "phone_number", "phone", "business_number"];
const FIRST_NAME: [&str; 2] = ["first_name", "member_first_name"];
const LAST_NAME: [&str; 2] = ["last_name", "member_last_name"];
const NAME: [&str; 2] = ["name", "member_name"];
const PEOPLE: [&str; 5] =
    ["member", "contact", "customer", "raw_extra_contact_information", "extra_contact_information"];
const FORM_ID: [&[&str]; 3] = [&["form", "id"], &["form_id"], &["relationships", "form", "data", "id"]];
const FORM_TITLE: [&[&str]; 2] = [&["form", "title"], &["form_title"]];
/// Fields of the delivery and not of the form.
const NO_ANSWERS: [&str; 5] = ["id", "event", "type", "form_id", "form_title"];

/// The form that was sent, or why there is none.
pub(super) fn form(shape: &Shape<'_>) -> Result<FormSubmission, String> {
    if submissions_differ(shape) {
        return Err("it holds several form submissions".to_owned());
    }
    let submission = shape.resources("form_submissions").next();
    let attributes = submission.and_then(|resource| resource.get("attributes")?.as_object());
    let fields: Vec<&Object> = match (&shape.inside, attributes) {
        (Inside::Flat(_), _) => shape.flat().collect(),
        (Inside::Resources(_), Some(attributes)) => vec![attributes],
        (Inside::Resources(_), None) => return Err("it holds no form submission".to_owned()),
    };
    let person = person(&fields, answers(&fields, is_answer));
    if person.is_nobody() {
        return Err("the form holds neither an email address nor a phone number".to_owned());
    }
    let around: Vec<&Object> = fields.iter().copied().chain(submission).chain(shape.outer).collect();
    let form = form_id(shape, &around);
    let ids = [
        shape.id(),
        submission.and_then(|resource| id_at(resource, &["id"])),
        form.as_ref().map(|form| form.as_str().to_owned()),
    ];
    Ok(FormSubmission {
        form_title: form_title(shape, &around, form.as_ref()),
        form,
        person,
        is_test: ids.into_iter().flatten().any(|id| id == "0"),
    })
}

/// Who it is, by these objects and the people in them.
pub(super) fn person(objects: &[&Object], answers: BTreeMap<String, String>) -> Person {
    let people = people(objects);
    let email = people.iter().find_map(|person| first_text(person, &EMAIL));
    // Name by name and not object by object: a mobile number anywhere is the one to text.
    let phone = PHONE.iter().find_map(|name| people.iter().find_map(|person| phone(person.get(*name)?)));
    let (first_name, last_name) = person_name(&people);
    Person { email, phone, first_name, last_name, answers }
}

/// What these objects, and the people in them, say of somebody that is no matter of the event itself:
/// addresses and custom fields.
pub(super) fn details(objects: &[&Object]) -> BTreeMap<String, String> {
    answers(&people(objects), |name| is_answer(name) && (name.starts_with("custom_") || name.starts_with("address_")))
}

/// Whether there are submissions of several ids. Reading only one would lose the others.
pub(super) fn submissions_differ(shape: &Shape<'_>) -> bool {
    let mut ids = shape.resources("form_submissions").map(|resource| id_at(resource, &["id"]));
    ids.next().is_some_and(|first| ids.any(|id| id.is_none() || id != first))
}

/// Where a person's data may stand: in the fields themselves, or in one of these inside of them.
fn people<'a>(fields: &[&'a Object]) -> Vec<&'a Object> {
    let inner = |object: &'a Object| PEOPLE.into_iter().filter_map(|name| object.get(name)?.as_object());
    fields.iter().flat_map(|object| std::iter::once(*object).chain(inner(object))).collect()
}

pub(super) fn text(value: &Value) -> Option<String> {
    let text: String = value.as_str()?.trim().chars().take(MAX_TEXT).collect();
    (!text.is_empty()).then_some(text)
}

fn phone(value: &Value) -> Option<String> {
    text(value).or_else(|| integer(value))
}

fn first_text(object: &Object, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(object.get(*name)?))
}

fn person_name(people: &[&Object]) -> (Option<String>, Option<String>) {
    let find = |names: &[&str]| people.iter().find_map(|person| first_text(person, names));
    let (first, last) = (find(&FIRST_NAME), find(&LAST_NAME));
    if first.is_some() || last.is_some() {
        return (first, last);
    }
    let Some(name) = find(&NAME) else { return (None, None) };
    let mut words = name.split_whitespace().map(str::to_owned);
    let first = words.next();
    let last = words.collect::<Vec<_>>().join(" ");
    (first, (!last.is_empty()).then_some(last))
}

fn form_id(shape: &Shape<'_>, around: &[&Object]) -> Option<FormId> {
    let parsed = |object: &Object, path: &[&str]| FormId::parse(&id_at(object, path)?).ok();
    FORM_ID
        .iter()
        .find_map(|path| around.iter().find_map(|object| parsed(object, path)))
        .or_else(|| shape.resources("forms").find_map(|resource| parsed(resource, &["id"])))
}

fn form_title(shape: &Shape<'_>, around: &[&Object], form: Option<&FormId>) -> Option<String> {
    let is_it = |resource: &&Object| id_at(resource, &["id"]).as_deref() == form.map(FormId::as_str);
    let of_resource =
        shape.resources("forms").find(is_it).and_then(|resource| text(at(resource, &["attributes", "title"])?));
    of_resource.or_else(|| FORM_TITLE.iter().find_map(|path| around.iter().find_map(|object| text(at(object, path)?))))
}

/// Everything else that is a plain value. `custom_…` comes first, so that a flood of other fields
/// cannot push out an answer that consent hangs on.
fn answers(fields: &[&Object], is_answer: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut found: Vec<(&str, String)> = fields
        .iter()
        .flat_map(|object| object.iter())
        .filter(|(name, _)| is_answer(name))
        .filter_map(|(name, value)| Some((name.trim(), answer(value)?)))
        .collect();
    found.sort_by_key(|(name, _)| (!name.starts_with("custom_"), !name.starts_with("address_")));
    let mut answers = BTreeMap::new();
    for (name, value) in found {
        if answers.len() == MAX_ANSWERS {
            break;
        }
        answers.entry(name.chars().take(MAX_NAME).collect()).or_insert(value);
    }
    answers
}

fn is_answer(name: &str) -> bool {
    let known = [&EMAIL[..], &PHONE, &FIRST_NAME, &LAST_NAME, &NAME, &NO_ANSWERS];
    !name.trim().is_empty() && !name.contains(char::is_control) && !known.iter().any(|names| names.contains(&name))
}

fn answer(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => text(value),
    }
}

#[cfg(test)]
mod tests;
