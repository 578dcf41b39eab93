//! `leadline export`: everything of one client, as files that people and programs can read.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use leadline::{
    aws::dynamodb::export::Kept,
    domain::{
        audit::{AuditEvent, Event},
        contact_status::ContactStatus,
        lead::Lead,
        profile::Profile,
    },
};
use serde::Serialize;

use crate::connect::{Connection, Target};

/// How much was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Leads, in `leads.csv`.
    pub leads: u64,
    /// Texts and replies, in `conversations.csv`.
    pub messages: u64,
    /// Numbers of people who said no, in `opt-outs.csv`.
    pub opt_outs: u64,
    /// Everything, in `everything.ndjson`.
    pub items: u64,
    /// Items that cannot be read.
    pub unreadable: u64,
}

/// Writes everything of a client into a new folder.
///
/// # Errors
/// When the folder is there already, or the data cannot be read or written.
pub async fn export(target: &Target, folder: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let summary = run(&there, folder).await?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
        return Ok(());
    }
    let Summary { leads, messages, opt_outs, items, unreadable } = summary;
    writeln!(
        out,
        "{}: {leads} leads, {messages} messages, {opt_outs} opt-outs, {items} items in all",
        folder.display()
    )?;
    if unreadable > 0 {
        writeln!(out, "{unreadable} items could not be read: {}", folder.join("unreadable.txt").display())?;
    }
    Ok(())
}

/// Writes the files, and gives how much was written. One page is held in memory at a time.
///
/// # Errors
/// As [`export`].
pub async fn run(there: &Connection, folder: &Path) -> anyhow::Result<Summary> {
    std::fs::create_dir(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let mut files = Files::new(folder)?;
    let mut page = None;
    loop {
        let found = there.store.kept(&there.client, page).await?;
        for kept in &found.kept {
            files.write(kept)?;
        }
        for words in &found.unreadable {
            files.cannot_be_read(words)?;
        }
        page = found.next;
        if page.is_none() {
            return files.finish();
        }
    }
}

struct Files {
    folder: PathBuf,
    everything: BufWriter<File>,
    leads: csv::Writer<File>,
    conversations: csv::Writer<File>,
    opt_outs: csv::Writer<File>,
    unreadable: Option<BufWriter<File>>,
    lead: Option<Lead>,
    summary: Summary,
}

const LEADS: [&str; 13] = [
    "lead",
    "first_name",
    "last_name",
    "email",
    "phone",
    "standing",
    "since",
    "sms_status",
    "processing_status",
    "live_campaigns",
    "past_campaigns",
    "consent",
    "created_at",
];
const CONVERSATIONS: [&str; 9] =
    ["at", "lead", "phone", "direction", "status", "campaign", "step", "text", "provider_id"];
const OPT_OUTS: [&str; 4] = ["phone", "at", "channel", "words"];

impl Files {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let open = |name: &str| File::create_new(folder.join(name)).with_context(|| format!("writing {name}"));
        let table = |name: &str, header: &[&str]| -> anyhow::Result<csv::Writer<File>> {
            let mut table = csv::Writer::from_writer(open(name)?);
            table.write_record(header)?;
            Ok(table)
        };
        Ok(Self {
            folder: folder.to_owned(),
            everything: BufWriter::new(open("everything.ndjson")?),
            leads: table("leads.csv", &LEADS)?,
            conversations: table("conversations.csv", &CONVERSATIONS)?,
            opt_outs: table("opt-outs.csv", &OPT_OUTS)?,
            unreadable: None,
            lead: None,
            summary: Summary::default(),
        })
    }

    fn write(&mut self, kept: &Kept) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.everything, kept)?;
        self.everything.write_all(b"\n")?;
        self.summary.items += 1;
        match kept {
            Kept::Lead(lead) => self.lead = Some((**lead).clone()),
            Kept::Profile(profile) => {
                if let Some(lead) = self.lead.take_if(|lead| lead.id == profile.lead) {
                    self.leads.write_record(lead_row(&lead, profile).map(|cell| safe(&cell)))?;
                    self.summary.leads += 1;
                }
            }
            Kept::Happened(event) => {
                if let Some(row) = message_row(event) {
                    self.conversations.write_record(row.map(|cell| safe(&cell)))?;
                    self.summary.messages += 1;
                }
            }
            Kept::Number { phone, opt_out: Some(no), .. } => {
                let channel = serde_json::to_value(no.channel)?;
                let channel = channel.as_str().unwrap_or_default();
                let words = no.words.clone().unwrap_or_default();
                self.opt_outs.write_record([phone, &no.at.to_rfc3339(), channel, &words].map(safe))?;
                self.summary.opt_outs += 1;
            }
            Kept::Number { opt_out: None, .. }
            | Kept::Settings(_)
            | Kept::Campaign(_)
            | Kept::Plan { .. }
            | Kept::Event(_) => {}
        }
        Ok(())
    }

    fn cannot_be_read(&mut self, words: &str) -> anyhow::Result<()> {
        let file = match &mut self.unreadable {
            Some(file) => file,
            None => self.unreadable.insert(BufWriter::new(File::create_new(self.folder.join("unreadable.txt"))?)),
        };
        writeln!(file, "{words}")?;
        self.summary.unreadable += 1;
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Summary> {
        self.everything.flush()?;
        self.leads.flush()?;
        self.conversations.flush()?;
        self.opt_outs.flush()?;
        if let Some(file) = &mut self.unreadable {
            file.flush()?;
        }
        Ok(self.summary)
    }
}

