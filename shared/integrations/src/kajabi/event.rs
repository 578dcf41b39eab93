//! Which event a body is about: by its name or, if it has none, by what it holds.

use super::shape::{Inside, Shape};
use domain::trigger::On;

/// The events that we know, of both webhook systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Form,
    /// Another event, which campaigns say what to do with.
    Happening(On),
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
            "purchase" | "purchasecreated" => Self::Happening(On::Purchase),
            "paymentsucceeded" => Self::Happening(On::Payment),
            "ordercreated" => Self::Happening(On::Order),
            "cart" | "cartpurchase" | "cartpurchasecreated" | "cartpurchased" | "cartorder" | "cartordercreated" => {
                Self::Happening(On::Cart)
            }
            "refund"
            | "refunded"
            | "refundcreated"
            | "refundsucceeded"
            | "purchaserefunded"
            | "paymentrefunded"
            | "orderrefunded"
            | "transactionrefunded" => Self::Happening(On::Refund),
            "tagadded" => Self::Happening(On::TagAdded),
            "tagremoved" => Self::Happening(On::TagRemoved),
            "contactcreated" => Self::Happening(On::ContactCreated),
            "contactupdated" => Self::Happening(On::ContactUpdated),
            _ => Self::Unknown,
        }
    }

    /// An order brings its transaction along, so it is looked for first.
    fn of_resources(shape: &Shape<'_>) -> Option<Self> {
        [
            ("form_submissions", Self::Form),
            ("orders", Self::Happening(On::Order)),
            ("purchases", Self::Happening(On::Purchase)),
            ("transactions", Self::Happening(On::Payment)),
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
            Self::Happening(On::Cart)
        } else if has(&["payment_transaction"]) {
            Self::Happening(On::Payment)
        } else if has(&["offer", "offer_id", "transaction_id"]) {
            Self::Happening(On::Purchase)
        } else {
            Self::Form
        }
    }

    const fn usual_name(self) -> &'static str {
        match self {
            Self::Form => "form_submission",
            Self::Happening(On::Purchase) => "purchase",
            Self::Happening(On::Payment) => "payment_succeeded",
            Self::Happening(On::Order) => "order_created",
            Self::Happening(On::Cart) => "cart_purchase",
            Self::Happening(On::Refund) => "refund",
            Self::Happening(On::TagAdded) => "tag_added",
            Self::Happening(On::TagRemoved) => "tag_removed",
            Self::Happening(On::ContactCreated) => "contact_created",
            Self::Happening(On::ContactUpdated) => "contact_updated",
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
            ("purchase.created", Kind::Happening(On::Purchase)),
            ("payment.succeeded", Kind::Happening(On::Payment)),
            ("cart.purchase", Kind::Happening(On::Cart)),
            ("cart_purchase_created", Kind::Happening(On::Cart)),
            ("cart.abandoned", Kind::Unknown),
            ("order_created", Kind::Happening(On::Order)),
            ("purchase.refunded", Kind::Happening(On::Refund)),
            ("Refund", Kind::Happening(On::Refund)),
            ("refund_failed", Kind::Unknown),
            ("tag_added", Kind::Happening(On::TagAdded)),
            ("tag.removed", Kind::Happening(On::TagRemoved)),
            ("contact.created", Kind::Happening(On::ContactCreated)),
            ("contact_updated", Kind::Happening(On::ContactUpdated)),
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
            (typed(&["transactions", "customers", "orders"]), Some(Kind::Happening(On::Order))),
            (typed(&["purchases", "offers"]), Some(Kind::Happening(On::Purchase))),
            (typed(&["transactions", "customers"]), Some(Kind::Happening(On::Payment))),
            (typed(&["contacts", "contact_tags"]), None),
            (json!([]), None),
            (json!({"email": "pat@example.org"}), Some(Kind::Form)),
            (json!({"email": "pat@example.org", "event": " ", "offer_id": null}), Some(Kind::Form)),
            (json!({"email": "pat@example.org", "form_id": 7, "offer_id": 1}), Some(Kind::Form)),
            (
                json!({"payload": {"member_email": "pat@example.org", "offer_id": 1}}),
                Some(Kind::Happening(On::Purchase)),
            ),
            (json!({"member": {}, "offer": {}, "payment_transaction": {}}), Some(Kind::Happening(On::Payment))),
            (json!({"member": {}, "payment_transaction": {}, "order": {}}), Some(Kind::Happening(On::Cart))),
        ] {
            assert_eq!(Shape::of(&body).and_then(|shape| Kind::of(&shape)), kind, "{body}");
        }
    }
}
