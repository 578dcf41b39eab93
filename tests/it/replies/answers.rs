//! Replies, from the webhook to what is sent, held, answered and told.

use leadline::{
    domain::{
        Instant,
        answer::{Answer, Answered},
        audit::{Event, Status},
        client::{Mode, Sending},
        contact_status::{ContactStatus, OptOutChannel},
        conversation::{By, conversation},
        job::Job,
        lead::{Lead, Outcome},
        phone::{PhoneNumber, Region},
        template::Template,
    },
    flows::{
        alerts::Alerts,
        by_hand::{OperatorActions, Recorded, Verdict},
    },
    ports::{Clock, Directory, LeadStore, OptOuts, TextQueue},
};
use leadline_cli::person::ToldHere;
use leadline_standins::{carrier::Behaviour, twilio};
use leadline_tests::world::{PUBLIC_URL, World, new_york, sample};
use serde_json::json;

const PAT: &str = "+13055550123";
const CONFIRMED: &str = "Acme Coaching: you get no more texts from us.";
const HELP: &str = "Acme Coaching, hello@example.com. Reply STOP to end texts.";

/// The sample client with both answers, and Pat in its campaign.
async fn with_pat() -> World {
    let mut client = sample();
    client["settings"]["answers"] =
        json!({"opted_out": "{{business_name}}: you get no more texts from us.", "help": HELP});
    client["campaigns"][0]["messages"][1]["delay_minutes"] = json!(120);
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    assert_eq!(world.texts().len(), 1);
    world
}

fn sid(n: u32) -> String {
    format!("SM{n:032}")
}

async fn says(world: &World, n: u32, words: &str) {
    assert_eq!(world.reply(&sid(n), PAT, words).await, 200, "{words}");
}

async fn pat(world: &World) -> Lead {
    world.lead(PAT).await.expect("Pat")
}

fn channel(lead: &Lead) -> Option<OptOutChannel> {
    match &lead.standing {
        ContactStatus::OptedOut(no) => Some(no.channel),
        ContactStatus::Open | ContactStatus::Held { .. } => None,
    }
}

fn bodies(world: &World) -> Vec<String> {
    world.texts().into_iter().skip(1).map(|(.., body)| body).collect()
}

fn number() -> PhoneNumber {
    PhoneNumber::parse(PAT, Region::default()).expect("a number")
}

/// Something done by hand, as a command does it.
macro_rules! by_hand {
    ($world:expr) => {{
        let store = $world.system.store.as_ref();
        let alerts = Alerts { once: &ToldHere, mailer: &ToldHere, journal: store };
        let ids = $world.system.webhook.ids.as_ref();
        OperatorActions { directory: store, leads: store, alerts, ids, by: "Kim", now: $world.system.clock.now() }
    }};
}

#[tokio::test]
async fn each_kind_of_reply_does_what_it_means() {
    use OptOutChannel::{FreeText, Legal, Reply, WrongPerson};
    type Case = (&'static str, &'static str, Option<OptOutChannel>, bool, Option<Outcome>);
    let cases: [Case; 17] = [
        ("STOP", "stop", Some(Reply), false, Some(Outcome::OptedOut)),
        ("please take me off your list", "stop_free", Some(FreeText), false, Some(Outcome::OptedOut)),
        ("wrong number", "wrong_person", Some(WrongPerson), false, Some(Outcome::OptedOut)),
        ("I'm not Pat", "wrong_person", Some(WrongPerson), false, Some(Outcome::OptedOut)),
        ("my lawyer will call you", "legal", Some(Legal), false, Some(Outcome::OptedOut)),
        ("no thanks", "doubtful", None, true, None),
        ("Who is this?", "question_who", None, true, None),
        ("Who is this? Stop", "stop_free", Some(FreeText), false, Some(Outcome::OptedOut)),
        ("Stop\n\nSent from my iPhone", "stop", Some(Reply), false, Some(Outcome::OptedOut)),
        ("Liked “Hi Pat. Reply STOP to end these texts.”", "reaction", None, false, None),
        ("Disliked “Hi Pat. Reply STOP to end these texts.”", "doubtful", None, true, None),
        (
            "I'm driving with Focus turned on. I'll see your message when I get where I'm going.",
            "automatic",
            None,
            false,
            None,
        ),
        ("Please don't remove me", "other", None, false, Some(Outcome::Replied)),
        ("HELP", "help", None, false, None),
        ("START", "start", None, false, None),
        ("yes", "other", None, false, Some(Outcome::Replied)),
        ("I can't stop smiling", "other", None, false, Some(Outcome::Replied)),
    ];
    for (words, class, opted_out, held, ended) in cases {
        let mut world = with_pat().await;
        says(&world, 1, words).await;
        let lead = pat(&world).await;
        assert_eq!(world.reasons(Event::ReplyReceived).await, [class], "{words}");
        assert_eq!(channel(&lead), opted_out, "{words}");
        assert_eq!(matches!(lead.standing, ContactStatus::Held { .. }), held, "{words}");
        assert_eq!(lead.history.first().map(|past| past.outcome), ended, "{words}");
        let (before, goes_on) = (world.texts().len(), ended.is_none() && !held);
        world.until("2026-01-06 18:00").await;
        let steps = world.texts().iter().skip(before).filter(|(.., body)| body.starts_with("Still")).count();
        assert_eq!(steps, usize::from(goes_on), "{words}: the next step");
        let record = world.system.store.phone(&world.client(), &number()).await.expect("the store");
        assert_eq!(record.opt_out.is_some(), opted_out.is_some(), "{words}: kept with the number");
    }
}