fn lead_row(lead: &Lead, profile: &Profile) -> [String; 13] {
    let (standing, since) = match &lead.standing {
        ContactStatus::Open => ("open", String::new()),
        ContactStatus::OptedOut(no) => ("opted out", no.at.to_rfc3339()),
        ContactStatus::Held { since, .. } => ("held", since.to_rfc3339()),
    };
    let live: Vec<String> = lead.enrollments.iter().map(|live| live.campaign.to_string()).collect();
    let past: Vec<String> = lead.history.iter().map(|past| format!("{} ({})", past.campaign, past.outcome)).collect();
    let status = serde_json::to_value(lead.sms_status()).ok();
    [
        lead.id.to_string(),
        profile.first_name.clone().unwrap_or_default(),
        profile.last_name.clone().unwrap_or_default(),
        profile.email.as_ref().map(ToString::to_string).unwrap_or_default(),
        lead.phone.as_ref().map(|phone| phone.e164().to_owned()).unwrap_or_default(),
        standing.to_owned(),
        since,
        status.and_then(|status| status.as_str().map(str::to_owned)).unwrap_or_default(),
        lead.processing_status(),
        live.join("; "),
        past.join("; "),
        profile.consent.as_ref().map(|given| format!("{} {}", given.terms, given.at.to_rfc3339())).unwrap_or_default(),
        profile.created_at.to_rfc3339(),
    ]
}

/// A text or a reply as a row.
fn message_row(event: &AuditEvent) -> Option<[String; 9]> {
    let (direction, text, provider_id) = match event.event {
        Event::SmsAttempt | Event::AnswerSent => {
            let text = event.text.as_ref()?;
            ("to them", text.body.clone(), text.provider_id.clone())
        }
        Event::ReplyReceived => ("from them", event.detail.clone().unwrap_or_default(), None),
        _ => return None,
    };
    let status = serde_json::to_value(event.status).ok();
    Some([
        event.at.to_rfc3339(),
        event.lead.map(|lead| lead.to_string()).unwrap_or_default(),
        event.phone.as_ref().map(|phone| phone.e164().to_owned()).unwrap_or_default(),
        direction.to_owned(),
        status.and_then(|status| status.as_str().map(str::to_owned)).unwrap_or_default(),
        event.campaign.as_ref().map(ToString::to_string).unwrap_or_default(),
        event.step.map(|step| step.to_string()).unwrap_or_default(),
        text,
        provider_id.unwrap_or_default(),
    ])
}

/// A cell that no spreadsheet takes for a formula: what people typed is text. A number in E.164 stays as
/// it is. Source: OWASP, CSV injection.
fn safe(cell: impl AsRef<str>) -> String {
    let cell = cell.as_ref();
    let number =
        cell.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    if !number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn no_cell_is_a_formula_and_a_number_stays_a_number() {
        for (cell, shown) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1+1", "'+1+1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+13055550123", "+13055550123"),
            ("Pat", "Pat"),
            ("", ""),
        ] {
            assert_eq!(safe(cell), shown);
        }
    }
}
