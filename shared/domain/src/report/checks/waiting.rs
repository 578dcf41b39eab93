//! Checks of what stands until a person does something: people who wait, campaigns that nobody has looked at.

use chrono_tz::Tz;

use super::{Action, Check, Facts, Report, Verdict, age};
use crate::{Instant, lead::Need, report::WaitingFor};

/// Weekday and time say a moment until the same weekday comes again.
const SAYS_ITSELF: chrono::TimeDelta = chrono::TimeDelta::days(6);

pub(super) fn actions(report: &Report, facts: &Facts) -> Vec<Action> {
    let mut found = Vec::new();
    for (need, waiting) in report.waiting.iter().flat_map(|waiting| &waiting.by_need) {
        let (check, headline, consequence) = match need {
            Need::Unanswered => (
                Check::Unanswered,
                unanswered(waiting, report),
                "They wrote to you and hear nothing. Answer them, then say so by the command beside each name below.",
            ),
            Need::Held => (
                Check::Held,
                counted(waiting, "is held for your decision", "are held for your decision"),
                "They get no text until somebody decides, however long that takes. The command stands beside each name below.",
            ),
            Need::Review => (
                Check::Review,
                counted(waiting, "waits for review", "wait for review"),
                "They get no text until somebody has looked at them. Remove the reason, then use the command beside each name below.",
            ),
            // Texts that may have gone out have a check of their own, which knows those that are still asked for.
            Need::Unclear => continue,
        };
        let since = waiting.since.map(|since| age(since, report.as_of)).unwrap_or_default();
        let what = match need {
            Need::Unanswered => headline.clone(),
            Need::Held | Need::Review | Need::Unclear if waiting.count == 1 => format!("{headline}, for {since} now"),
            Need::Held | Need::Review | Need::Unclear => format!("{headline}, the first for {since} now"),
        };
        let action = Action::new(check, Verdict::Look, waiting.count, headline, what, consequence);
        // Of an answer the headline says it.
        let since = waiting.since.filter(|_| *need != Need::Unanswered);
        found.push(action.about(since, &[]));
    }
    found.extend(campaigns(facts));
    found
}

/// `1 person waits for your answer, since Tue 14:05`.
fn unanswered(waiting: &WaitingFor, report: &Report) -> String {
    let people = counted(waiting, "waits for your answer", "wait for your answer");
    let Some(since) = waiting.since else { return people };
    let oldest = if waiting.count == 1 { "" } else { "the oldest " };
    format!("{people}, {oldest}since {}", moment(since, report.as_of, report.zone()))
}

fn moment(since: Instant, now: Instant, zone: Tz) -> String {
    let form = if now - since < SAYS_ITSELF { "%a %H:%M" } else { "%a %-d %b %H:%M" };
    since.with_timezone(&zone).format(form).to_string()
}

fn counted(waiting: &WaitingFor, one: &str, more: &str) -> String {
    if waiting.count == 1 { format!("1 person {one}") } else { format!("{} people {more}", waiting.count) }
}

fn campaigns(facts: &Facts) -> Option<Action> {
    let campaigns = facts.campaigns_to_review.as_ref().filter(|campaigns| !campaigns.is_empty())?;
    let headline = match campaigns.as_slice() {
        [_] => "1 campaign waits for review".to_owned(),
        _ => format!("{} campaigns wait for review", campaigns.len()),
    };
    let what = format!("{headline}: {}", super::super::scrubbed(&campaigns.join(", ")));
    let consequence = "They were made for forms that no campaign knew. Whoever sends such a form is kept and gets no text until somebody \
                       has said what the form consents to, and resumed the campaign. See leadline campaigns list.";
    Some(Action::new(Check::CampaignReview, Verdict::Look, campaigns.len() as u64, headline, what, consequence))
}
