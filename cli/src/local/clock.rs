//! Moving the clock ahead, through everything that happens on the way.

use axum::{Json, extract::State, http::StatusCode};
use chrono::TimeDelta;
use leadline::{
    domain::Instant,
    ports::{Clock, DueIndex},
};
use serde::{Deserialize, Serialize};

use super::{Local, actions::Failed, posted::Posted};
use crate::system::Happening;

/// The farthest that the clock is moved at once.
const FARTHEST: TimeDelta = TimeDelta::days(400);
/// How far it is moved before others get their turn.
const STRIDE: TimeDelta = TimeDelta::hours(6);

/// Where to move the clock. Exactly one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// So many minutes on.
    advance_minutes: Option<i64>,
    /// To a moment, or to `next`: the next one at which something is due.
    to: Option<String>,
}

/// The time.
#[derive(Debug, Serialize)]
pub struct Now {
    /// The clock's time.
    pub now: Instant,
}

enum Target {
    Moment(Instant),
    Next,
}

impl Move {
    fn target(&self, now: Instant) -> Result<Target, Failed> {
        match (self.advance_minutes, self.to.as_deref()) {
            (None, Some("next")) => Ok(Target::Next),
            (None, Some(to)) => {
                let at = chrono::DateTime::parse_from_rfc3339(to);
                let at = at.map_err(|_| Failed::asked("`to` is `next` or a moment such as 2026-06-02T15:00:00Z"))?;
                Ok(Target::Moment(at.to_utc()))
            }
            (Some(minutes), None) => {
                let at = TimeDelta::try_minutes(minutes).and_then(|by| now.checked_add_signed(by));
                at.map(Target::Moment).ok_or_else(too_far)
            }
            _ => Err(Failed::asked("give either `advance_minutes` or `to`")),
        }
    }
}

fn too_far() -> Failed {
    Failed::asked(format!("the clock moves {} days at once at most", FARTHEST.num_days()))
}

/// `GET /api/now`.
pub async fn now(State(local): State<Local>) -> Result<Json<Now>, Failed> {
    let now = local.work(|local| async move { anyhow::Ok(local.present().await?.system.clock.now()) }).await??;
    Ok(Json(Now { now }))
}

/// `POST /api/clock`.
pub async fn set(State(local): State<Local>, Posted(asked): Posted<Move>) -> Result<Json<Now>, Failed> {
    let moved = local.work(async move |local| {
        let now = local.present().await?.system.clock.now();
        match asked.target(now)? {
            Target::Moment(at) if at < now => {
                Err(Failed(StatusCode::CONFLICT, format!("the clock does not go back: it is {now}")))
            }
            Target::Moment(at) if at - now > FARTHEST => Err(too_far()),
            Target::Moment(at) => local.move_to(at).await,
            Target::Next => local.move_to_next(now).await,
        }
    });
    moved.await?.map(Json)
}

impl Local {
    async fn move_to(&self, at: Instant) -> Result<Now, Failed> {
        loop {
            let mut world = self.world.lock().await;
            let now = world.system.clock.now();
            if now >= at {
                return Ok(Now { now });
            }
            let part = at.min(now + STRIDE);
            world.system.run_until(part).await?;
            world.ahead = part - self.real.now();
        }
    }

    /// To the run of the scheduler that finds the first thing that is due, or to the first text that
    /// can be seen on the queue.
    async fn move_to_next(&self, began: Instant) -> Result<Now, Failed> {
        let Some(due) = self.first_due(began + FARTHEST).await? else {
            return Err(Failed(StatusCode::CONFLICT, "nothing is due: send a form first".to_owned()));
        };
        loop {
            let mut world = self.world.lock().await;
            let mut stop = began + STRIDE;
            loop {
                let happening = world.system.step().await?;
                let now = world.system.clock.now();
                world.ahead = now - self.real.now();
                if happening == Happening::Queue || (happening == Happening::Scheduler && now >= due) {
                    // What the same moment brings belongs to it.
                    world.system.run_until(now).await?;
                    return Ok(Now { now });
                }
                if now > began + FARTHEST {
                    return Err(too_far());
                }
                if now > stop {
                    stop += STRIDE;
                    break;
                }
            }
        }
    }

    async fn first_due(&self, until: Instant) -> anyhow::Result<Option<Instant>> {
        let world = self.world.lock().await;
        let mut first = world.system.queue.next_visible_at();
        for client in &world.system.clients {
            for work in world.system.store.due(&client.settings.id, until, 1).await? {
                first = Some(first.map_or(work.since(), |first| first.min(work.since())));
            }
        }
        Ok(first)
    }
}
