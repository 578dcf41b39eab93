//! What an event says, whoever sent it: nothing behind the sources knows which one it was.

use std::fmt;

use super::{
    booking::BookingNews,
    client::Client,
    event::{EventKey, RawEvent},
    ids::FormId,
    one_text::OneText,
    person::Person,
    phone::PhoneNumber,
    receipt::Receipt,
    reply::IncomingReply,
    trigger::{Named, On},
};

/// What a raw event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Somebody sent a form.
    Form(FormSubmission),
    /// Something else that Kajabi tells: campaigns say what it does.
    CommerceEvent(CommerceEvent),
    /// Somebody wrote to us.
    Reply(IncomingReply),
    /// How far a text of ours has come. A provider that shows what our number sent may show a text that
    /// is not ours: a person's, from the provider's own inbox.
    Receipt(Receipt),
    /// The client's own program asks for a text.
    Send(OneText),
    /// Somebody does not want our texts any more, and told the provider.
    Unsubscribed {
        /// Who.
        phone: PhoneNumber,
    },
    /// Somebody booked, or called it off.
    Booking(BookingNews),
    /// Nothing that changes anything.
    Nothing(Reason),
}

/// Reads a raw event: what each source writes, and how, is its own matter. An error says why the event makes no
/// sense; it is kept for the operator.
pub type ReadEvent = fn(&RawEvent, &Client) -> Result<Incoming, Reason>;

/// Why an event changes nothing, or makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code that it is counted by.
    pub code: String,
    /// In words for an operator.
    pub words: String,
}

impl Reason {
    /// A reason by its code, in words.
    #[must_use]
    pub fn new(code: impl Into<String>, words: impl Into<String>) -> Self {
        Self { code: code.into(), words: words.into() }
    }
}

/// A form as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormSubmission {
    /// Which form, if the request says so in a way that can be an id.
    pub form: Option<FormId>,
    /// The form's title.
    pub form_title: Option<String>,
    /// Who sent it, with all their answers. An email address or a phone number is there.
    pub person: Person,
    /// Kajabi's sample (id 0). Nobody is to be texted for it.
    pub is_test: bool,
}

/// A form as the site that it was sent on lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedForm {
    /// What its event is stored by, if it reached us: the same as the webhook's.
    pub key: EventKey,
    /// Which form.
    pub form: FormId,
    /// The event that the webhook would have posted.
    pub body: String,
}

/// What Kajabi tells beside forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommerceEvent {
    /// The kind of event.
    pub on: On,
    /// Its name as Kajabi gave it, or the one that its shape tells: at most 64 plain characters.
    pub name: String,
    /// Whom it is about. May be nobody.
    pub person: Person,
    /// The offers or the tags that it is about: at most 40. None: it does not say.
    pub about: Vec<Named>,
    /// What was paid, or given back.
    pub amount: Option<Amount>,
    /// The id of the purchase, the transaction or the order.
    pub reference: Option<String>,
    /// Kajabi's sample (id 0). Nothing is to happen for it.
    pub is_test: bool,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// In hundredths.
    pub cents: u64,
    /// ISO 4217, if it is said.
    pub currency: Option<String>,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)?;
        self.currency.as_ref().map_or(Ok(()), |currency| write!(f, " {currency}"))
    }
}
