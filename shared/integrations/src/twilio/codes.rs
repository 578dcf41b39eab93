//! Twilio's codes: what each means in plain words, and what follows from it for us.
//! Source: twilio.com/docs/api/errors; the classes are our judgement.

use domain::message::{ProviderRefusal, RefusalClass, SendOutcome};

/// What follows from a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// This number cannot be texted.
    Permanent,
    /// The person, or a block for the person's sake, says no: never text again.
    OptOut,
    /// The account cannot send: stop, and call a person.
    Configuration,
    /// This text is not taken: never send the same words again.
    Content,
    /// The account sends too much or too fast: nothing was taken, and it is to be tried later.
    Throttled,
    /// It did not work now, and may later.
    Transient,
    /// It may have gone out.
    Ambiguous,
}

/// One code of Twilio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The number that Twilio gives.
    pub code: u32,
    /// What follows from it.
    pub class: Class,
    /// What it means, for an operator.
    pub words: &'static str,
}

const fn code(code: u32, class: Class, words: &'static str) -> Code {
    Code { code, class, words }
}

use Class::{Ambiguous, Configuration, Content, OptOut, Permanent, Throttled, Transient};

/// Every code that we know, by number.
#[rustfmt::skip] // One line a code.
pub const CODES: &[Code] = &[
    code(10001, Configuration, "the SMS account is not active"),
    code(14107, Transient, "too many texts between the same two numbers within 30 seconds, which looks like two machines answering each other"),
    code(14108, Configuration, "the sending number cannot send texts"),
    code(20003, Configuration, "the credentials of the SMS account are wrong"),
    code(20005, Configuration, "the SMS account is not active"),
    code(20006, Configuration, "the credentials of the SMS account may not do this"),
    code(20008, Configuration, "the credentials are test credentials, which cannot do this"),
    code(20404, Configuration, "the SMS account does not exist under the id in the settings"),
    code(20429, Throttled, "too many requests at once; this one was not taken"),
    code(20500, Ambiguous, "the SMS provider failed inside"),
    code(20503, Ambiguous, "the SMS provider was not available"),
    code(21211, Permanent, "the number is not a valid phone number"),
    code(21212, Configuration, "the sending number is not valid"),
    code(21214, Permanent, "the number cannot be reached"),
    code(21217, Permanent, "the number is not a valid phone number"),
    code(21401, Permanent, "the number is not a valid phone number"),
    code(21408, Configuration, "the account is not allowed to text this country"),
    code(21601, Configuration, "the request was malformed: the sending number cannot be used for texts"),
    code(21602, Configuration, "the request was malformed: it had no text"),
    code(21603, Configuration, "the request was malformed: it had no sender"),
    code(21604, Configuration, "the request was malformed: it had no recipient"),
    code(21606, Configuration, "the sending number does not belong to the account, or cannot send texts"),
    code(21608, Configuration, "the account is a trial and texts only numbers that were verified for it"),
    code(21609, Configuration, "the request was malformed: our address for delivery receipts is not valid"),
    code(21610, OptOut, "the person has unsubscribed with the SMS provider"),
    code(21611, Throttled, "the sending number has too many texts waiting"),
    code(21612, Permanent, "the number cannot be texted from the sending number"),
    code(21614, Permanent, "the number is not a mobile number"),
    code(21617, Content, "the text is longer than 1600 characters"),
    code(21619, Configuration, "the request was malformed: it had neither text nor picture"),
    code(21620, Configuration, "the request was malformed: an address of a picture is not valid"),
    code(21635, Permanent, "the number is a landline"),
    code(21701, Configuration, "the messaging service in the settings does not exist"),
    code(21702, Configuration, "the messaging service in the settings is not available"),
    code(21703, Configuration, "the messaging service has no number that can send; one may still be in registration"),
    code(21704, Configuration, "the messaging service has no numbers"),
    code(21705, Configuration, "the messaging service in the settings is not valid"),
    code(30001, Throttled, "the text waited too long in the provider's queue, or the queue was full"),
    code(30002, Configuration, "the SMS account is suspended"),
    code(30003, Transient, "the phone is off, roaming or out of reach"),
    code(30004, OptOut, "the phone or its carrier blocks our texts; the person may have asked for it"),
    code(30005, Permanent, "no phone is known under the number"),
    code(30006, Permanent, "the number is a landline, or its carrier cannot be reached"),
    code(30007, Content, "the text was filtered as unwanted by the provider or a carrier"),
    code(30008, Transient, "the carrier gave no reason; the text may have arrived"),
    code(30010, Configuration, "the text would cost more than the limit that is set"),
    code(30017, Transient, "the carrier's network is congested"),
    code(30018, Configuration, "the sender is not registered with the carrier"),
    code(30019, Content, "the text is larger than the carrier takes"),
    code(30020, Transient, "the carrier or provider failed inside"),
    code(30021, Transient, "the carrier or provider failed inside"),
    code(30022, Throttled, "the sending number sends faster than it is registered for"),
    code(30023, Throttled, "the business has used up its texts for today; free again at midnight Pacific time"),
    code(30024, Configuration, "the sending number is not set up with the carrier"),
    code(30027, Throttled, "the business has used up its T-Mobile texts for today; free again at midnight Pacific time"),
    code(30032, Configuration, "the toll-free sending number is not verified"),
    code(30034, Configuration, "the sending number is not registered for business texting in the US"),
    code(30035, Configuration, "the sending number is still being set up; try again in some hours"),
    code(30047, Transient, "the text fell into quiet hours and could not be moved to an allowed time"),
    code(30410, Ambiguous, "the carrier did not answer in time; the text may have arrived"),
    code(30450, Transient, "the destination is blocked for now, as protection against fraud"),
    code(30610, Transient, "the text fell into quiet hours"),
    code(30640, OptOut, "the number belongs to a known litigant and is never texted"),
    code(63017, Throttled, "the account sends faster than it may"),
    code(63038, Configuration, "the account has used up its texts for today"),
];

