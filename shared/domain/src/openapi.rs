//! How values that are texts outside are described in the description of the API. Only for the command that
//! prints it: no function carries it.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, Type},
    },
};

use crate::{
    campaign::{ReEnroll, Step, StepDoc, WebinarLink},
    client::TokenHash,
    email::EmailAddress,
    ids::{AuditId, CampaignId, ClientId, EnrollmentId, FormId, LeadId, RunId, SiteId},
    lead::Waits,
    phone::{PhoneNumber, Region},
    place::State,
    template::{MAX_TEXT, Template},
    window::Window,
};

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

macro_rules! described {
    ($($type:ident: $schema:expr;)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object($schema.build()))
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($type))
            }
        }
    )+};
}

/// What an enrollment waits for.
#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its description counts")]
enum WaitsOutside {
    /// A moment, at which it is decided on.
    Until(String),
    /// A person, who must look at it first.
    ForReview {
        /// Why, in words.
        reason: String,
        /// Since when.
        #[schema(format = DateTime)]
        since: String,
    },
}

impl PartialSchema for Waits {
    fn schema() -> RefOr<Schema> {
        WaitsOutside::schema()
    }
}

impl ToSchema for Waits {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Waits")
    }
}

/// A day of the week, as a schema.
#[derive(ToSchema)]
#[expect(missing_docs, reason = "they say themselves")]
#[schema(as = DayOfWeek)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Whether somebody who was in it may enter it again.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its description counts")]
enum ReEnrollOutside {
    /// Nobody.
    Never,
    /// Everybody, at once.
    Always,
    /// Everybody, so many days after the end of the last enrollment; at least one.
    AfterDays(u32),
}

impl PartialSchema for ReEnroll {
    fn schema() -> RefOr<Schema> {
        ReEnrollOutside::schema()
    }
}

impl ToSchema for ReEnroll {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ReEnroll")
    }
}

impl PartialSchema for Step {
    fn schema() -> RefOr<Schema> {
        StepDoc::schema()
    }
}

impl ToSchema for Step {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Step")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        StepDoc::schemas(schemas);
    }
}

const SLUG: &str = "^[a-z0-9][a-z0-9-]{0,47}$";
const FOREIGN: &str = "^[A-Za-z0-9._-]{1,64}$";
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";
const HOUR: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
const CLOSING_HOUR: &str = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";

described! {
    ClientId: text("A client.").pattern(Some(SLUG));
    CampaignId: text("A campaign of a client.").pattern(Some(SLUG));
    FormId: text("Kajabi's id of a form.").pattern(Some(FOREIGN));
    SiteId: text("Kajabi's id of a site.").pattern(Some(FOREIGN));
    LeadId: text("A lead: a ULID.").pattern(Some(ULID));
    EnrollmentId: text("A lead in a campaign: a ULID.").pattern(Some(ULID));
    RunId: text("A run of a function: a ULID.").pattern(Some(ULID));
    AuditId: text("An audit event: a ULID, which sorts by time.").pattern(Some(ULID));
    PhoneNumber: text("A phone number in E.164. It is read as people write it, and checked by the rules of its country.")
        .min_length(Some(1)).max_length(Some(64)).examples(["+13055550123"]);
    EmailAddress: text("An email address.").min_length(Some(3)).max_length(Some(254)).examples(["owner@example.com"]);
    Region: text("A country by its ISO 3166 code.").pattern(Some("^[A-Z]{2}$")).examples(["US"]);
    State: text("A US state or Canadian province by the two letters of the post.").pattern(Some("^[A-Z]{2}$")).examples(["FL"]);
    TokenHash: text("SHA-256 of a token.").pattern(Some("^[0-9a-f]{64}$"));
    WebinarLink: text("An https address.").max_length(Some(300)).examples(["https://example.com/webinar"]);
    Template: text("A text with placeholders: {{first_name|there}}, last_name, business_name, booking_link, message, custom_….")
        .min_length(Some(1)).max_length(Some(MAX_TEXT)).examples(["Hi {{first_name|there}}, it's Sam."]);
    Window: ObjectBuilder::new().schema_type(Type::Object).description(Some("Hours on some days of the week, in the client's zone."))
        .property("days", ArrayBuilder::new().min_items(Some(1)).items(
            ObjectBuilder::new().schema_type(Type::String)
                .enum_values(Some(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]))))
        .property("opens", text("First minute inside.").pattern(Some(HOUR)).examples(["08:00"]))
        .property("closes", text("First minute outside again, after `opens`.").pattern(Some(CLOSING_HOUR)).examples(["20:00"]))
        .required("days").required("opens").required("closes");
}
