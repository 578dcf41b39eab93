//! What each kind of reply does to a lead. Pure: what is written, told and answered comes out as values.

use super::super::{alerts::Alert, record::Recorder};
use domain::{
    answer::Answered,
    audit::{AuditEvent, Event, Status},
    contact_status::{ContactStatus, Lifted, OptOut, OptOutChannel},
    ids::{AuditId, CampaignId},
    lead::{Lead, Outcome},
    reply::{Class, IncomingReply},
};

/// Most characters of a no's own words that are kept with it.
const WORDS: usize = 500;
/// Stop words by which an appointment may have been meant, too.
const APPOINTMENT_LIKE: [&str; 3] = ["cancel", "end", "quit"];

/// What a reply came to.
#[derive(Debug, Default)]
pub(super) struct Acted {
    /// What happened, but for the reply itself.
    pub(super) audit: Vec<AuditEvent>,
    /// The no that is kept with the number.
    pub(super) opt_out: Option<OptOut>,
    /// The no that is taken back.
    pub(super) lifted: Option<(OptOut, Lifted)>,
    /// In words.
    pub(super) words: &'static str,
    /// What is to be answered.
    pub(super) answer: Option<Answered>,
    /// Whom to tell.
    pub(super) alert: Option<Alert>,
}

/// Acts on a reply. `id` is that of its audit event, `going_on` are the campaigns that a reply does not end.
pub(super) fn act(
    lead: &mut Lead,
    class: Class,
    reply: &IncomingReply,
    id: AuditId,
    going_on: &[CampaignId],
    recorder: &Recorder<'_>,
) -> Acted {
    match class {
        Class::StopExact => no(lead, OptOutChannel::Reply, reply, recorder),
        Class::StopFree => no(lead, OptOutChannel::FreeText, reply, recorder),
        Class::Legal => no(lead, OptOutChannel::Legal, reply, recorder),
        Class::WrongPerson => no(lead, OptOutChannel::WrongPerson, reply, recorder),
        Class::QuestionWho => hold(lead, &ASKS_WHO, recorder),
        Class::Doubtful => hold(lead, &MAY_MEAN_NO, recorder),
        Class::Reaction => Acted { words: "a phone's reaction to a text; nothing was changed", ..Acted::default() },
        Class::Automatic => Acted { words: "an automatic answer; nothing was changed", ..Acted::default() },
        Class::Help => {
            let opted_out = matches!(lead.standing, ContactStatus::OptedOut(_));
            Acted { words: "asked for help", answer: (!opted_out).then_some(Answered::Help), ..Acted::default() }
        }
        Class::Start => start(lead, reply, id, recorder),
        Class::Other => other(lead, going_on, recorder),
    }
}

fn said(reply: &IncomingReply) -> String {
    reply.body.chars().take(WORDS).collect()
}

fn no(lead: &mut Lead, channel: OptOutChannel, reply: &IncomingReply, recorder: &Recorder<'_>) -> Acted {
    let before = matches!(lead.standing, ContactStatus::OptedOut(_));
    let opt_out = OptOut { at: recorder.now, channel, words: Some(said(reply)) };
    let left = lead.opt_out(opt_out.clone(), recorder.now);
    let mut audit = Vec::new();
    if !before {
        let code = channel.code().replace('-', "_");
        audit.push(recorder.about(lead, Event::OptedOut, Status::Ok).because(code, why(channel, reply)));
    }
    let ended = left.iter().map(|campaign| {
        let event = recorder.about(lead, Event::EnrollmentEnded, Status::Ok);
        event.ending(Outcome::OptedOut, channel.reason()).in_campaign(campaign, None)
    });
    audit.extend(ended);
    // To a stranger, or to somebody who threatens, no further word.
    let confirms = !before && matches!(channel, OptOutChannel::Reply | OptOutChannel::FreeText);
    let answer = confirms.then_some(Answered::OptOut(opt_out.at));
    Acted { audit, opt_out: Some(opt_out), words: "opted out", answer, ..Acted::default() }
}

fn why(channel: OptOutChannel, reply: &IncomingReply) -> String {
    let word = reply.body.trim().to_lowercase();
    let appointment = APPOINTMENT_LIKE.contains(&word.as_str());
    match (channel, appointment) {
        (OptOutChannel::Reply, true) => {
            format!("the person asked to stop: `{word}` is a stop by law, though it may have meant an appointment too")
        }
        (channel, _) => channel.reason().to_owned(),
    }
}

/// Why a reply holds its lead, and what the operator is told of it.
struct Question {
    code: &'static str,
    reason: &'static str,
    subject: &'static str,
    /// What the lead wrote, after its id.
    wrote: &'static str,
    /// What to do first.
    first: &'static str,
    held: &'static str,
    held_before: &'static str,
}

const MAY_MEAN_NO: Question = Question {
    code: "doubtful",
    reason: "a reply that may mean no",
    subject: "a reply may mean no, and waits for your decision",
    wrote: "wrote something that may mean no",
    first: "shows what it wrote. Then",
    held: "held: it may mean no",
    held_before: "said what may mean no; nothing is sent in any case",
};