#[tokio::test]
async fn who_asks_who_we_are_is_held_and_told_and_an_operators_answer_lets_it_go_on() {
    let mut world = with_pat().await;
    says(&world, 1, "¿Quién es?").await;
    says(&world, 2, "Who is this??").await;
    assert_eq!(world.alerts("asks who is texting"), 1);
    assert_eq!(world.reasons(Event::LeadHeld).await, ["question_who"]);
    let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    let hand = by_hand!(world);
    hand.decide_held(&client, pat(&world).await.id, Verdict::GoOn, "told them").await.expect("decided");
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts().len(), 2);
}

#[tokio::test]
async fn what_a_phone_writes_by_itself_is_shown_and_changes_and_tells_nothing() {
    let mut world = with_pat().await;
    says(&world, 1, "👍 to “Hi Pat. Reply STOP to end these texts.”").await;
    world.until("2026-01-06 15:12").await;
    says(&world, 2, "Auto-reply: I am out of the office until Monday.").await;
    assert_eq!(world.reasons(Event::ReplyReceived).await, ["reaction", "automatic"]);
    let lead = pat(&world).await;
    assert_eq!((&lead.standing, lead.enrollments.len()), (&ContactStatus::Open, 1));
    let journey = world.system.store.journey(&world.client(), lead.id, Instant::UNIX_EPOCH).await.expect("its journey");
    let said = conversation(&journey);
    let theirs: Vec<_> = said.iter().filter(|said| said.by == By::Lead).map(|said| said.what.as_str()).collect();
    assert_eq!(theirs, ["reaction", "automatic"]);
    world.until("2026-01-07 09:30").await;
    assert_eq!(world.texts().len(), 2, "the sequence goes on");
    let mails: Vec<String> = world.system.mailbox.sent().into_iter().map(|mail| mail.email.subject).collect();
    assert!(mails.iter().any(|subject| subject.contains("0 replies")), "{mails:?}");
    assert!(!mails.iter().any(|subject| subject.contains("waits for your")), "nobody is asked: {mails:?}");
}

#[tokio::test]
async fn a_stop_is_listed_once_however_often_it_is_said_and_start_takes_it_back_and_resumes_nothing() {
    let mut world = with_pat().await;
    says(&world, 1, "Stop texting me").await;
    says(&world, 2, "STOP").await;
    let listed = world.system.store.opt_outs(&world.client()).await.expect("the list");
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].opt_out.channel, &listed[0].lifted), (OptOutChannel::FreeText, &None));
    assert_eq!(world.reasons(Event::OptedOut).await, ["free_text"]);

    world.until("2026-01-06 15:12").await;
    says(&world, 3, "yes please").await;
    assert!(channel(&pat(&world).await).is_some(), "only a whole yes takes it back");
    says(&world, 4, "START").await;
    let lead = pat(&world).await;
    assert_eq!((&lead.standing, lead.enrollments.len()), (&ContactStatus::Open, 0));
    let record = world.system.store.phone(&world.client(), &number()).await.expect("the store");
    assert_eq!(record.opt_out, None);
    let listed = world.system.store.opt_outs(&world.client()).await.expect("the list");
    let lifted = listed[0].lifted.as_ref().expect("it was lifted");
    assert_eq!((lifted.reason.as_str(), lifted.by.as_str()), ("START", "the person"));
    world.until("2026-01-06 20:00").await;
    assert_eq!(bodies(&world), [CONFIRMED], "nothing goes on by itself");
    let journal = world.journal().await;
    let said: Vec<_> = journal.iter().filter(|event| event.event == Event::ReplyReceived).collect();
    assert_eq!(said.len(), 4, "the no and its end both stay on record");
    assert!(journal.iter().any(|event| event.event == Event::OptOutLifted));
}

