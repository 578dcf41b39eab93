//! `leadline dead-letters` and `leadline redrive`: what only a person can go on with.

use std::{collections::BTreeMap, io::Write, time::Duration};

use anyhow::{anyhow, bail};
use leadline::{
    domain::{
        ids::{ClientId, LeadId, RunId},
        phone::PhoneNumber,
    },
    flows::dead_letters::{Redriven, Redriving, State, Stuck, in_review, look_at},
    ports::{DeadLetters, Directory, IdSource},
    runtime::RandomIds,
};
use serde_json::json;

use crate::{
    connect::{Place, Queues, Target},
    explain::{find, table, utc},
    person::Person,
};

/// Letters that one call looks at.
const MOST_LETTERS: usize = 1_000;
/// How long letters are hidden from others while they are listed.
const LOOKING: Duration = Duration::from_secs(60);
/// How long letters are hidden from others while they are moved.
const MOVING: Duration = Duration::from_secs(300);

/// Prints every dead letter with what it is about now.
///
/// # Errors
/// When the queue or the data cannot be reached.
pub async fn show(target: &Target, queues: &Queues, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let place = target.open().await?;
    let letters = place.dead_letters(queues)?;
    let mut all = looked_at(&place, &letters).await?;
    if let Some(client) = &target.client {
        all.retain(|one| one.step.as_ref().is_none_or(|step| step.client == *client));
    }
    if json {
        for one in &all {
            writeln!(out, "{}", in_json(one))?;
        }
        return Ok(());
    }
    match all.len() {
        0 => writeln!(out, "There are no dead letters.")?,
        some => {
            writeln!(out, "{}", in_words(&all))?;
            writeln!(out, "Dead letters: {some}, as of {}.", utc(place.now))?;
        }
    }
    if all.len() >= MOST_LETTERS {
        writeln!(out, "Only the first {MOST_LETTERS} were looked at.")?;
    }
    Ok(())
}

/// Which letters.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Every dead letter that can be moved.
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Dead letters by their ids, or leads that wait for review by id, number or address.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// Has dead letters, or leads that wait for review, tried again.
///
/// # Errors
/// When something that was named is not there or could not be moved, or the data cannot be reached.
pub async fn redrive(
    target: &Target,
    queues: &Queues,
    which: &Which,
    person: &Person,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    if !which.all && which.ids.is_empty() {
        bail!("say which: the ids that `leadline dead-letters` shows, leads that wait for review, or --all");
    }
    let place = target.open().await?;
    let (letters, texts) = (place.dead_letters(queues)?, place.texts(queues)?);
    let all = looked_at(&place, &letters).await?;
    let chosen = choose(target, &place, which, all).await?;
    if chosen.is_empty() {
        writeln!(out, "There are no dead letters.")?;
        return Ok(());
    }
    for client in chosen.iter().filter_map(|one| Some(&one.step.as_ref()?.client)) {
        if let Some(home) = place.store.copy_of(client).await? {
            bail!("client {client}: this table is a copy of {home}: `leadline restored` comes first");
        }
    }
    let moves = chosen.iter().filter(|one| one.state.can_move()).count();
    if moves > 0 {
        eprintln!("{}", in_words(&chosen));
        person.agrees(&format!("{moves} of these can be tried again, which may send texts. Do it?"))?;
    }
    let done = move_them(&place, &letters, &texts, chosen, !which.all, &by).await?;
    let mut stays = 0;
    for (one, what) in &done {
        stays += usize::from(matches!(what, Redriven::Stays(_)));
        if json {
            let mut shown = in_json(one);
            shown["done"] = result_in_json(what);
            writeln!(out, "{shown}")?;
        } else {
            writeln!(out, "{}: {}", name(one), result_in_words(what))?;
        }
    }
    if !which.all && stays == done.len() {
        bail!("nothing was moved");
    }
    Ok(())
}

async fn looked_at(place: &Place, letters: &dyn DeadLetters) -> anyhow::Result<Vec<Stuck>> {
    let taken = letters.take(MOST_LETTERS, LOOKING).await.map_err(|why| anyhow!("reading the dead letters: {why}"))?;
    letters.put_back(&taken).await.map_err(|why| anyhow!("putting the dead letters back: {why}"))?;
    let mut all = Vec::new();
    for letter in taken {
        all.push(look_at(&place.store, letter).await?);
    }
    Ok(all)
}

async fn choose(target: &Target, place: &Place, which: &Which, mut all: Vec<Stuck>) -> anyhow::Result<Vec<Stuck>> {
    let of_client = |one: &Stuck, client: &ClientId| one.step.as_ref().is_some_and(|step| step.client == *client);
    if which.all {
        if let Some(client) = &target.client {
            all.retain(|one| of_client(one, client));
        }
        return Ok(all);
    }
    let mut chosen: Vec<Stuck> = Vec::new();
    for id in &which.ids {
        let named = all.iter().position(|one| one.letter.as_ref().is_some_and(|letter| letter.id == *id));
        if let Some(n) = named {
            chosen.push(all.swap_remove(n));
            continue;
        }
        if chosen.iter().any(|one| name(one) == *id) {
            continue;
        }
        let client = target.client_in(&place.store).await?;
        let settings = place.store.client(&client).await??;
        let lead = find(&place.store, &settings, id).await;
        let lead = lead.map_err(|why| anyhow!("there is no dead letter `{id}`, and {why:#}"))?.lead;
        let (of_lead, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.step.as_ref().is_some_and(|step| step.lead == lead.id));
        all = others;
        let known = |one: &Stuck, among: &[Stuck]| among.iter().any(|other| other.enrollment() == one.enrollment());
        let run = RunId(RandomIds.new_id(place.now));
        let without: Vec<Stuck> =
            in_review(&lead, run).into_iter().filter(|one| !known(one, &of_lead) && !known(one, &chosen)).collect();
        if of_lead.is_empty() && without.is_empty() {
            bail!("lead {} has no dead letter and does not wait for review", lead.id);
        }
        chosen.extend(of_lead);
        chosen.extend(without);
    }
    Ok(chosen)
}

