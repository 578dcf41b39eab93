//! Reading what was posted, strictly: a member that nothing stands for is refused, as it is most often
//! misspelt, and so are an array in the place of an object and a member that stands twice. Each problem names its place.

use lambda_http::{
    Request,
    http::{StatusCode, header},
};
use leadline::domain::{
    document::{self, escaped, touched},
    strict::{Distinct, Strict},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{body, header as of, problem::Problem};

/// What is said of a member that nothing stands for.
const NO_SUCH_FIELD: &str = "there is no such field";

/// The body as JSON, if it says that it is or says nothing.
pub fn json(request: &Request) -> Result<Value, Problem> {
    let bytes = body(request)?;
    if let Some(given) = of(request, header::CONTENT_TYPE.as_str()) {
        let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(kind.as_str(), "application/json" | "application/merge-patch+json") {
            let detail = format!("the body must be application/json, and not {kind:.64}");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not this kind of body", detail));
        }
    }
    let read = serde_json::from_slice(bytes).map(|Distinct(value)| whole(value));
    read.map_err(|error| Problem::bad_at("", format!("the body is not JSON: {error}")))
}

/// In JSON Schema 7.0 is an integer, and some writers write it so.
fn whole(value: Value) -> Value {
    /// Up to here a float holds every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => json!(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, whole(member))).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

/// The body as what is asked for.
pub fn posted<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    strictly(json(request)?).map_err(|places| Problem::bad(StatusCode::BAD_REQUEST, &places))
}

/// JSON as a value, with nothing left over.
pub fn strictly<T: DeserializeOwned>(value: Value) -> Result<T, Vec<document::Problem>> {
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        unknown.push(document::Problem::at(left_over(&path), NO_SUCH_FIELD));
    };
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = T::deserialize(Strict::new(serde_ignored::Deserializer::new(tracked, &mut note)));
    match read {
        Ok(read) if unknown.is_empty() => Ok(read),
        Ok(_) => Err(unknown),
        Err(error) => {
            unknown.push(document::Problem::at(pointer(&track.path()), error.to_string()));
            Err(unknown)
        }
    }
}

/// Most members that one patch takes out: more than any document here has.
const MOST_TAKEN_OUT: usize = 100;

/// A value as a merge patch (RFC 7396) changes it, where what stands at the pointers of `guarded` may not change:
/// that is seen from what was made of the patch, whatever its shape.
pub fn patched<T: Serialize + DeserializeOwned>(
    stands: &T,
    patch: &Value,
    guarded: &[&str],
) -> Result<T, Vec<document::Problem>> {
    let new = merged::<T>(stands, patch)?;
    let changed = touched(stands, &new, guarded);
    if changed.is_empty() { Ok(new) } else { Err(changed) }
}

/// A value as a merge patch changes it. A member that nothing stands for is refused also where the patch takes it
/// out.
fn merged<T: DeserializeOwned>(stands: &impl Serialize, patch: &Value) -> Result<T, Vec<document::Problem>> {
    let unreadable = |error: serde_json::Error| vec![document::Problem::at("", error.to_string())];
    let mut merged = serde_json::to_value(stands).map_err(unreadable)?;
    document::merge(&mut merged, patch);
    let read = strictly::<T>(merged.clone())?;
    let mut taken_out = Vec::new();
    nulls(patch, "", &mut taken_out);
    if taken_out.len() > MOST_TAKEN_OUT {
        let words = format!("it takes {} members out; {MOST_TAKEN_OUT} at a time are allowed", taken_out.len());
        return Err(vec![document::Problem::at("", words)]);
    }
    let unknown = taken_out.into_iter().filter(|(parent, name)| {
        let mut with = merged.clone();
        let Some(Value::Object(members)) = with.pointer_mut(parent) else { return false };
        members.insert(name.clone(), Value::Null);
        let place = document::Problem::at(format!("{parent}/{}", escaped(name)), NO_SUCH_FIELD);
        strictly::<T>(with).err().is_some_and(|places| places.contains(&place))
    });
    let unknown: Vec<document::Problem> = unknown
        .map(|(parent, name)| document::Problem::at(format!("{parent}/{}", escaped(&name)), NO_SUCH_FIELD))
        .collect();
    if unknown.is_empty() { Ok(read) } else { Err(unknown) }
}

/// The members that a patch takes out, each with where it stands.
fn nulls(patch: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let Value::Object(members) = patch else { return };
    for (name, member) in members {
        match member {
            Value::Null => found.push((at.to_owned(), name.clone())),
            member => nulls(member, &format!("{at}/{}", escaped(name)), found),
        }
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { variant } => format!("/{}", escaped(variant)),
        Segment::Unknown => String::new(),
    };
    path.iter().map(step).collect()
}

fn left_over(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", left_over(parent)),
        Path::Map { parent, key } => format!("{}/{}", left_over(parent), escaped(key)),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => left_over(parent),
    }
}

