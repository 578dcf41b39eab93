//! What the texts of some campaigns go by besides a delay, what becomes of late ones, and who enters again.

use chrono::TimeDelta;
use leadline::domain::Instant;
use serde_json::{Value, json};

use crate::rng::Rng;

/// Gives a campaign that is made at `now` schedules of its own.
pub(super) fn of(rng: &mut Rng, campaign: &mut Value, now: Instant) {
    campaign["re_enroll"] =
        rng.pick(&[json!("never"), json!("never"), json!("always"), json!({"after_days": 3})]).clone();
    let webinar = rng.chance(2_500);
    if webinar {
        let at = now + TimeDelta::minutes(rng.between(-2_000, 20 * 1_440));
        campaign["webinar"] = json!({"at": at, "link": "https://example.com/live"});
    }
    let mut by_webinar = rng.between(-3_000, -60);
    let Some(messages) = campaign["messages"].as_array_mut() else { return };
    for (n, step) in messages.iter_mut().enumerate() {
        let Some(step) = step.as_object_mut() else { continue };
        let within = *rng.pick(&[20, 60, 240, 1_440]);
        if webinar && rng.chance(5_000) {
            step.remove("delay_minutes");
            step.insert("webinar_minutes".to_owned(), json!(by_webinar));
            by_webinar += *rng.pick(&[15, 45, 60, 1_440]);
            if rng.chance(2_000) {
                step.insert("late".to_owned(), json!("send"));
            } else if rng.chance(5_000) {
                step.insert("latest_minutes".to_owned(), json!(within));
            }
            continue;
        }
        let local = rng.chance(2_500);
        if local {
            if rng.chance(8_000) {
                step.insert("at".to_owned(), json!(rng.pick(&["09:30", "12:15", "15:00", "16:45"])));
            }
            if rng.chance(4_000) || !step.contains_key("at") {
                let days = *rng.pick(&["Mon Wed Fri", "Tue Thu", "Sat", "Mon Tue Wed Thu Fri Sat Sun"]);
                step.insert("weekdays".to_owned(), json!(days.split(' ').collect::<Vec<_>>()));
            }
        }
        // The first text by its delay alone is ruled by `timing`.
        if (n > 0 || local) && rng.chance(4_000) {
            step.insert("late".to_owned(), json!(rng.pick(&["skip", "skip", "shift"])));
            step.insert("latest_minutes".to_owned(), json!(within));
        }
    }
}
