//! The description of the API (OpenAPI 3.1): the addresses from the table `table.rs`, what each takes
//! and gives from the types themselves. Only for the command that prints it and the test that holds it.

mod patches;

use leadline::{
    domain::{
        api_key::Scope, campaign::Campaign, client::Client, contact_status::ListedOptOut, document,
        one_text::SendRequest, report::LastDay,
    },
    flows::effect::Effect,
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

use crate::{
    admin::{
        AddedKey, AutoCreate, Because, Check, Checked, Counted, Created, End, Enroll, Hold, Intend, Known, Lift,
        Listed, ListedLead, NewKey, No, ShownKey, Text, Written, scope,
    },
    table::{Endpoint, ROWS},
};

/// A problem's details (RFC 9457).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its description counts")]
struct ProblemDetails {
    /// Always `about:blank`: the status says what kind it is.
    r#type: String,
    /// The kind, in words.
    title: String,
    /// The status.
    status: u16,
    /// This one, in words.
    detail: String,
    /// The places that make no sense.
    errors: Option<Vec<document::Problem>>,
    /// The request's id, where it has one.
    id: Option<String>,
    /// Why a text is not sent, as a code.
    code: Option<String>,
}

/// Whether the function runs.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its description counts")]
struct Health {
    /// `ok`.
    status: String,
    /// The release.
    version: String,
}

/// What became of a request for a text.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its description counts")]
struct TextAsked {
    /// The request's id: the `Idempotency-Key`, or a new one.
    id: String,
    /// `ready`, `waits`, `stored`, or `known` for a request that came before.
    status: String,
    /// In words.
    detail: String,
}

/// How sending stands.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its description counts")]
struct SendingNow {
    /// On, or on hold.
    sending: leadline::domain::client::Sending,
}

/// What an endpoint takes and gives.
struct Said {
    tag: &'static str,
    summary: &'static str,
    body: Option<Value>,
    answers: Vec<(u16, &'static str, Option<Value>)>,
}

/// The description.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Map::new();
    add::<Campaign>(&mut schemas);
    add::<Client>(&mut schemas);
    add::<ProblemDetails>(&mut schemas);
    add::<Health>(&mut schemas);
    add::<TextAsked>(&mut schemas);
    add::<SendingNow>(&mut schemas);
    add::<SendRequest>(&mut schemas);
    add::<LastDay>(&mut schemas);
    add::<ListedOptOut>(&mut schemas);
    add::<AutoCreate>(&mut schemas);
    add::<Created>(&mut schemas);
    add::<Counted>(&mut schemas);
    add::<Intend>(&mut schemas);
    add::<Effect>(&mut schemas);
    add::<Text>(&mut schemas);
    add::<Check>(&mut schemas);
    add::<Checked>(&mut schemas);
    add::<Hold>(&mut schemas);
    add::<No>(&mut schemas);
    add::<Lift>(&mut schemas);
    add::<Listed>(&mut schemas);
    add::<NewKey>(&mut schemas);
    add::<ShownKey>(&mut schemas);
    add::<AddedKey>(&mut schemas);
    add::<ListedLead>(&mut schemas);
    add::<Known>(&mut schemas);
    add::<Because>(&mut schemas);
    add::<Enroll>(&mut schemas);
    add::<End>(&mut schemas);
    add::<Written>(&mut schemas);
    patches::complete(&mut schemas);

    let mut paths = Map::new();
    for row in ROWS {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method.to_lowercase()] = operation(row.endpoint, row.method, row.path);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Leadline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Lead follow-up by SMS. A key opens the data of its own client and nothing else. There is no \
                            CORS: a key belongs on a server, never in a page.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {
                "type": "http", "scheme": "bearer", "bearerFormat": "CLIENT.SECRET",
                "description": "A key of a client. Each opens what its scopes say: send, status, read, manage (which is read, too).",
            }},
        },
    })
}