/// The query's members, each at most once and only those that are asked for.
pub fn query<const N: usize>(request: &Request, names: [&str; N]) -> Result<[Option<String>; N], Problem> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.uri().query().unwrap_or_default())
        .map_err(|error| Problem::bad_at("", format!("the query: {error}")))?;
    let mut found = [const { None }; N];
    for (name, value) in pairs {
        let Some(n) = names.iter().position(|known| *known == name) else {
            return Err(Problem::bad_at("", format!("the query has no member `{name:.64}`")));
        };
        if found[n].replace(value).is_some() {
            return Err(Problem::bad_at("", format!("the query has `{name}` twice")));
        }
    }
    Ok(found)
}

/// A page that is asked for.
pub struct Page {
    /// How many at most.
    pub limit: usize,
    /// After which.
    pub after: Option<String>,
}

/// Items of a page when nothing is said.
const USUAL: usize = 50;

/// The most items of a page.
const MOST: usize = 100;

impl Page {
    /// `?limit=1..100&after=…`.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let [limit, after] = query(request, ["limit", "after"])?;
        let limit = match limit.map(|limit| limit.parse::<usize>()) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(Problem::bad_at("", format!("`limit` is a number from 1 to {MOST}"))),
        };
        Ok(Self { limit, after })
    }

    /// The page of a whole list whose items are in the order of their keys. The second value is where the
    /// next page begins.
    pub fn cut<T>(&self, all: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let follows = |item: &T| self.after.as_ref().is_none_or(|after| key(item) > *after);
        let mut items: Vec<T> = all.into_iter().filter(follows).take(self.limit + 1).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(key);
        (items, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadline::domain::campaign::Campaign;

    fn places(value: Value) -> Vec<String> {
        let read = strictly::<Campaign>(value);
        read.expect_err("it makes no sense").into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn each_place_that_makes_no_sense_is_named() {
        let campaign = |messages: Value, more: Value| {
            let mut campaign = json!({"id": "webinar", "name": "Free webinar", "messages": messages});
            campaign.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            campaign
        };
        let message = json!([{"step": 1, "text": "Hi."}]);
        assert!(strictly::<Campaign>(campaign(message.clone(), json!({}))).is_ok());
        assert_eq!(places(campaign(message.clone(), json!({"naem": 1, "a/b": 2}))), ["/a~1b", "/naem"]);
        assert_eq!(
            places(campaign(json!([{"step": 1, "txt": 1}, {"step": "x"}]), json!({}))),
            ["/messages/0/txt", "/messages/1/step"]
        );
        assert_eq!(places(campaign(json!([{"step": 1, "text": "{{x"}]), json!({}))), ["/messages/0/text"]);
        let window = json!({"window": {"days": ["mon"], "opens": "09:00", "closes": "10:00", "zone": "UTC"}});
        assert_eq!(places(campaign(message, window)), ["/window/zone"]);
    }

    #[test]
    fn a_patch_changes_what_it_names_and_names_nothing_that_is_not_there() {
        let stands = json!({"id": "webinar", "name": "Free webinar", "messages": [{"step": 1, "text": "Hi."}]});
        let stands: Campaign = strictly(stands).expect("a campaign");
        let patch = |patch: Value| patched::<Campaign>(&stands, &patch, &["/version"]);
        let timed = patch(json!({"name": "Other", "timing": {"latest_minutes": 90}, "window": null, "on_reply": null}));
        let timed = timed.expect("a campaign");
        assert_eq!(
            (timed.name.as_str(), timed.timing.latest_minutes, timed.timing.earliest_minutes),
            ("Other", 90, 60)
        );
        let places = |refused: Result<Campaign, Vec<document::Problem>>| -> Vec<String> {
            refused.expect_err("it makes no sense").into_iter().map(|place| place.pointer).collect()
        };
        assert_eq!(places(patch(json!({"nmae": null, "timing": {"latest": null}}))), ["/nmae", "/timing/latest"]);
        assert_eq!(places(patch(json!({"nmae": "x"}))), ["/nmae"]);
        assert_eq!(places(patch(json!({"name": null}))), [""], "a campaign has a name");
        assert_eq!(places(patch(json!({"version": 7}))), ["/version"]);
        assert_eq!(places(patch(json!({"timing": [1, 2]}))), ["/timing"], "an array is no object");
        assert_eq!(places(patch(json!({"messages": [[1, 60, "Hi."]]}))), ["/messages/0"]);
        assert_eq!(places(patch(json!({"forms": [["888", ["1", "Text me."]]]}))), ["/forms/0"]);
    }

    #[test]
    fn a_number_without_a_fraction_is_whole_however_it_is_written() {
        let read: Value = serde_json::from_str(r#"{"a": [7.0, 7.5, 1e3, 1e300, -2.0]}"#).expect("JSON");
        assert_eq!(whole(read), json!({"a": [7, 7.5, 1000, 1e300, -2]}));
    }

    #[test]
    fn pages_give_every_item_once() {
        let all: Vec<String> = (0..7).map(|n| format!("k{n}")).collect();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let (items, next) = Page { limit: 3, after: after.take() }.cut(all.clone(), Clone::clone);
            seen.push(items.len());
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [3, 3, 1]);
        assert_eq!(Page { limit: 7, after: None }.cut(all.clone(), Clone::clone).1, None);
    }
}
