//! Clients and campaigns.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    campaign::{Campaign, CampaignStatus},
    client::{Client, Sending, SettingsProblem},
};
use leadline::ports::{ClientEntry, TextKey};

use super::{Store, conflict, done, only_winner, samples::*, storm};

pub async fn a_client_without_a_record_is_missing(store: Arc<impl Store>) {
    assert_eq!(done(store.client(&acme()).await), Err(SettingsProblem::Missing));
    assert_eq!(done(store.clients().await), []);
    assert_eq!(done(store.campaigns(&acme()).await), []);
    assert_eq!(done(store.campaign_of_form(&acme(), &form("777")).await), None);
}

pub async fn a_client_is_read_back_as_it_was_written_last_and_listed_once(store: Arc<impl Store>) {
    let mut client = settings(&acme());
    done(store.put_client(&client).await);
    assert_eq!(done(store.client(&acme()).await), Ok(client.clone()));
    client.admin_email = email(1);
    done(store.put_client(&client).await);
    done(store.put_client(&settings(&bolt())).await);
    assert_eq!(done(store.client(&acme()).await), Ok(client.clone()));
    let mut listed = done(store.clients().await);
    listed.sort_by_key(|entry| entry.id.clone());
    let entry = |client: &Client| ClientEntry { id: client.id.clone(), admin_email: client.admin_email.clone() };
    assert_eq!(listed, [entry(&client), entry(&settings(&bolt()))], "the list of clients");
}

pub async fn a_hold_stops_sending_and_changes_nothing_else(store: Arc<impl Store>) {
    for client in [acme(), bolt()] {
        done(store.put_client(&settings(&client)).await);
    }
    let held = Sending::held("the account is suspended", at(5));
    assert!(done(store.set_sending(&acme(), &Sending::On, &held).await));
    assert_eq!(done(store.client(&acme()).await), Ok(Client { sending: held, ..settings(&acme()) }));
    assert_eq!(done(store.client(&bolt()).await), Ok(settings(&bolt())), "another client goes on");
    assert_eq!(done(store.clients().await).len(), 2);
}

pub async fn sending_is_changed_only_as_it_was_read(store: Arc<impl Store>) {
    done(store.put_client(&settings(&acme())).await);
    let (first, second) = (Sending::held("an operator stopped it", at(5)), Sending::held("the account refused", at(9)));
    assert!(done(store.set_sending(&acme(), &Sending::On, &first).await));
    assert!(!done(store.set_sending(&acme(), &Sending::On, &second).await), "it is on hold already");
    assert!(!done(store.set_sending(&acme(), &second, &Sending::On).await), "that is another hold");
    assert_eq!(done(store.client(&acme()).await).map(|client| client.sending), Ok(first.clone()));
    assert!(done(store.set_sending(&acme(), &first, &Sending::On).await));
    assert!(done(store.set_sending(&acme(), &first, &Sending::On).await), "the answer was lost and it is asked again");
    assert_eq!(done(store.client(&acme()).await), Ok(settings(&acme())), "once it was lifted");
    assert!(!done(store.set_sending(&bolt(), &Sending::On, &second).await), "a client that is not known");
}

pub async fn settings_written_anew_leave_sending_as_it_stands(store: Arc<impl Store>) {
    done(store.put_client(&settings(&acme())).await);
    let read_before = done(store.client(&acme()).await).expect("settings");
    let breaker = Sending::On.after_refusal("the account is suspended", at(5)).expect("a hold");
    assert!(done(store.set_sending(&acme(), &Sending::On, &breaker).await));
    done(store.put_client(&Client { name: "Another name".to_owned(), ..read_before }).await);
    let read = done(store.client(&acme()).await).expect("settings");
    assert_eq!((read.sending, read.name.as_str()), (breaker, "Another name"));
}

pub async fn a_campaign_is_found_by_each_of_its_forms(store: Arc<impl Store>) {
    let (webinar, quiz) = (campaign("webinar", &["1", "2"]), campaign("quiz", &["3"]));
    done(put(&*store, &acme(), &webinar).await);
    done(put(&*store, &acme(), &quiz).await);
    for (id, found) in [("1", Some(&webinar)), ("2", Some(&webinar)), ("3", Some(&quiz)), ("4", None)] {
        assert_eq!(done(store.campaign_of_form(&acme(), &form(id)).await).as_ref(), found, "form {id}");
    }
    let mut all = done(store.campaigns(&acme()).await);
    all.sort_by_key(|campaign| campaign.id.clone());
    assert_eq!(all, [quiz, webinar]);
}

