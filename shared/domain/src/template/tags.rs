//! Merge tags of other tools, such as `{first_name}`, `[First Name]` or `*|FNAME|*`: nothing fills them in
//! here, so a text with one would be sent as it stands. A tag is told by its shape and a known field name
//! in it, so that "[see below]" and "50% off" are plain text.

use super::InvalidTemplate;

/// The longest tag, in bytes between its two ends.
const LONGEST: usize = 60;

/// What a tag begins and ends with, the longer shapes first. The last says whether plain text has the
/// shape, too, so that an everyday word in it, such as `[link]`, may be meant as it stands.
const SHAPES: [(&str, &str, bool); 22] = [
    ("{{", "}}", false),
    ("*|", "|*", false),
    ("<%=", "%>", false),
    ("<%", "%>", false),
    ("${", "}", false),
    ("#{", "}", false),
    ("{!", "}", false),
    ("{%", "%}", false),
    ("{", "}", false),
    ("[[", "]]", false),
    ("<<", ">>", false),
    ("\u{ab}", "\u{bb}", false),
    ("%%", "%%", false),
    ("##", "##", false),
    ("__", "__", false),
    ("%", "%", false),
    ("~", "~", false),
    ("$", "$", false),
    ("|", "|", false),
    ("[", "]", true),
    ("<", ">", true),
    ("#", "#", true),
];

/// What one of the shapes begins with.
const OPENS: [char; 11] = ['{', '*', '<', '$', '#', '[', '\u{ab}', '%', '_', '~', '|'];

/// A field of another tool, by letters and digits only, and the placeholder that stands for it here.
struct Known {
    names: &'static [&'static str],
    instead: &'static str,
    /// Whether the names are everyday words.
    everyday: bool,
}

const KNOWN: [Known; 12] = [
    Known {
        names: &["firstname", "fname", "givenname", "forename", "vorname", "prenom", "nombre", "primernombre"],
        instead: "first_name",
        everyday: false,
    },
    Known {
        names: &["name", "fullname", "contactname", "leadname", "customername", "studentname", "membername"],
        instead: "first_name",
        everyday: false,
    },
    Known { names: &["first"], instead: "first_name", everyday: true },
    Known {
        names: &["lastname", "lname", "surname", "familyname", "nachname", "apellido", "nomdefamille"],
        instead: "last_name",
        everyday: false,
    },
    Known { names: &["last"], instead: "last_name", everyday: true },
    Known {
        names: &[
            "businessname",
            "companyname",
            "brandname",
            "organizationname",
            "organisationname",
            "yourname",
            "yourbusiness",
            "yourcompany",
            "yourbrand",
            "myname",
            "sendername",
            "coachname",
        ],
        instead: "business_name",
        everyday: false,
    },
    Known { names: &["business", "company", "brand", "organization"], instead: "business_name", everyday: true },
    Known {
        names: &["bookinglink", "bookingurl", "calendarlink", "calendlylink", "schedulinglink", "yourlink"],
        instead: "booking_link",
        everyday: false,
    },
    Known { names: &["link", "url"], instead: "booking_link", everyday: true },
    Known { names: &["webinarlink", "webinarurl", "eventlink"], instead: "webinar_link", everyday: false },
    Known { names: &["webinardate", "eventdate"], instead: "webinar_date", everyday: false },
    Known { names: &["webinartime", "eventtime"], instead: "webinar_time", everyday: false },
];

/// Fields that other tools have and that no placeholder stands for.
const NOT_HERE: [&str; 9] = [
    "emailaddress",
    "phonenumber",
    "mobilephone",
    "mobilenumber",
    "useremail",
    "contactid",
    "unsubscribelink",
    "unsubscribeurl",
    "optoutlink",
];
/// The same, by everyday words.
const NOT_HERE_EVERYDAY: [&str; 7] = ["email", "phone", "mobile", "unsubscribe", "date", "time", "city"];

