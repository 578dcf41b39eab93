//! A rehearsal for people to read: one line per happening, in the client's own time.

use chrono_tz::Tz;
use leadline::domain::{Instant, ids::ClientId, phone::PhoneNumber};

use super::line::{AuditLine, Line, Summary};
use crate::system::System;

/// The line for people, or `None` for what only fills the page, such as runs that found nothing.
pub fn show(line: &Line, system: &System) -> Option<String> {
    match line {
        Line::Audit(audit) if is_noise(audit) => None,
        Line::Audit(audit) => Some(format!("{}  {}", when(audit.at, Some(&audit.client), system), of_audit(audit))),
        Line::Text(text) => {
            let to = PhoneNumber::try_from(text.to.clone()).map_or_else(|_| text.to.clone(), |phone| phone.national());
            let step = text.step.map(|step| format!(" · step {step}")).unwrap_or_default();
            let head = format!("{}  TEXT to {to}{step}", when(text.at, text.client.as_ref(), system));
            Some(format!("{head}\n{}", quoted(&text.body)))
        }
        Line::Email(mail) => {
            Some(format!("{}  EMAIL to {}: {}", when(mail.at, mail.client.as_ref(), system), mail.to, mail.subject))
        }
        Line::Summary(summary) => Some(of_summary(summary)),
    }
}

fn is_noise(audit: &AuditLine) -> bool {
    let idle =
        audit.event == "scheduler_run" && audit.detail.as_deref() == Some("0 queued, 0 put off, 0 ended or to review");
    idle || matches!(audit.event.as_str(), "alert_sent" | "report_sent")
}

fn of_audit(audit: &AuditLine) -> String {
    let mut words = audit.event.replace('_', " ");
    if audit.test {
        words.insert_str(0, "TEST ");
    }
    if let Some(campaign) = &audit.campaign {
        words.push_str(&format!(" · {campaign}"));
    }
    if let Some(step) = audit.step {
        words.push_str(&format!(" · step {step}"));
    }
    if let Some(reason) = &audit.reason {
        words.push_str(&format!(" · {reason}"));
    }
    if let Some(detail) = &audit.detail {
        words.push_str(&format!(": {detail}"));
    }
    words
}

fn of_summary(summary: &Summary) -> String {
    let list = |counts: &std::collections::BTreeMap<String, usize>| {
        let all: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    format!(
        "\n{} lead(s), {} enrolled, {} text(s), {} email(s)\nwaiting: {}\nended: {}\nrejected: {}",
        summary.leads,
        summary.enrolled,
        summary.texts,
        summary.emails,
        summary.waiting,
        list(&summary.ended),
        list(&summary.rejected)
    )
}

fn when(at: Instant, client: Option<&ClientId>, system: &System) -> String {
    let setup = client.and_then(|id| system.client(id)).or(system.clients.first());
    let zone = setup.map_or(Tz::UTC, |setup| setup.settings.zone);
    let name = client.map_or("-", |id| id.as_str());
    format!("{}  {name}", at.with_timezone(&zone).format("%a %-d %b %Y %H:%M:%S %Z"))
}

fn quoted(body: &str) -> String {
    body.lines().map(|line| format!("    │ {line}\n")).collect::<String>().trim_end().to_owned()
}