#[tokio::test]
async fn an_opt_out_is_confirmed_once_and_a_new_one_once_more() {
    let mut world = with_pat().await;
    says(&world, 1, "leave me alone").await;
    says(&world, 1, "leave me alone").await;
    says(&world, 2, "leave me alone!!!").await;
    world.until("2026-01-06 15:30").await;
    assert_eq!(bodies(&world), [CONFIRMED]);
    let sent = world.journal().await.into_iter().find(|event| event.event == Event::AnswerSent).expect("on record");
    assert_eq!((sent.status, sent.reason.as_deref()), (Status::Ok, Some("opted_out")));
    assert_eq!(sent.text.expect("its facts").provider_id, Some(world.system.carrier.ledger()[1].sid.clone()));
    assert_eq!(pat(&world).await.recent.len(), 1, "it is no text of a campaign");

    says(&world, 3, "START").await;
    says(&world, 4, "no more texts please").await;
    world.until("2026-01-07 09:30").await;
    assert_eq!(bodies(&world), [CONFIRMED, CONFIRMED]);
    let report = world.system.mailbox.sent().into_iter().map(|mail| mail.email.text).collect::<String>();
    assert!(!report.contains("after an opt-out\n"), "the report takes them for what they are: {report}");
}

#[tokio::test]
async fn what_twilio_confirms_itself_we_do_not() {
    for (words, kind) in [("STOP", None), ("Unsubscribe", None), ("leave me alone", Some("STOP"))] {
        let mut world = with_pat().await;
        let path = format!("/webhooks/twilio/{}/inbound", world.client());
        let mut fields = vec![("Body", words), ("From", PAT), ("MessageSid", "SM00000000000000000000000000000001")];
        fields.extend(kind.map(|kind| ("OptOutType", kind)));
        fields.push(("To", "+13055550199"));
        let token = world.system.clients[0].all_secrets()["twilio_auth_token"].clone();
        let signature = twilio::sign(&token, &format!("{PUBLIC_URL}{path}"), &fields);
        let form = serde_urlencoded::to_string(fields).expect("a form");
        assert_eq!(world.post(&path, form, &[("x-twilio-signature", &signature)]).await, 200);
        assert!(channel(&pat(&world).await).is_some(), "{words}");
        world.until("2026-01-06 16:00").await;
        assert_eq!(bodies(&world), [""; 0], "{words}");
    }
}

/// The answer to Pat's opt-out, as the webhook puts it on the queue.
async fn confirmation(world: &World, received_at: Instant) -> Job {
    let lead = pat(world).await;
    let ContactStatus::OptedOut(no) = &lead.standing else { panic!("Pat has not opted out") };
    Job::Answer(Answer { client: lead.client, lead: lead.id, to: Answered::OptOut(no.at), received_at })
}

#[tokio::test]
async fn repeated_lost_or_late_there_is_at_most_one_confirmation_and_none_after_five_minutes() {
    // The same job again and again, after it was done.
    let mut world = with_pat().await;
    says(&world, 1, "leave me alone").await;
    let received = world.system.clock.now();
    let job = confirmation(&world, received).await;
    for _ in 0..3 {
        world.system.queue.enqueue(vec![(job.clone(), std::time::Duration::ZERO)]).await;
    }
    world.until("2026-01-06 15:11").await;
    world.system.queue.enqueue(vec![(job, std::time::Duration::ZERO)]).await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [CONFIRMED]);

    // Whether it went out is not known, and it is not tried again.
    let mut world = with_pat().await;
    world.system.carrier.script_next([Behaviour::RequestLost]);
    says(&world, 1, "leave me alone").await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [""; 0]);
    let journal = world.journal().await;
    let sent: Vec<_> = journal.iter().filter(|event| event.event == Event::AnswerSent).collect();
    assert_eq!((sent.len(), sent[0].status), (1, Status::Unknown));

    // The queue kept it for too long.
    let mut world = with_pat().await;
    says(&world, 1, "leave me alone").await;
    world.system.clock.set(new_york("2026-01-06 15:15"));
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [""; 0], "none after five minutes");
    assert!(channel(&pat(&world).await).is_some());
}