pub async fn a_campaign_keeps_what_events_do(store: Arc<impl Store>) {
    let mut webinar = campaign("webinar", &["1"]);
    done(put(&*store, &acme(), &webinar).await);
    let consent =
        serde_json::json!({"version": "1", "words": "Text me.", "basis": {"because": "the checkout says so"}});
    webinar.triggers = serde_json::from_value(serde_json::json!([
        {"on": "purchase", "of": "7", "then": {"end": "purchased"}},
        {"on": "tag-added", "of": "VIP", "then": {"enroll": {"consent": consent}}, "cool_down_hours": 1},
    ]))
    .expect("triggers");
    done(put(&*store, &acme(), &webinar).await);
    assert_eq!(done(store.campaigns(&acme()).await), std::slice::from_ref(&webinar), "within the same version");
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(webinar));
}

pub async fn a_form_of_another_campaign_is_a_conflict_and_writes_nothing(store: Arc<impl Store>) {
    let webinar = campaign("webinar", &["1"]);
    done(put(&*store, &acme(), &webinar).await);
    conflict(put(&*store, &acme(), &campaign("quiz", &["2", "1"])).await, "form 1 enrolls into another campaign");
    let campaigns = done(store.campaigns(&acme()).await);
    assert_eq!(campaigns, std::slice::from_ref(&webinar), "the refused campaign is not there");
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(webinar));
    assert_eq!(done(store.campaign_of_form(&acme(), &form("2")).await), None, "nor is any form of it");
}

pub async fn of_many_campaigns_with_one_form_one_is_written(store: Arc<impl Store>) {
    let named = |i: u64| campaign(&format!("campaign-{i}"), &["1"]);
    let results = storm(&store, 16, |store, i| async move { store.put_campaign(&acme(), &named(i), None).await }).await;
    let winner = named(u64::try_from(only_winner(results)).expect("a small number"));
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(winner.clone()));
    assert_eq!(done(store.campaigns(&acme()).await), [winner]);
}

pub async fn of_many_that_create_one_campaign_one_does(store: Arc<impl Store>) {
    let named = |i: u64| Campaign { name: format!("Name {i}"), ..campaign("webinar", &["1"]) };
    let results = storm(&store, 16, |store, i| async move { store.put_campaign(&acme(), &named(i), None).await }).await;
    let winner = named(u64::try_from(only_winner(results)).expect("a small number"));
    assert_eq!(done(store.campaigns(&acme()).await), [winner]);
    let same =
        storm(&store, 8, |store, _| async move { store.put_campaign(&acme(), &campaign("quiz", &["2"]), None).await });
    only_winner(same.await);
}

pub async fn a_campaign_is_changed_only_as_it_was_read(store: Arc<impl Store>) {
    let first = campaign("webinar", &["1"]);
    let named = |i: u64| Campaign { name: format!("Name {i}"), ..campaign("webinar", &["1", "2"]) };
    conflict(store.put_campaign(&acme(), &first, Some(&first)).await, "there is none to write it over");
    done(store.put_campaign(&acme(), &first, None).await);
    conflict(store.put_campaign(&acme(), &named(0), None).await, "there is one");
    conflict(store.put_campaign(&acme(), &named(0), Some(&named(1))).await, "it stands otherwise");
    assert_eq!(done(store.campaigns(&acme()).await), std::slice::from_ref(&first), "nothing was written");
    assert_eq!(done(store.campaign_of_form(&acme(), &form("2")).await), None, "nor any form");
    let results = storm(&store, 16, |store, i| {
        let first = campaign("webinar", &["1"]);
        async move { store.put_campaign(&acme(), &named(i), Some(&first)).await }
    })
    .await;
    let winner = named(u64::try_from(only_winner(results)).expect("a small number"));
    assert_eq!(done(store.campaigns(&acme()).await), [winner]);
}

