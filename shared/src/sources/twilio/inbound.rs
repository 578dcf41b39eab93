//! Reading an inbound text. Parsing only: what it means for the lead is decided elsewhere.

use std::fmt;

use super::{Form, MessageSid, Unreadable, field};
use crate::{
    domain::{client::Client, phone::PhoneNumber, reply::IncomingReply},
    ports::EventKey,
};

/// A text that someone sent to one of our numbers. `Debug` shows neither numbers nor words.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Twilio's id of it.
    pub message_sid: MessageSid,
    /// Who sent it, as given: E.164 for people, but a short code can write too.
    pub from: String,
    /// Which of our numbers it came to, as given.
    pub to: String,
    /// The words. Empty for a picture alone.
    pub body: String,
    /// `STOP`, `START` or `HELP` when Twilio took it as such and has answered it already.
    pub opt_out_type: Option<String>,
}

impl Inbound {
    /// Reads a form whose signature was verified.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing.
    pub fn parse(form: &Form) -> Result<Self, Unreadable> {
        let number = |name| {
            let given = field(form, name).filter(|value| !value.is_empty());
            given.map(str::to_owned).ok_or(Unreadable { field: name })
        };
        let opt_out_type = field(form, "OptOutType").filter(|value| !value.is_empty());
        Ok(Self {
            message_sid: MessageSid::of_form(form)?,
            from: number("From")?,
            to: number("To")?,
            body: field(form, "Body").unwrap_or_default().to_owned(),
            opt_out_type: opt_out_type.map(str::to_owned),
        })
    }

    /// What makes it the same event when it is posted again.
    #[must_use]
    pub fn key(&self) -> EventKey {
        EventKey(format!("{}{}", EventKey::TWILIO_REPLY, self.message_sid))
    }
}

/// The reply in a stored form. Only the number is needed: what was signed and stored may be a no,
/// whatever else it lacks.
///
/// # Errors
/// Why it is no reply, in words.
pub fn reply(form: &str, client: &Client) -> Result<IncomingReply, String> {
    let form: Vec<(String, String)> =
        serde_urlencoded::from_str(form).map_err(|_| "the reply is not a form".to_owned())?;
    let from = PhoneNumber::parse(field(&form, "From").unwrap_or_default(), client.region)
        .map_err(|why| format!("the sender's number cannot be used: {why}"))?;
    Ok(IncomingReply {
        from,
        body: field(&form, "Body").unwrap_or_default().to_owned(),
        provider_says_stop: field(&form, "OptOutType").is_some_and(|kind| kind.eq_ignore_ascii_case("stop")),
    })
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("message_sid", &self.message_sid)
            .field("body_chars", &self.body.chars().count())
            .field("opt_out_type", &self.opt_out_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(encoded: &str) -> Vec<(String, String)> {
        serde_urlencoded::from_str(encoded.trim_end()).expect("a form")
    }

    fn stop() -> Vec<(String, String)> {
        form(include_str!("../../../../events/twilio/inbound_stop.txt"))
    }

    #[test]
    fn a_recorded_stop_is_read_with_its_opt_out_type() {
        let read = Inbound::parse(&stop()).expect("readable");
        assert_eq!((read.from.as_str(), read.to.as_str()), ("+13055550123", "+15005550006"));
        assert_eq!((read.body.as_str(), read.opt_out_type.as_deref()), ("STOP", Some("STOP")));
        assert_eq!(read.key(), EventKey("tw:in:SM00000000000000000000000000000002".to_owned()));
    }

    #[test]
    fn a_recorded_reply_keeps_its_words_as_written() {
        let read =
            Inbound::parse(&form(include_str!("../../../../events/twilio/inbound_reply.txt"))).expect("readable");
        assert_eq!((read.body.as_str(), read.opt_out_type), ("Yes please 👍 what's the cost & when?", None));
    }

    #[test]
    fn what_is_missing_is_named_and_an_empty_body_is_not_missing() {
        for name in ["MessageSid", "From", "To"] {
            let mut form = stop();
            form.retain(|(found, _)| found != name);
            assert_eq!(Inbound::parse(&form), Err(Unreadable { field: name }));
        }
        let mut form = stop();
        form.retain(|(found, _)| found != "Body");
        assert_eq!(Inbound::parse(&form).expect("readable").body, "");
    }

    #[test]
    fn debug_shows_neither_number_nor_words() {
        let shown = format!(
            "{:?}",
            Inbound::parse(&form(
                "MessageSid=SM00000000000000000000000000000002&From=%2B13055550123&To=%2B15005550006&Body=my+secret"
            ))
        );
        assert!(!shown.contains("555") && !shown.contains("secret"), "{shown}");
    }
}