#[tokio::test]
async fn on_hold_in_test_mode_without_a_text_or_after_start_nothing_is_confirmed() {
    type Change = fn(&mut leadline::domain::client::Client);
    let no_text: Change = |client| client.answers.opted_out = None;
    let nowhere: Change = |client| client.mode = Mode::Test { phone: None, email: None };
    for change in [no_text, nowhere] {
        let mut world = with_pat().await;
        world.change(change).await;
        says(&world, 1, "leave me alone").await;
        world.until("2026-01-06 16:00").await;
        assert_eq!(bodies(&world), [""; 0]);
    }
    let mut world = with_pat().await;
    let held = Sending::held("a test", world.system.clock.now());
    assert!(world.system.store.set_sending(&world.client(), &Sending::On, &held).await.expect("the store"));
    says(&world, 1, "leave me alone").await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [""; 0]);
    let mut world = with_pat().await;
    says(&world, 1, "leave me alone").await;
    says(&world, 2, "START").await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [""; 0], "a no that does not stand any more is not confirmed");
}

#[tokio::test]
async fn help_is_answered_once_a_day_unless_the_provider_does_and_never_to_who_has_opted_out() {
    let mut world = with_pat().await;
    says(&world, 1, "Hilfe").await;
    says(&world, 2, "ayuda").await;
    says(&world, 3, "HELP").await;
    world.until("2026-01-06 15:40").await;
    assert_eq!(bodies(&world), [HELP]);
    assert_eq!(pat(&world).await.enrollments.len(), 1, "the sequence goes on");
    says(&world, 4, "stop it").await;
    says(&world, 5, "aiuto").await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(bodies(&world), [HELP, CONFIRMED]);
}

#[tokio::test]
async fn a_threat_opts_out_tells_the_operator_once_and_is_lifted_by_no_start() {
    let world = with_pat().await;
    for n in [1, 2] {
        says(&world, n, "I will sue you").await;
    }
    assert_eq!(channel(&pat(&world).await), Some(OptOutChannel::Legal));
    assert_eq!(world.alerts("threatens with the law"), 1);
    assert_eq!(world.reasons(Event::ReplyReceived).await, ["legal", "legal"]);
    says(&world, 3, "START").await;
    assert_eq!(channel(&pat(&world).await), Some(OptOutChannel::Legal), "only a person lifts that");
    assert_eq!(bodies(&world), [""; 0], "no further word");
}

#[tokio::test]
async fn a_doubtful_reply_is_held_until_a_person_decides_however_long_that_takes() {
    for (verdict, texts, ended) in [
        (Verdict::GoOn, 2, Some(Outcome::Completed)),
        (Verdict::End, 1, Some(Outcome::Replied)),
        (Verdict::OptOut, 1, Some(Outcome::OptedOut)),
    ] {
        let mut world = with_pat().await;
        says(&world, 1, "not interested").await;
        assert_eq!(world.alerts("may mean no"), 1);
        world.until("2026-01-07 12:00").await;
        let lead = pat(&world).await;
        assert_eq!((world.texts().len(), lead.enrollments.len()), (1, 1), "{verdict:?}: held, and not ended");
        assert_eq!(lead.due(), None, "no run has to look at it");
        let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
        let hand = by_hand!(world);
        hand.decide_held(&client, lead.id, verdict, "called them").await.expect("decided");
        let twice = hand.decide_held(&client, lead.id, verdict, "called them").await;
        assert!(twice.is_err(), "there is nothing left to decide");
        world.until("2026-01-07 14:30").await;
        assert_eq!(world.texts().len(), texts, "{verdict:?}");
        let lead = pat(&world).await;
        assert_eq!(lead.history.first().map(|past| past.outcome), ended, "{verdict:?}");
        assert_eq!(channel(&lead).is_some(), verdict == Verdict::OptOut);
        assert_eq!(world.reasons(Event::LeadReleased).await.len(), 1);
    }
}

#[tokio::test]
async fn a_reply_ends_only_the_sequences_that_it_should() {
    let mut client = sample();
    client["campaigns"][0]["on_reply"] = json!("go-on");
    client["campaigns"][0]["messages"][1]["delay_minutes"] = json!(120);
    let mut second = client["campaigns"][0].clone();
    second["id"] = json!("course");
    second["on_reply"] = json!("end");
    second["forms"][0]["form"] = json!("2150000778");
    client["campaigns"].as_array_mut().expect("campaigns").push(second);
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    let mut form = leadline_tests::world::form("2", "Pat", "3055550123");
    form["payload"][0]["relationships"]["form"]["data"]["id"] = json!("2150000778");
    assert_eq!(world.kajabi(&form).await, 200);
    assert_eq!(pat(&world).await.enrollments.len(), 2);
    says(&world, 1, "How much is it?").await;
    let lead = pat(&world).await;
    let live: Vec<_> = lead.enrollments.iter().map(|live| live.campaign.as_str()).collect();
    let past: Vec<_> = lead.history.iter().map(|past| (past.campaign.as_str(), past.outcome)).collect();
    assert_eq!((live, past), (vec!["webinar"], vec![("course", Outcome::Replied)]));
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts().len(), 2);
}