/// Adds a type's description, and those of everything in it.
fn add<T: ToSchema>(schemas: &mut Map<String, Value>) {
    let mut found = vec![(T::name().into_owned(), <T as PartialSchema>::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        let schema = match schema {
            RefOr::T(schema) => serde_json::to_value(schema),
            RefOr::Ref(to) => serde_json::to_value(to),
        };
        let schema = schema.unwrap_or_default();
        let stands = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
        // It is found by the test of the description, before anybody reads it.
        assert!(*stands == schema, "two types are described under one name: {name}");
    }
}

fn of(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn page_of(name: &str) -> Value {
    json!({
        "type": "object", "required": ["items", "next"], "additionalProperties": false,
        "properties": {
            "items": {"type": "array", "items": of(name)},
            "next": {"type": ["string", "null"], "description": "What `after` is for the next page; null on the last."},
        },
    })
}

fn said(endpoint: Endpoint) -> Said {
    let ok = |schema| vec![(200, "As it stands now.", Some(schema))];
    let conflict = (409, "As things stand it may not be done.", None);
    let senseless = (422, "It can be read, and makes no sense.", None);
    let gone = (404, "There is none.", None);
    let with = |mut all: Vec<_>, more: &[(u16, &'static str, Option<Value>)]| {
        all.extend_from_slice(more);
        all
    };
    let list = |tag, summary, name| Said { tag, summary, body: None, answers: ok(page_of(name)) };
    match endpoint {
        Endpoint::Health => {
            Said { tag: "Health", summary: "Whether the function runs", body: None, answers: ok(of("Health")) }
        }
        Endpoint::Send => Said {
            tag: "Texts",
            summary: "One text outside any sequence, decided on and limited like every other",
            body: Some(of("SendRequest")),
            answers: vec![
                (200, "This request came before.", Some(of("TextAsked"))),
                (202, "It goes out now, or at the next lawful moment.", Some(of("TextAsked"))),
                (422, "It is not sent: `code` says why. Or the number or the text makes no sense.", None),
                (503, "It could not be stored. Try again.", None),
            ],
        },
        Endpoint::Status => Said {
            tag: "Texts",
            summary: "How texting went in the last 24 hours",
            body: None,
            answers: with(ok(of("LastDay")), &[(503, "It could not be read. Try again.", None)]),
        },
        Endpoint::ListCampaigns => list("Campaigns", "All campaigns, by id", "Campaign"),
        Endpoint::CreateCampaign => Said {
            tag: "Campaigns",
            summary: "A new campaign",
            body: Some(of("NewCampaign")),
            answers: vec![(201, "It is written.", Some(of("Written"))), conflict, senseless],
        },
        Endpoint::AutoCreateHealth => {
            Said { tag: "Campaigns", summary: "Whether the address is there", body: None, answers: ok(of("Health")) }
        }
        Endpoint::AutoCreate => Said {
            tag: "Campaigns",
            summary: "The campaign of a form. If there is none it is made: paused, for review, with the client's default text",
            body: Some(of("AutoCreate")),
            answers: vec![
                (200, "A campaign knows the form.", Some(of("Created"))),
                (201, "It was made.", Some(of("Created"))),
                conflict,
            ],
        },
        Endpoint::GetCampaign => Said {
            tag: "Campaigns",
            summary: "One campaign, with how many people it has and had",
            body: None,
            answers: with(ok(of("Counted")), &[gone]),
        },
        Endpoint::PatchCampaign => Said {
            tag: "Campaigns",
            summary: "A change of a campaign (JSON Merge Patch). Changed texts are a new version, for who enrolls from now on",
            body: Some(of("CampaignPatch")),
            answers: with(ok(of("Written")), &[gone, conflict, senseless]),
        },
        Endpoint::DeleteCampaign => Said {
            tag: "Campaigns",
            summary: "Deletes softly: the campaign is paused, and all that it sent stays readable",
            body: None,
            answers: with(ok(of("Campaign")), &[gone, conflict]),
        },
        Endpoint::PauseCampaign => Said {
            tag: "Campaigns",
            summary: "No texts until it is resumed. Forms still enroll",
            body: None,
            answers: with(ok(of("Campaign")), &[gone, conflict]),
        },
        Endpoint::ResumeCampaign => Said {
            tag: "Campaigns",
            summary: "Texts go out again",
            body: None,
            answers: with(ok(of("Campaign")), &[gone, conflict]),
        },
        Endpoint::DeactivateCampaign => Said {
            tag: "Campaigns",
            summary: "No texts and no enrollment, for good. Its forms are free for another campaign",
            body: None,
            answers: with(ok(of("Campaign")), &[gone, conflict]),
        },
        Endpoint::CampaignEffect => Said {
            tag: "Campaigns",
            summary: "What a change would do until midnight: who is affected, how many texts go out and when, and what they cost. It changes nothing",
            body: Some(of("Intend")),
            answers: with(ok(of("Effect")), &[gone, conflict, senseless]),
        },
        Endpoint::ListTemplates => {
            list("Texts", "All texts with what they cost: the default and those of all campaigns", "Text")
        }
        Endpoint::CheckTemplate => Said {
            tag: "Texts",
            summary: "How a text would read for a lead or a sample, and what it would cost. It sends nothing",
            body: Some(of("Check")),
            answers: with(ok(of("Checked")), &[gone]),
        },
        Endpoint::GetSettings => {
            Said { tag: "Settings", summary: "The client's settings", body: None, answers: ok(of("Settings")) }
        }
        Endpoint::PatchSettings => Said {
            tag: "Settings",
            summary: "A change of the settings (JSON Merge Patch)",
            body: Some(of("SettingsPatch")),
            answers: with(ok(of("Settings")), &[conflict, senseless]),
        },
        Endpoint::HoldSending => Said {
            tag: "Settings",
            summary: "The red button: nothing is sent until it is lifted",
            body: Some(of("Hold")),
            answers: with(ok(of("SendingNow")), &[conflict]),
        },
        Endpoint::ResumeSending => Said {
            tag: "Settings",
            summary: "Lifts any hold on sending",
            body: Some(of("Hold")),
            answers: with(ok(of("SendingNow")), &[conflict]),
        },
        Endpoint::ListOptOuts => {
            list("Opt-outs", "Every number that ever opted out, with how it stands", "ListedOptOut")
        }
        Endpoint::AddOptOut => Said {
            tag: "Opt-outs",
            summary: "Writes down a no that was said in another way. All sequences end",
            body: Some(of("No")),
            answers: vec![
                (200, "It had opted out before.", Some(of("Listed"))),
                (201, "It is written down.", Some(of("Listed"))),
                conflict,
                senseless,
            ],
        },
        Endpoint::LiftOptOut => Said {
            tag: "Opt-outs",
            summary: "Takes a no back on the person's own wish. Resumes and enrolls nothing",
            body: Some(of("Lift")),
            answers: with(ok(of("Listed")), &[conflict, senseless]),
        },
        Endpoint::ListKeys => list("Keys", "All keys, without what opens", "ShownKey"),
        Endpoint::AddKey => Said {
            tag: "Keys",
            summary: "A new key, which is shown once",
            body: Some(of("NewKey")),
            answers: vec![(201, "It is made.", Some(of("AddedKey"))), conflict, senseless],
        },
        Endpoint::RevokeKey => Said {
            tag: "Keys",
            summary: "A key opens nothing any more",
            body: None,
            answers: vec![(204, "It is gone.", None), gone, conflict],
        },
        Endpoint::ListLeads => list("Leads", "All leads, oldest first", "ListedLead"),
        Endpoint::GetLead => Said {
            tag: "Leads",
            summary: "One lead, with all that happened to it",
            body: None,
            answers: with(ok(of("Known")), &[gone]),
        },
        Endpoint::EnrollLead => Said {
            tag: "Leads",
            summary: "Puts a lead into a campaign, by the same rules as a form. It needs their consent",
            body: Some(of("Enroll")),
            answers: with(ok(of("ListedLead")), &[gone, conflict]),
        },
        Endpoint::HoldLead => Said {
            tag: "Leads",
            summary: "Puts a lead on hold: nothing is sent to it until somebody lifts the hold",
            body: Some(of("Because")),
            answers: with(ok(of("ListedLead")), &[gone, conflict]),
        },
        Endpoint::EndLead => Said {
            tag: "Leads",
            summary: "Ends what a lead is in, or one campaign of it, as abandoned",
            body: Some(of("EndLead")),
            answers: with(ok(of("ListedLead")), &[gone, conflict]),
        },
        Endpoint::AnsweredLead => Said {
            tag: "Leads",
            summary: "Notes that a lead's reply was answered: it waits for your answer no more",
            body: None,
            answers: with(ok(of("ListedLead")), &[gone, conflict]),
        },
        Endpoint::ReleaseLead => Said {
            tag: "Leads",
            summary: "Lifts the hold on a lead. A no is not lifted",
            body: Some(of("Because")),
            answers: with(ok(of("ListedLead")), &[gone, conflict]),
        },
    }
}

fn operation(endpoint: Endpoint, method: &str, path: &str) -> Value {
    let Said { tag, summary, body, answers } = said(endpoint);
    let details = || json!({"application/problem+json": {"schema": of("ProblemDetails")}});
    let mut responses = Map::new();
    for (status, description, schema) in answers {
        let content = match (&schema, status, method) {
            (_, _, "HEAD") | (None, 204, _) => None,
            (Some(schema), ..) => Some(json!({"application/json": {"schema": schema}})),
            (None, ..) => Some(details()),
        };
        let mut response = json!({"description": description});
        if let Some(content) = content {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let mut also = |status: u16, description: &str| {
        let response = json!({"description": description, "content": details()});
        responses.entry(status.to_string()).or_insert(response);
    };
    let listed = matches!(&endpoint_page(endpoint), Some(()));
    if body.is_some() {
        also(400, "The request cannot be read: `errors` names each place by a JSON pointer.");
        also(413, "The body is too large.");
        also(415, "The body is not JSON.");
    }
    if listed || matches!(endpoint, Endpoint::Status) {
        also(400, "The query makes no sense.");
    }
    let needs = scope(endpoint);
    if needs.is_some() {
        also(401, "No key that opens.");
        also(403, "The key is not for this.");
        also(429, "Too many requests in this minute; `Retry-After` says when to go on.");
        also(500, "Something of ours failed.");
        responses["429"]["headers"] = json!({
            "Retry-After": {"description": "Seconds until the next minute.", "schema": {"type": "integer", "minimum": 1, "maximum": 60}},
        });
    }
    let id = format!("{endpoint:?}{}", if method == "HEAD" { "Head" } else { "" });
    let mut operation = json!({
        "operationId": format!("{}{}", id[..1].to_lowercase(), &id[1..]),
        "tags": [tag],
        "summary": summary,
        "responses": responses,
        "security": needs.map_or_else(Vec::new, |_| vec![json!({"key": []})]),
    });
    if let Some(scope) = needs {
        let name = match scope {
            Scope::Send => "send",
            Scope::Status => "status",
            Scope::Read => "read",
            Scope::Manage => "manage",
        };
        operation["description"] = format!("Scope: `{name}`.").into();
    }
    if let Some(schema) = body {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        operation["requestBody"] = json!({"required": true, "content": {kind: {"schema": schema}}});
    }
    let mut parameters = Vec::new();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let schema = match endpoint {
            _ if path.starts_with("/admin/leads/") => of("LeadId"),
            Endpoint::RevokeKey => json!({"type": "string", "minLength": 1}),
            _ => of("CampaignId"),
        };
        let mut parameter = json!({"name": name, "in": "path", "required": true, "schema": schema});
        if path.starts_with("/admin/campaigns/") {
            parameter["example"] = "at-once".into();
        }
        parameters.push(parameter);
    }
    if listed {
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 50});
        parameters.push(json!({"name": "limit", "in": "query", "schema": limit, "description": "Items of a page."}));
        let after = match endpoint {
            Endpoint::ListLeads => of("LeadId"),
            _ => json!({"type": "string"}),
        };
        let what = "The `next` of the page before.";
        parameters.push(json!({"name": "after", "in": "query", "schema": after, "description": what}));
    }
    if endpoint == Endpoint::Send {
        let schema = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
        let what = "What makes the request the same when it is sent again.";
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": what}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    operation
}

/// Whether it gives pages.
fn endpoint_page(endpoint: Endpoint) -> Option<()> {
    use Endpoint::{ListCampaigns, ListLeads, ListOptOuts, ListTemplates};
    matches!(endpoint, ListCampaigns | ListLeads | ListOptOuts | ListTemplates).then_some(())
}

#[cfg(test)]
mod tests;
