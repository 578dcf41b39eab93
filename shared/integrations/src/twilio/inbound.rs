//! Reading an inbound text. Parsing only: what it means for the lead is decided elsewhere.

use std::fmt;

use super::{Form, MessageSid, Unreadable, field};
use domain::{
    client::Client,
    event::EventKey,
    phone::PhoneNumber,
    reply::{self, IncomingReply, Keyword},
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
    let from = PhoneNumber::of_provider(field(&form, "From").unwrap_or_default(), client.region)
        .map_err(|why| format!("the sender's number cannot be used: {why}"))?;
    let body = field(&form, "Body").unwrap_or_default().to_owned();
    let kind = field(&form, "OptOutType").filter(|kind| !kind.is_empty());
    let taken_for = kind.and_then(|kind| match kind.to_ascii_uppercase().as_str() {
        "STOP" => Some(Keyword::Stop),
        "START" => Some(Keyword::Start),
        "HELP" => Some(Keyword::Help),
        _ => None,
    });
    let provider_answers = kind.is_some() || reply::is_keyword(&body);
    // A START to another line of the account says nothing about this one. A no counts on every line.
    let to = field(&form, "To").and_then(|to| PhoneNumber::of_provider(to, client.region).ok());
    let proved = client.provider.number().is_none_or(|own| to.is_none_or(|to| to == *own));
    Ok(IncomingReply { from, body, taken_for, provider_answers, proved })
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
    fn what_twilio_takes_for_a_keyword_is_kept_and_it_answers_that_itself() {
        let client = fixtures::client();
        let read = |fields: &str| {
            let form = format!("From=%2B13055550123&{fields}");
            reply(&form, &client).map(|reply| (reply.taken_for, reply.provider_answers))
        };
        assert_eq!(read("Body=stop+it&OptOutType=STOP"), Ok((Some(Keyword::Stop), true)));
        assert_eq!(read("Body=Hallo&OptOutType=start"), Ok((Some(Keyword::Start), true)));
        assert_eq!(read("Body=Hilfe&OptOutType=HELP"), Ok((Some(Keyword::Help), true)));
        for word in ["STOP", "+Stop.", "Opt-Out", "unsubscribe", "info"] {
            assert_eq!(read(&format!("Body={word}")), Ok((None, true)), "{word}");
        }
        for words in ["please+stop", "leave+me+alone", "", "Hilfe"] {
            assert_eq!(read(&format!("Body={words}&OptOutType=")), Ok((None, false)), "{words}");
        }
    }

    #[test]
    fn recorded_replies_in_free_words_and_other_languages_are_read_for_what_they_say() {
        use domain::reply::{Class, Known};
        let client = fixtures::client();
        for (recorded, class, answers) in [
            (include_str!("../../../../events/twilio/inbound_stop_free.txt"), Class::StopFree, false),
            (include_str!("../../../../events/twilio/inbound_stop_spanish.txt"), Class::StopFree, false),
            (include_str!("../../../../events/twilio/inbound_doubtful.txt"), Class::Doubtful, false),
            (include_str!("../../../../events/twilio/inbound_legal.txt"), Class::Legal, false),
            (include_str!("../../../../events/twilio/inbound_wrong_number.txt"), Class::WrongPerson, false),
            (include_str!("../../../../events/twilio/inbound_help.txt"), Class::Help, true),
            (include_str!("../../../../events/twilio/inbound_start.txt"), Class::Start, true),
            (include_str!("../../../../events/twilio/inbound_reply.txt"), Class::Other, false),
        ] {
            let reply = reply(recorded, &client).expect("a reply");
            assert_eq!((reply.class(Known::default()), reply.provider_answers), (class, answers), "{}", reply.body);
        }
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