/// What a code means, if we know it.
#[must_use]
pub fn find(code: u32) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}

/// Why a text did not arrive that Twilio took and then failed with this code: a refusal that stands, or words
/// where it may work another time, where nobody can say, or for a code that we do not know.
///
/// # Errors
/// The words.
pub fn problem(code: u32) -> Result<ProviderRefusal, String> {
    match outcome(code) {
        SendOutcome::Refused(refusal) => Ok(refusal),
        SendOutcome::NotSent { why } | SendOutcome::Throttled { why, .. } | SendOutcome::Unknown { why } => Err(why),
        SendOutcome::Accepted { .. } | SendOutcome::Failed { .. } => Err(format!("code {code}")),
    }
}

/// What is proved when Twilio answers a create with a 4xx and this code. Such a message was not
/// made, but a code that says otherwise is believed. An unknown code goes to a person.
#[must_use]
pub fn outcome(code: u32) -> SendOutcome {
    let Some(known) = find(code) else {
        let words = format!("refused for a reason that we do not know; see twilio.com/docs/api/errors/{code}");
        return refused(RefusalClass::Content, Some(code), words);
    };
    let class = match known.class {
        Permanent => RefusalClass::Recipient,
        OptOut => RefusalClass::OptedOut,
        Configuration => RefusalClass::Configuration,
        Content => RefusalClass::Content,
        Throttled => {
            return SendOutcome::Throttled { why: format!("{} ({code})", known.words), retry_after: None };
        }
        Transient => return SendOutcome::NotSent { why: format!("{} ({code})", known.words) },
        Ambiguous => return SendOutcome::Unknown { why: format!("{} ({code})", known.words) },
    };
    refused(class, Some(code), known.words)
}

pub(crate) fn refused(class: RefusalClass, code: Option<u32>, meaning: impl Into<String>) -> SendOutcome {
    SendOutcome::Refused(ProviderRefusal { class, code, meaning: meaning.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code column of our contract notes on Twilio, by class.
    const CONTRACT: &[(Class, &[u32])] = &[
        (Permanent, &[21211, 21217, 21401, 21214, 21612, 21614, 21635, 30005, 30006]),
        (OptOut, &[21610, 30004, 30640]),
        (
            Configuration,
            &[
                21408, 10001, 20003, 20005, 20006, 20404, 20008, 21212, 21606, 14108, 21601, 21602, 21603, 21604,
                21609, 21619, 21620, 21608, 21701, 21702, 21703, 21704, 21705, 30002, 30018, 30024, 30032, 30034,
                30035, 30010, 63038,
            ],
        ),
        (Content, &[21617, 30007, 30019]),
        (Throttled, &[20429, 21611, 30001, 30022, 30023, 30027, 63017]),
        (Transient, &[14107, 30003, 30008, 30017, 30020, 30021, 30450, 30610, 30047]),
        (Ambiguous, &[20500, 20503, 30410]),
    ];

    #[test]
    fn every_code_of_the_contract_is_there_exactly_once_and_in_its_class() {
        let mut expected: Vec<(u32, Class)> =
            CONTRACT.iter().flat_map(|(class, codes)| codes.iter().map(move |code| (*code, *class))).collect();
        expected.sort_unstable();
        let known: Vec<(u32, Class)> = CODES.iter().map(|known| (known.code, known.class)).collect();
        assert_eq!(known, expected);
    }

    #[test]
    fn operators_read_words_and_not_the_providers_names_for_things() {
        for known in CODES {
            assert!(!known.words.is_empty());
            for jargon in ["Twilio", "'To'", "'From'", "SID", "10DLC", "A2P", "ValidityPeriod", "MPS"] {
                assert!(!known.words.contains(jargon), "{}: {jargon}", known.code);
            }
        }
    }

    #[test]
    fn a_refusal_that_is_known_is_classed_and_one_that_is_not_goes_to_a_person() {
        let class = |code| match outcome(code) {
            SendOutcome::Refused(refusal) => (Some(refusal.class), refusal.code),
            SendOutcome::Accepted { .. }
            | SendOutcome::NotSent { .. }
            | SendOutcome::Throttled { .. }
            | SendOutcome::Failed { .. }
            | SendOutcome::Unknown { .. } => (None, None),
        };
        for (code, expected) in [
            (21211, RefusalClass::Recipient),
            (21610, RefusalClass::OptedOut),
            (63038, RefusalClass::Configuration),
            (21617, RefusalClass::Content),
            (29999, RefusalClass::Content),
        ] {
            assert_eq!(class(code), (Some(expected), Some(code)));
        }
        assert!(matches!(outcome(20429), SendOutcome::Throttled { .. }));
        assert!(matches!(outcome(30017), SendOutcome::NotSent { .. }));
        assert!(matches!(outcome(20500), SendOutcome::Unknown { .. }));
    }
}