#[tokio::test]
async fn an_operator_writes_a_no_down_and_lifts_it_with_proof() {
    let mut world = with_pat().await;
    let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    let stranger = PhoneNumber::parse("+13055550150", Region::default()).expect("a number");
    let hand = by_hand!(world);
    assert_eq!(hand.opt_out(&client, &number(), "asked by phone").await.expect("written"), Recorded::Now(1));
    assert!(matches!(hand.opt_out(&client, &number(), "again").await, Ok(Recorded::Before(_))));
    assert_eq!(hand.opt_out(&client, &stranger, "a letter").await.expect("written"), Recorded::Now(0));
    assert_eq!(world.system.store.opt_outs(&client.id).await.expect("the list").len(), 2);
    assert!(hand.lift_opt_out(&client, &stranger, "asked", "an email").await.is_ok());
    assert!(hand.lift_opt_out(&client, &stranger, "asked", "an email").await.is_err(), "nothing stands any more");
    world.form("9", "Sam", "3055550150").await;
    world.until("2026-01-06 19:00").await;
    let to: Vec<_> = world.texts().into_iter().skip(1).map(|(_, to, _)| to).collect();
    assert_eq!(to, ["+13055550150", "+13055550150"], "a new form enrolls who took the no back, and Pat gets nothing");
    let lifted = world.journal().await.into_iter().find(|event| event.event == Event::OptOutLifted).expect("on record");
    assert_eq!(lifted.detail.as_deref(), Some("Kim: asked; proof: an email"));
}

#[tokio::test]
async fn an_answer_to_nobody_and_of_nothing_is_dropped() {
    let mut world = with_pat().await;
    world.change(|client| client.answers.help = Template::parse("Hi {{custom_9}}").ok()).await;
    says(&world, 1, "aiuto").await;
    let lead = "00000000000000000000000009".parse().expect("an id");
    let received_at = world.system.clock.now();
    let nobody = Answer { client: world.client(), lead, to: Answered::Help, received_at };
    world.system.queue.enqueue(vec![(Job::Answer(nobody), std::time::Duration::ZERO)]).await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(bodies(&world), [""; 0]);
    assert_eq!(world.alerts("the answer `help` cannot be sent"), 1, "somebody asked and got nothing");
}

#[tokio::test]
async fn a_call_for_help_that_nothing_answers_waits_for_a_person_who_is_told() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    says(&world, 1, "HELP").await;
    assert!(pat(&world).await.unanswered.is_none(), "Twilio answers that word by itself");
    says(&world, 2, "info please").await;
    assert!(pat(&world).await.unanswered.is_some(), "nobody answers these");
    let told: Vec<_> =
        world.system.mailbox.sent().into_iter().filter(|mail| mail.email.text.contains("info please")).collect();
    assert_eq!(told.len(), 1);
    let mut answering = with_pat().await;
    says(&answering, 1, "info please").await;
    answering.until("2026-01-06 15:11").await;
    assert!(pat(&answering).await.unanswered.is_none(), "we do, where there is a text for it");
}

#[tokio::test]
async fn our_own_text_in_a_reply_is_not_the_persons_word() {
    let mut client = sample();
    client["campaigns"][0]["messages"][0]["text"] =
        json!("Hi {{first_name}}, it's Sam from Acme. Shall I save you a seat? Reply STOP to end these texts.");
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    let ours = world.texts()[0].2.clone();
    says(&world, 1, &format!("Yes, I'd like that\n\nOn Tue, Jan 6 at 3:00 PM Acme wrote:\n{ours}")).await;
    says(&world, 2, &format!("Loved “{ours}”")).await;
    assert_eq!(pat(&world).await.standing, ContactStatus::Open);
    says(&world, 3, &ours).await;
    assert!(matches!(pat(&world).await.standing, ContactStatus::Held { .. }), "nobody knows what that means");
    says(&world, 4, &format!("take me off your list\n{ours}")).await;
    assert_eq!(channel(&pat(&world).await), Some(OptOutChannel::FreeText));
}

#[tokio::test]
async fn a_start_to_another_line_of_the_account_takes_no_stop_back() {
    let world = with_pat().await;
    says(&world, 1, "STOP").await;
    assert_eq!(world.reply_to("+13055550177", &sid(2), PAT, "START").await, 200);
    assert_eq!(channel(&pat(&world).await), Some(OptOutChannel::Reply));
    says(&world, 3, "START").await;
    assert_eq!(pat(&world).await.standing, ContactStatus::Open);
}