/// What another tool calls before the name of a field: `contact.first_name`.
const OWNERS: [&str; 15] = [
    "contact",
    "lead",
    "person",
    "subscriber",
    "customer",
    "recipient",
    "member",
    "user",
    "student",
    "profile",
    "merge",
    "custom",
    "kajabi",
    "insert",
    "your",
];

/// What a field of another tool is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    Placeholder(&'static str),
    NotHere,
}

/// The first merge tag of another tool in a text, or `None`.
pub(super) fn first(text: &str) -> Option<InvalidTemplate> {
    text.match_indices(OPENS).find_map(|(at, _)| tag_at(text, at))
}

/// The same for what stands between `{{` and `}}` and is no placeholder of ours: which of ours it means.
pub(super) fn unknown(inner: &str) -> Option<InvalidTemplate> {
    let (name, fallback) = match inner.split_once('|') {
        Some((name, filters)) => (name, filter_value(filters)),
        None => (inner, None),
    };
    // `first_name or 'there'`, `first_name ?? 'there'`.
    let name = name.trim();
    let word = name.split_whitespace().next().unwrap_or_default();
    let (meant, _) = meaning(name).or_else(|| meaning(word))?;
    Some(foreign(&format!("{{{{{inner}}}}}"), meant, fallback.as_deref()))
}

/// What a fallback is that is none: a filter of Liquid, Django or Handlebars, or words in quotes.
pub(super) fn not_a_fallback(inner: &str, field: &str, fallback: &str) -> Option<InvalidTemplate> {
    const FILTERS: [&str; 13] = [
        "capitalize",
        "upcase",
        "downcase",
        "upper",
        "lower",
        "title",
        "trim",
        "strip",
        "escape",
        "safe",
        "default",
        "titlecase",
        "capfirst",
    ];
    let first = fallback.split('|').next().unwrap_or_default();
    let word: String = first.trim().chars().take_while(|c| c.is_ascii_alphabetic() || *c == '_').collect();
    let after = first.trim().strip_prefix(word.as_str()).unwrap_or_default().trim_start();
    let called = after.starts_with([':', '(', '=']) && (word == "default" || word == "fallback");
    let filter = called || (after.is_empty() && FILTERS.contains(&word.as_str())) || fallback.contains('|');
    let quoted = unquoted(fallback).is_some();
    if !filter && !quoted {
        return None;
    }
    let instead = filter_value(fallback);
    let written = format!("{{{{{inner}}}}}");
    Some(InvalidTemplate::ForeignTag { written, instead: write_this(field, instead.as_deref()) })
}

fn tag_at(text: &str, at: usize) -> Option<InvalidTemplate> {
    variable(&text[at..]).or_else(|| shaped(text, at))
}

/// A variable of a template without an end of its own: `$first_name`. Of everyday words, such as `$name`, none.
fn variable(text: &str) -> Option<InvalidTemplate> {
    let name = text.strip_prefix('$')?;
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len())];
    let (meant, _) = meaning(name).filter(|(_, everyday)| !everyday && name.contains('_') || name == "fname")?;
    Some(foreign(&format!("${name}"), meant, None))
}

fn shaped(text: &str, at: usize) -> Option<InvalidTemplate> {
    SHAPES.iter().find_map(|(open, close, plain_has_it)| {
        let after = text[at..].strip_prefix(open)?;
        let inner = &after[..after.find(close).filter(|length| *length <= LONGEST)?];
        let tight = matches!(*open, "%" | "$" | "#" | "~" | "|" | "__");
        if inner.contains('\n') || tight && inner.trim() != inner {
            return None;
        }
        // Nobody means these two as they stand, whatever is in them.
        let always = matches!(*open, "*|" | "<%=" | "<%") && !inner.trim().is_empty();
        let meaning = meaning(inner.split('|').next().unwrap_or_default());
        let (meant, everyday) = meaning.or_else(|| always.then_some((Meant::NotHere, false)))?;
        // Nobody shouts a word of plain text in brackets: `[FIRST]`.
        let shouted = *open == "[" && inner.chars().all(|c| !c.is_lowercase());
        if everyday && *plain_has_it && !shouted {
            return None;
        }
        let fallback = inner.split_once('|').map(|(_, fallback)| fallback);
        Some(foreign(&format!("{open}{inner}{close}"), meant, fallback.and_then(filter_value).as_deref()))
    })
}