/// Takes the chosen letters anew, as long ago as they were shown someone may have moved them, and has them
/// tried again.
async fn move_them(
    place: &Place,
    letters: &dyn DeadLetters,
    texts: &dyn leadline::ports::TextQueue,
    chosen: Vec<Stuck>,
    named: bool,
    by: &str,
) -> anyhow::Result<Vec<(Stuck, Redriven)>> {
    let taken = letters.take(MOST_LETTERS, MOVING).await.map_err(|why| anyhow!("reading the dead letters: {why}"))?;
    let (mut fresh, mut gone) = (Vec::new(), Vec::new());
    let mut by_id: BTreeMap<String, _> = taken.into_iter().map(|letter| (letter.id.clone(), letter)).collect();
    for one in chosen {
        match &one.letter {
            None => fresh.push(one),
            Some(letter) => match by_id.remove(&letter.id) {
                Some(letter) => fresh.push(look_at(&place.store, letter).await?),
                None => gone.push((one, Redriven::Stays("somebody else has it, or moved it".to_owned()))),
            },
        }
    }
    let others: Vec<_> = by_id.into_values().collect();
    letters.put_back(&others).await.map_err(|why| anyhow!("putting the dead letters back: {why}"))?;
    let store = &place.store;
    let redriving = Redriving {
        directory: store,
        leads: store,
        budget: store,
        queue: texts,
        letters,
        ids: &RandomIds,
        by,
        now: place.now,
    };
    let mut done = redriving.redrive(fresh, named).await?;
    let stays = done.iter().filter(|(_, what)| matches!(what, Redriven::Stays(_)));
    let stays: Vec<_> = stays.filter_map(|(one, _)| one.letter.clone()).collect();
    if let Err(why) = letters.put_back(&stays).await {
        tracing::warn!(why, "what stays is seen again in a few minutes");
    }
    done.extend(gone);
    Ok(done)
}

/// What a piece of work is called on the command line.
fn name(one: &Stuck) -> String {
    match (&one.letter, &one.step) {
        (Some(letter), _) => letter.id.clone(),
        (None, Some(step)) => step.lead.to_string(),
        (None, None) => "?".to_owned(),
    }
}

fn lead_of(one: &Stuck) -> Option<LeadId> {
    one.step.as_ref().map(|step| step.lead)
}

fn in_words(all: &[Stuck]) -> comfy_table::Table {
    let mut table = table(["first queued", "id", "client", "lead", "campaign", "step", "now", "next"]);
    for one in all {
        let of_step =
            |show: &dyn Fn(&leadline::domain::job::SendStep) -> String| one.step.as_ref().map_or("?".to_owned(), show);
        let phone = one.phone.as_ref().map_or_else(|| "no number".to_owned(), PhoneNumber::masked);
        table.add_row([
            one.letter.as_ref().map_or_else(|| "no letter".to_owned(), |letter| utc(letter.queued_at)),
            name(one),
            of_step(&|step| step.client.to_string()),
            of_step(&|step| format!("{} {phone}", step.lead)),
            of_step(&|step| step.campaign.to_string()),
            of_step(&|step| step.step.to_string()),
            one.state.to_string(),
            one.state.advice(&name(one), lead_of(one)),
        ]);
    }
    table
}

fn in_json(one: &Stuck) -> serde_json::Value {
    let state = match one.state {
        State::Unreadable(_) => "unreadable",
        State::Failed { .. } => "failed",
        State::Unclear { ask_at: None, .. } => "unclear",
        State::Unclear { ask_at: Some(_), .. } => "asking",
        State::InHands { .. } => "sending",
        State::Retried { .. } => "retry",
        State::Waits { .. } => "waits",
        State::Over(_) => "over",
    };
    let step = one.step.as_ref();
    json!({
        "id": one.letter.as_ref().map(|letter| &letter.id),
        "first_queued": one.letter.as_ref().map(|letter| letter.queued_at),
        "client": step.map(|step| &step.client),
        "lead": step.map(|step| step.lead),
        "phone": one.phone.as_ref().map(PhoneNumber::masked),
        "campaign": step.map(|step| &step.campaign),
        "step": step.map(|step| step.step),
        "state": state,
        "now": one.state.to_string(),
        "next": one.state.advice(&name(one), lead_of(one)),
        "body": one.letter.as_ref().filter(|_| step.is_none()).map(|letter| &letter.body),
    })
}

fn result_in_words(what: &Redriven) -> String {
    match what {
        Redriven::Moved(Some(reason)) => format!("back on the queue; the review is lifted ({reason})"),
        Redriven::Moved(None) => "back on the queue".to_owned(),
        Redriven::Cleared(why) => format!("cleared away: {why}"),
        Redriven::Stays(why) => format!("stays: {why}"),
    }
}

fn result_in_json(what: &Redriven) -> serde_json::Value {
    let (code, words) = match what {
        Redriven::Moved(reason) => ("moved", reason.clone()),
        Redriven::Cleared(why) => ("cleared", Some(why.clone())),
        Redriven::Stays(why) => ("stays", Some(why.clone())),
    };
    json!({ "what": code, "why": words })
}