pub async fn settings_are_changed_only_as_they_were_read(store: Arc<impl Store>) {
    let named = |name: &str| Client { name: name.to_owned(), ..settings(&acme()) };
    conflict(store.change_client(&named("one"), &named("two")).await, "there is no such client");
    assert_eq!(done(store.client(&acme()).await), Err(SettingsProblem::Missing), "nothing was written");
    done(store.put_client(&named("one")).await);
    conflict(store.change_client(&named("two"), &named("three")).await, "they stand otherwise");
    let results = storm(&store, 16, |store, i| async move {
        let named = |name: &str| Client { name: name.to_owned(), ..settings(&acme()) };
        store.change_client(&named("one"), &Client { admin_email: email(i), ..named("two") }).await
    })
    .await;
    let winner = u64::try_from(only_winner(results)).expect("a small number");
    let read = done(store.client(&acme()).await).expect("settings");
    assert_eq!(read, Client { admin_email: email(winner), ..named("two") });
    assert_eq!(done(store.clients().await)[0].admin_email, email(winner), "the list says so too");
    let held = Sending::held("an operator stopped it", at(5));
    assert!(done(store.set_sending(&acme(), &Sending::On, &held).await));
    let read = done(store.client(&acme()).await).expect("settings");
    let new = Client { sending: Sending::On, ..named("three") };
    done(store.change_client(&read, &new).await);
    let stands = done(store.client(&acme()).await);
    assert_eq!(stands, Ok(Client { sending: held, ..new }), "sending stays as it stands");
}

pub async fn a_form_that_a_campaign_gave_up_is_free(store: Arc<impl Store>) {
    let quiz = campaign("quiz", &["2"]);
    done(put(&*store, &acme(), &campaign("webinar", &["1", "2"])).await);
    done(put(&*store, &acme(), &campaign("webinar", &["1"])).await);
    assert_eq!(done(store.campaign_of_form(&acme(), &form("2")).await), None);
    done(put(&*store, &acme(), &quiz).await);
    assert_eq!(done(store.campaign_of_form(&acme(), &form("2")).await), Some(quiz));
}

pub async fn a_version_once_written_never_changes(store: Arc<impl Store>) {
    let webinar = campaign("webinar", &["1"]);
    done(put(&*store, &acme(), &webinar).await);
    let mut edited = next_version(&webinar);
    edited.version = webinar.version;
    edited.forms.clear();
    conflict(put(&*store, &acme(), &edited).await, "leads are pinned to this version as it was");
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(webinar.clone()), "nothing was written");
    done(put(&*store, &acme(), &webinar).await);
}

pub async fn an_older_version_stays_readable(store: Arc<impl Store>) {
    let first = campaign("webinar", &["1"]);
    let second = next_version(&first);
    done(put(&*store, &acme(), &first).await);
    done(put(&*store, &acme(), &second).await);
    for (version, plan) in [(1, Some(first.plan())), (2, Some(second.plan())), (3, None)] {
        let key = TextKey { client: acme(), lead: lead_id(1), campaign: first.id.clone(), version };
        let read = done(store.read_for_text(&key).await);
        assert_eq!((&read.plan, read.campaign.as_ref()), (&plan, Some(&second)), "version {version}");
        assert_eq!(done(store.plan(&acme(), &first.id, version).await), plan, "version {version}");
    }
}

pub async fn what_is_not_sent_may_change_within_a_version(store: Arc<impl Store>) {
    let mut webinar = campaign("webinar", &["1"]);
    done(put(&*store, &acme(), &webinar).await);
    webinar.status = CampaignStatus::Paused;
    webinar.name = "Winter webinar".to_owned();
    done(put(&*store, &acme(), &webinar).await);
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(webinar));
}

pub async fn clients_have_campaigns_of_their_own(store: Arc<impl Store>) {
    let ours = campaign("webinar", &["1"]);
    let mut theirs = next_version(&ours);
    theirs.version = ours.version;
    done(put(&*store, &acme(), &ours).await);
    done(put(&*store, &bolt(), &theirs).await);
    assert_eq!(done(store.campaigns(&acme()).await), std::slice::from_ref(&ours));
    assert_eq!(done(store.campaign_of_form(&acme(), &form("1")).await), Some(ours));
    assert_eq!(done(store.campaign_of_form(&bolt(), &form("1")).await), Some(theirs));
}
