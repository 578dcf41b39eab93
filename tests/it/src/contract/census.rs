//! Who there is, and how many.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    batch_job::BatchJob,
    counts::Counts,
    ids::{CampaignId, ClientId, LeadId},
    lead::{Lead, Outcome},
};
use leadline::ports::{Rev, SideWrites};

use super::{Store, conflict, done, samples::*, storm};

fn webinar() -> CampaignId {
    campaign("webinar", &[]).id
}

async fn counted(store: &impl Store, client: &ClientId, campaign: &CampaignId) -> Counts {
    done(store.counts(client, campaign).await)
}

/// A lead that entered the campaign of [`lead_due`], and carries that uncounted.
fn entered(n: u64, minutes: i64) -> Lead {
    let live = lead_due(n, at(minutes)).enrollments.remove(0);
    let mut lead = lead(n);
    lead.enroll(leadline::domain::lead::Enrollment { imported_at: at(minutes), ..live });
    lead
}

pub async fn leads_are_listed_in_order_page_by_page(store: Arc<impl Store>) {
    assert_eq!(done(store.lead_ids(&acme(), None, 10).await), []);
    for n in [3, 1, 5, 2, 4] {
        done(add(&*store, &lead(n)).await);
    }
    done(add(&*store, &Lead::new(lead_id(9), bolt())).await);
    let ids = |from: u64, to: u64| (from..=to).map(lead_id).collect::<Vec<LeadId>>();
    assert_eq!(done(store.lead_ids(&acme(), None, 10).await), ids(1, 5), "and nobody of another client");
    assert_eq!(done(store.lead_ids(&acme(), None, 2).await), ids(1, 2));
    assert_eq!(done(store.lead_ids(&acme(), Some(lead_id(2)), 2).await), ids(3, 4));
    assert_eq!(done(store.lead_ids(&acme(), Some(lead_id(5)), 2).await), []);
    assert_eq!(done(store.lead_ids(&acme(), None, 0).await), []);
}

pub async fn who_enters_and_leaves_is_counted_with_the_save(store: Arc<impl Store>) {
    assert_eq!(counted(&*store, &acme(), &webinar()).await, Counts::default());
    let first = entered(1, 60);
    let rev = done(add(&*store, &first).await);
    done(add(&*store, &entered(2, 70)).await);
    let both = counted(&*store, &acme(), &webinar()).await;
    assert_eq!((both.enrolled, both.active(), both.last_enrolled_at), (2, 2, Some(at(70))));
    let mut left = done(store.lead(&acme(), first.id).await).expect("the lead").lead;
    assert_eq!(left.uncounted, [], "what was counted is not carried any more");
    left.end(enrollment_id(1), Outcome::Booked, "booked", at(80));
    let also = SideWrites { audit: vec![audit_of(1, at(80), &left)], ..SideWrites::default() };
    done(store.save(&left, Some(rev), also).await);
    let one = counted(&*store, &acme(), &webinar()).await;
    assert_eq!((one.enrolled, one.active(), one.ended(Outcome::Booked)), (2, 1, 1));
}

pub async fn what_is_counted_later_is_carried_until_a_save_counts_it(store: Arc<impl Store>) {
    let rev = done(add(&*store, &entered(1, 60)).await);
    let mut lead = done(store.lead(&acme(), lead_id(1)).await).expect("the lead").lead;
    lead.end(enrollment_id(1), Outcome::Completed, "the last text was sent", at(90));
    let later = SideWrites { count_later: true, ..SideWrites::default() };
    let rev = done(store.save(&lead, Some(rev), later).await);
    assert_eq!(counted(&*store, &acme(), &webinar()).await.active(), 1, "not yet");
    let due = done(store.due(&acme(), at(90), 10).await);
    assert_eq!(due.len(), 1, "a run will look at it");
    let lead = done(store.lead(&acme(), lead_id(1)).await).expect("the lead").lead;
    assert_eq!(lead.uncounted.len(), 1);
    done(store.save(&lead, Some(rev), SideWrites::default()).await);
    let counts = counted(&*store, &acme(), &webinar()).await;
    assert_eq!((counts.active(), counts.ended(Outcome::Completed)), (0, 1));
    assert_eq!(done(store.due(&acme(), at(1_000), 10).await), [], "and nothing is left to do");
}

