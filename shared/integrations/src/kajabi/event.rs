//! Which event a body is about: by its name or, if it has none, by what it holds.

use super::shape::{Inside, Shape};
use domain::trigger::On;

/// The events that we know, of both webhook systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Form,
    /// Another event, which campaigns say what to do with.
    CommerceEvent(On),
    /// It has a name, and not one that we know.
    Unknown,
}

impl Kind {
    /// The event of a body, or `None` if neither a name nor what it holds tells.
    pub fn of(shape: &Shape<'_>) -> Option<Self> {
        match (shape.event(), &shape.inside) {
            (Some(name), _) => Some(Self::named(name)),
            (None, Inside::Resources(_)) => Self::of_resources(shape),
            (None, Inside::Flat(_)) => Some(Self::of_fields(shape)),
        }
    }

    /// Compared without separators and case: both systems spell their names differently, and the
    /// name of a dashboard form event is not documented.
    fn named(name: &str) -> Self {
        let letters: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match letters.as_str() {
            "form"
            | "formsubmission"
            | "formsubmissioncreated"
            | "formsubmitted"
            | "formsubmit"
            | "newformsubmission" => Self::Form,
            "purchase" | "purchasecreated" => Self::CommerceEvent(On::Purchase),
            "paymentsucceeded" => Self::CommerceEvent(On::Payment),
            "ordercreated" => Self::CommerceEvent(On::Order),
            "cart" | "cartpurchase" | "cartpurchasecreated" | "cartpurchased" | "cartorder" | "cartordercreated" => {
                Self::CommerceEvent(On::Cart)
            }
            "refund"
            | "refunded"
            | "refundcreated"
            | "refundsucceeded"
            | "purchaserefunded"
            | "paymentrefunded"
            | "orderrefunded"
            | "transactionrefunded" => Self::CommerceEvent(On::Refund),
            "tagadded" => Self::CommerceEvent(On::TagAdded),
            "tagremoved" => Self::CommerceEvent(On::TagRemoved),
            "contactcreated" => Self::CommerceEvent(On::ContactCreated),
            "contactupdated" => Self::CommerceEvent(On::ContactUpdated),
            _ => Self::Unknown,
        }
    }

    /// An order brings its transaction along, so it is looked for first.
    fn of_resources(shape: &Shape<'_>) -> Option<Self> {
        [
            ("form_submissions", Self::Form),
            ("orders", Self::CommerceEvent(On::Order)),
            ("purchases", Self::CommerceEvent(On::Purchase)),
            ("transactions", Self::CommerceEvent(On::Payment)),
        ]
        .into_iter()
        .find_map(|(of_type, kind)| shape.resources(of_type).next().map(|_| kind))
    }

    /// Who bought something has not sent a form, and gave no consent on one.
    fn of_fields(shape: &Shape<'_>) -> Self {
        let has = |names: &[&str]| {
            shape.flat().any(|fields| names.iter().any(|name| fields.get(*name).is_some_and(|value| !value.is_null())))
        };
        if has(&["form", "form_id", "form_title"]) {
            Self::Form
        } else if has(&["order"]) {
            Self::CommerceEvent(On::Cart)
        } else if has(&["payment_transaction"]) {
            Self::CommerceEvent(On::Payment)
        } else if has(&["offer", "offer_id", "transaction_id"]) {
            Self::CommerceEvent(On::Purchase)
        } else {
            Self::Form
        }
    }

    const fn usual_name(self) -> &'static str {
        match self {
            Self::Form => "form_submission",
            Self::CommerceEvent(On::Purchase) => "purchase",
            Self::CommerceEvent(On::Payment) => "payment_succeeded",
            Self::CommerceEvent(On::Order) => "order_created",
            Self::CommerceEvent(On::Cart) => "cart_purchase",
            Self::CommerceEvent(On::Refund) => "refund",
            Self::CommerceEvent(On::TagAdded) => "tag_added",
            Self::CommerceEvent(On::TagRemoved) => "tag_removed",
            Self::CommerceEvent(On::ContactCreated) => "contact_created",
            Self::CommerceEvent(On::ContactUpdated) => "contact_updated",
            Self::Unknown => "unknown",
        }
    }
}

/// The event's name as Kajabi gave it, at most 64 plain characters; without one, the usual name.
pub(super) fn name(shape: &Shape<'_>, kind: Kind) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    shape.event().map_or_else(|| kind.usual_name().to_owned(), |name| name.chars().take(64).map(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_known_by_its_name_however_it_is_spelled() {
        for (name, kind) in [
            ("form_submission", Kind::Form),
            ("form.submission", Kind::Form),
            ("FormSubmitted", Kind::Form),
            ("form_submission_deleted", Kind::Unknown),
            ("purchase.created", Kind::CommerceEvent(On::Purchase)),
            ("payment.succeeded", Kind::CommerceEvent(On::Payment)),
            ("cart.purchase", Kind::CommerceEvent(On::Cart)),
            ("cart_purchase_created", Kind::CommerceEvent(On::Cart)),
            ("cart.abandoned", Kind::Unknown),
            ("order_created", Kind::CommerceEvent(On::Order)),
            ("purchase.refunded", Kind::CommerceEvent(On::Refund)),
            ("Refund", Kind::CommerceEvent(On::Refund)),
            ("refund_failed", Kind::Unknown),
            ("tag_added", Kind::CommerceEvent(On::TagAdded)),
            ("tag.removed", Kind::CommerceEvent(On::TagRemoved)),
            ("contact.created", Kind::CommerceEvent(On::ContactCreated)),
            ("contact_updated", Kind::CommerceEvent(On::ContactUpdated)),
            ("contact.deleted", Kind::Unknown),
        ] {
            let body = json!({"event": name, "email": "pat@example.org"});
            assert_eq!(Shape::of(&body).and_then(|shape| Kind::of(&shape)), Some(kind), "{name}");
        }
    }

    #[test]
    fn an_event_without_a_name_is_known_by_what_it_holds() {
        let typed = |types: &[&str]| {
            json!(types.iter().map(|of_type| json!({"type": of_type, "attributes": {}})).collect::<Vec<_>>())
        };
        for (body, kind) in [
            (typed(&["forms", "form_submissions"]), Some(Kind::Form)),
            (typed(&["transactions", "customers", "orders"]), Some(Kind::CommerceEvent(On::Order))),
            (typed(&["purchases", "offers"]), Some(Kind::CommerceEvent(On::Purchase))),
            (typed(&["transactions", "customers"]), Some(Kind::CommerceEvent(On::Payment))),
            (typed(&["contacts", "contact_tags"]), None),
            (json!([]), None),
            (json!({"email": "pat@example.org"}), Some(Kind::Form)),
            (json!({"email": "pat@example.org", "event": " ", "offer_id": null}), Some(Kind::Form)),
            (json!({"email": "pat@example.org", "form_id": 7, "offer_id": 1}), Some(Kind::Form)),
            (
                json!({"payload": {"member_email": "pat@example.org", "offer_id": 1}}),
                Some(Kind::CommerceEvent(On::Purchase)),
            ),
            (json!({"member": {}, "offer": {}, "payment_transaction": {}}), Some(Kind::CommerceEvent(On::Payment))),
            (json!({"member": {}, "payment_transaction": {}, "order": {}}), Some(Kind::CommerceEvent(On::Cart))),
        ] {
            assert_eq!(Shape::of(&body).and_then(|shape| Kind::of(&shape)), kind, "{body}");
        }
    }
}