const ASKS_WHO: Question = Question {
    code: "question_who",
    reason: "asks who is texting",
    subject: "somebody asks who is texting, and waits for your answer",
    wrote: "asked who is texting",
    first: "shows what it wrote. Answer from the number that texted. Then",
    held: "held: it asks who is texting",
    held_before: "asked who is texting; nothing is sent in any case",
};

fn hold(lead: &mut Lead, question: &Question, recorder: &Recorder<'_>) -> Acted {
    let Question { code, reason, subject, wrote, first, held, held_before } = *question;
    if !lead.hold_person(reason, recorder.now) {
        return Acted { words: held_before, ..Acted::default() };
    }
    let event = recorder.about(lead, Event::LeadHeld, Status::Waiting).because(code, reason);
    let alert = Alert {
        cause: format!("{code}#{}", lead.id),
        subject: subject.to_owned(),
        text: format!(
            "Lead {0} {wrote}. Nothing is sent to it until you decide, however long that takes.\n\n\
             `leadline conversation {0}` {first} say what is to be done: \
             `leadline answer {0} --go-on`, `--end` or `--opt-out`.\n",
            lead.id
        ),
    };
    Acted { audit: vec![event], words: held, alert: Some(alert), ..Acted::default() }
}

/// Takes a no back that stands, and does nothing else: what has ended stays ended.
fn start(lead: &mut Lead, reply: &IncomingReply, id: AuditId, recorder: &Recorder<'_>) -> Acted {
    match &lead.standing {
        ContactStatus::OptedOut(OptOut { channel: OptOutChannel::Legal, .. }) => {
            Acted { words: "asked to start again after a threat; the opt-out stands", ..Acted::default() }
        }
        ContactStatus::Open | ContactStatus::Held { .. } => {
            Acted { words: "asked to start and has not opted out; nothing was changed", ..Acted::default() }
        }
        ContactStatus::OptedOut(_) if !reply.proved => Acted {
            words: "asked to start again, and nothing proves who it was; the opt-out stands",
            ..Acted::default()
        },
        ContactStatus::OptedOut(_) => {
            let lifted = lead.lift_opt_out().map(|no| {
                let lifted = Lifted {
                    at: recorder.now,
                    by: "the person".to_owned(),
                    reason: said(reply),
                    proof: format!("reply {id}"),
                };
                (no, lifted)
            });
            let event = recorder.about(lead, Event::OptOutLifted, Status::Ok);
            let audit = vec![event.because("start", format!("the person took it back: {}", said(reply)))];
            Acted { audit, lifted, words: "took the opt-out back", ..Acted::default() }
        }
    }
}

fn other(lead: &mut Lead, going_on: &[CampaignId], recorder: &Recorder<'_>) -> Acted {
    let live: Vec<_> = lead.enrollments.iter().map(|live| (live.id, live.campaign.clone())).collect();
    let over: Vec<_> = live.into_iter().filter(|(_, campaign)| !going_on.contains(campaign)).collect();
    lead.may_resume = None;
    let mut audit = Vec::new();
    for (enrollment, campaign) in &over {
        lead.end(*enrollment, Outcome::Replied, "the person replied", recorder.now);
        let event = recorder.about(lead, Event::EnrollmentEnded, Status::Ok);
        audit.push(event.ending(Outcome::Replied, "the person replied").in_campaign(campaign, None));
    }
    let words = if lead.enrollments.is_empty() { "replied" } else { "replied; sequences go on" };
    Acted { audit, words, ..Acted::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        Instant,
        ids::{ClientId, LeadId, RunId},
        phone::{PhoneNumber, Region},
    };
    use ports::IdSource;
    use ulid::Ulid;

    struct Ids;

    impl IdSource for Ids {
        fn new_id(&self, at: Instant) -> Ulid {
            Ulid::from_parts(at.timestamp_millis().unsigned_abs(), 1)
        }
    }

    #[test]
    fn a_start_takes_a_no_back_only_if_it_is_proved_whose_it_is_and_the_no_was_no_threat() {
        let client = ClientId::parse("acme").expect("an id");
        let now = "2026-01-06T20:00:00Z".parse().expect("an instant");
        let recorder = Recorder { ids: &Ids, client: &client, test: false, run: RunId(Ulid::from_parts(1, 1)), now };
        let from = PhoneNumber::parse("+13055550123", Region::default()).expect("a number");
        for (channel, proved, lifts) in [
            (OptOutChannel::FreeText, true, true),
            (OptOutChannel::Operator, true, true),
            (OptOutChannel::FreeText, false, false),
            (OptOutChannel::Legal, true, false),
        ] {
            let mut lead = Lead::new(LeadId(Ulid::from_parts(1, 2)), client.clone());
            let no = OptOut { at: now, channel, words: None };
            lead.opt_out(no.clone(), now);
            let body = "START".to_owned();
            let reply = IncomingReply { from: from.clone(), body, taken_for: None, provider_answers: false, proved };
            let acted = act(&mut lead, Class::Start, &reply, AuditId(Ulid::from_parts(1, 3)), &[], &recorder);
            assert_eq!(acted.lifted.map(|(lifted, _)| lifted), lifts.then_some(no), "{channel:?}, {proved}");
            assert_eq!((lead.standing.is_open(), acted.audit.len()), (lifts, usize::from(lifts)));
        }
    }
}