pub async fn a_save_repeated_counts_once(store: Arc<impl Store>) {
    let lead = entered(1, 60);
    let also = with(profile(&lead));
    for time in ["first", "again"] {
        assert_eq!(done(store.save(&lead, None, also.clone()).await), Rev(1), "{time}");
    }
    assert_eq!(counted(&*store, &acme(), &webinar()).await.enrolled, 1);
    let mut lead = done(store.lead(&acme(), lead_id(1)).await).expect("the lead").lead;
    lead.end(enrollment_id(1), Outcome::Replied, "answered", at(90));
    for _ in 0..2 {
        assert_eq!(done(store.save(&lead, Some(Rev(1)), SideWrites::default()).await), Rev(2));
    }
    assert_eq!(counted(&*store, &acme(), &webinar()).await.ended(Outcome::Replied), 1);
}

pub async fn a_refused_save_counts_nothing(store: Arc<impl Store>) {
    done(add(&*store, &lead(1)).await);
    let mut late = done(store.lead(&acme(), lead_id(1)).await).expect("the lead").lead;
    late.enroll(entered(1, 60).enrollments.remove(0));
    conflict(store.save(&late, Some(Rev(7)), SideWrites::default()).await, "no such revision was ever written");
    assert_eq!(counted(&*store, &acme(), &webinar()).await, Counts::default());
}

pub async fn many_who_enter_at_once_are_all_counted(store: Arc<impl Store>) {
    let saved = storm(&store, 16, |store, n| async move {
        let lead = entered(n + 1, 60);
        // Who loses to another's count reads again.
        for _ in 0..200 {
            match store.save(&lead, None, with(profile(&lead))).await {
                Err(leadline::ports::StoreError::Conflict) => tokio::task::yield_now().await,
                saved => return saved,
            }
        }
        Err(leadline::ports::StoreError::Conflict)
    })
    .await;
    assert!(saved.iter().all(Result::is_ok), "{saved:?}");
    let counts = counted(&*store, &acme(), &webinar()).await;
    assert_eq!((counts.enrolled, counts.active()), (16, 16));
}

pub async fn campaigns_and_clients_are_counted_apart(store: Arc<impl Store>) {
    done(add(&*store, &entered(1, 60)).await);
    let other = CampaignId::parse("webinar-2").expect("an id");
    assert_eq!(counted(&*store, &acme(), &other).await, Counts::default());
    assert_eq!(counted(&*store, &bolt(), &webinar()).await, Counts::default());
}

pub async fn counters_are_set_right_only_as_they_were_seen(store: Arc<impl Store>) {
    for n in 1..=3 {
        done(add(&*store, &entered(n, 60)).await);
    }
    let seen = counted(&*store, &acme(), &webinar()).await;
    let right = Counts { enrolled: 2, ended: [(Outcome::Booked, 1)].into(), ..Counts::default() };
    let other = Counts { enrolled: 7, ..seen.clone() };
    conflict(store.correct(&acme(), &webinar(), &other, &right).await, "they do not say that");
    done(store.correct(&acme(), &webinar(), &seen, &right).await);
    let now = counted(&*store, &acme(), &webinar()).await;
    assert_eq!((now.enrolled, now.ended(Outcome::Booked), now.active()), (2, 1, 1));
    conflict(store.correct(&acme(), &webinar(), &seen, &right).await, "they were set right before");
    for n in 4..=9 {
        done(add(&*store, &entered(n, 60)).await);
    }
    assert_eq!(counted(&*store, &acme(), &webinar()).await.enrolled, 8, "they count on from there");
}

pub async fn a_walk_is_read_back_as_it_was_written_last(store: Arc<impl Store>) {
    assert_eq!(done(store.walk(&acme(), "sweep").await), None);
    let mut walk = BatchJob::new(run_id(1), "sam", at(0));
    for minutes in [1, 2] {
        walk.after = Some(lead_id(7));
        walk.ended_at = (minutes == 2).then(|| at(minutes));
        walk.found("booked", true);
        walk.failed("lead 3: not read".to_owned());
        walk.recount.insert(webinar(), Counts { enrolled: 2, ..Counts::default() });
        done(store.put_walk(&acme(), "sweep", &walk).await);
        assert_eq!(done(store.walk(&acme(), "sweep").await), Some(walk.clone()));
    }
    assert_eq!(done(store.walk(&acme(), "move#webinar").await), None, "each by its name");
    assert_eq!(done(store.walk(&bolt(), "sweep").await), None, "and each client's by itself");
}