/// What a field's name means here, and whether it is an everyday word.
fn meaning(raw: &str) -> Option<(Meant, bool)> {
    let raw = raw.trim();
    let own = if raw.contains(char::is_whitespace) { raw } else { raw.rsplit('.').next().unwrap_or_default() };
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase() };
    // Only a name: a whole sentence in brackets is text.
    let name = plain(own);
    let name = name.strip_suffix("here").filter(|rest| !rest.is_empty()).map(str::to_owned).unwrap_or(name);
    if own.split_whitespace().count() > 3 || name.is_empty() {
        return None;
    }
    let owned = OWNERS.iter().find_map(|owner| name.strip_prefix(owner).filter(|rest| !rest.is_empty()));
    let qualified = own.len() < raw.len();
    let of = |name: &str| {
        let known = KNOWN.iter().find(|known| known.names.contains(&name));
        let placeholder = known.map(|known| (Meant::Placeholder(known.instead), known.everyday && !qualified));
        let strange = NOT_HERE.contains(&name).then_some((Meant::NotHere, false));
        let everyday = NOT_HERE_EVERYDAY.contains(&name).then_some((Meant::NotHere, !qualified));
        placeholder.or(strange).or(everyday)
    };
    of(&name).or_else(|| of(owned?))
}

fn foreign(written: &str, meant: Meant, fallback: Option<&str>) -> InvalidTemplate {
    let instead = match meant {
        Meant::Placeholder(field) => write_this(field, fallback),
        Meant::NotHere => "leave it out, as no placeholder stands for it".to_owned(),
    };
    InvalidTemplate::ForeignTag { written: written.to_owned(), instead }
}

/// What to write for a field, with the fallback that was given, or the usual one.
fn write_this(field: &str, fallback: Option<&str>) -> String {
    match (field, fallback.filter(|fallback| !fallback.is_empty())) {
        ("business_name" | "booking_link" | "webinar_link" | "webinar_date" | "webinar_time", _) => {
            format!("write {{{{{field}}}}}")
        }
        (_, Some(fallback)) => format!("write {{{{{field}|{fallback}}}}}"),
        ("first_name", None) => "write {{first_name|there}}".to_owned(),
        (_, None) => format!("write {{{{{field}|…}}}}, with what to say if there is none"),
    }
}

/// The words that a filter or a fallback of another tool gives: `friend` of `default: 'friend'`.
fn filter_value(filters: &str) -> Option<String> {
    let plain = |text: &str| (!text.contains(['{', '}', '|', '\'', '"'])).then(|| text.trim().to_owned());
    let last = filters.rsplit('|').next().unwrap_or_default().trim();
    if let Some(words) = unquoted(last) {
        return plain(words);
    }
    let (name, value) = last.split_once([':', '=', '('])?;
    let named = name.trim().chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    let value = value.trim().trim_end_matches(')').trim();
    if named { plain(unquoted(value).unwrap_or(value)) } else { None }
}

fn unquoted(text: &str) -> Option<&str> {
    [('\'', '\''), ('"', '"'), ('\u{2018}', '\u{2019}'), ('\u{201c}', '\u{201d}')]
        .into_iter()
        .find_map(|(open, close)| text.trim().strip_prefix(open)?.strip_suffix(close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_begins_with_a_sign_that_is_looked_for() {
        assert!(SHAPES.iter().all(|(open, ..)| open.starts_with(OPENS)));
        assert!(OPENS.iter().all(|sign| SHAPES.iter().any(|(open, ..)| open.starts_with(*sign))));
    }
}
