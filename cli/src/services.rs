//! `leadline local --services-only`: the stand-ins alone, for functions that run as separate processes.
//!
//! On fixed ports of 127.0.0.1 and at the machine's time, which nothing here moves.

use std::{
    fmt::Write as _,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use axum::{Json, Router, routing::get};
use leadline::{aws::dynamodb::DynamoStore, ports::Clock, runtime::SystemClock};
use leadline_standins::{
    aws_services::{Mailbox, Secrets, Sqs},
    carrier::Carrier,
    dynamo, providers,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    local,
    system::{DEAD, ERASURES, RECEIVES, TABLE, TEXTS, VISIBILITY},
};

/// What the names of clients' secrets begin with.
pub(crate) const SECRETS_PREFIX: &str = "leadline";

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first of six ports: DynamoDB, SQS, SES, Secrets Manager, the SMS providers, the ledger.
    pub port: u16,
    /// A file of clients instead of the sample.
    pub clients: Option<PathBuf>,
    /// Where to write the environment instead of printing it.
    pub env_file: Option<PathBuf>,
}

/// Serves until it is interrupted.
///
/// # Errors
/// When the clients cannot be read, a port is taken, or one of the stand-ins ends.
pub async fn run(options: Options, out: &mut dyn Write) -> anyhow::Result<()> {
    let setup = local::setup(options.clients.as_deref())?;
    let database = dynamo::embedded(|| u64::try_from(SystemClock.now().timestamp()).unwrap_or(0))?;
    dynamo::create_table(&database.client(), TABLE).await?;
    dynamo::create_erasures_table(&database.client(), ERASURES).await?;
    let secrets = Secrets::default();
    setup.write(&DynamoStore::new(database.client(), TABLE), None).await?;
    for client in &setup.clients {
        let value = serde_json::to_string(&client.all_secrets())?;
        secrets.put(&format!("{SECRETS_PREFIX}/{}", client.settings.id), SecretString::from(value));
    }
    let sqs = Sqs::new(|| SystemClock.now());
    sqs.create_pair(TEXTS, DEAD, VISIBILITY, RECEIVES);
    let mailbox = Mailbox::new(|| SystemClock.now());
    let carrier = Carrier::new(|| SystemClock.now());

    let mut listeners = Vec::new();
    for port in 0..6 {
        listeners.push(bind(options.port, port).await?);
    }
    let Ok([for_dynamo, for_sqs, for_ses, for_secrets, for_providers, for_ledger]) =
        <[TcpListener; 6]>::try_from(listeners)
    else {
        anyhow::bail!("there are not six ports");
    };
    let (accounts, ledger) = (setup.accounts(), ledger(carrier.clone(), mailbox.clone()));
    let mut served: JoinSet<anyhow::Result<()>> = JoinSet::new();
    served.spawn(async move { database.serve(for_dynamo).await });
    served.spawn(async move { Ok(sqs.serve(for_sqs).await?) });
    served.spawn(async move { Ok(mailbox.serve(for_ses).await?) });
    served.spawn(async move { Ok(secrets.serve(for_secrets).await?) });
    served.spawn(async move { Ok(providers::serve(for_providers, accounts, carrier).await?) });
    served.spawn(async move { Ok(axum::serve(for_ledger, ledger).await?) });

    // Written last, so that whoever waits for it finds everything there.
    let environment = environment(options.port);
    match &options.env_file {
        Some(file) => put(file, &environment)?,
        None => {
            out.write_all(environment.as_bytes())?;
            out.flush()?;
        }
    }
    eprintln!(
        "stand-ins on 127.0.0.1, ports {} to {}; what was sent: http://127.0.0.1:{}/ledger",
        options.port,
        options.port + 5,
        options.port + 5
    );
    tokio::select! {
        ended = served.join_next() => match ended {
            Some(ended) => ended?.context("a stand-in ended"),
            None => Ok(()),
        },
        () = local::interrupted() => Ok(()),
    }
}

async fn bind(base: u16, offset: u16) -> anyhow::Result<TcpListener> {
    let port = base.checked_add(offset).context("the ports end at 65535; choose a lower --services-port")?;
    let hint = || {
        format!(
            "port {port} cannot be opened; choose others, for example: --services-port {}",
            base.saturating_add(100)
        )
    };
    TcpListener::bind(("127.0.0.1", port)).await.with_context(hint)
}

/// `GET /ledger`: the texts that the provider accepted and the mails that were sent.
fn ledger(carrier: Carrier, mailbox: Mailbox) -> Router {
    let answer = move || {
        let texts: Vec<Value> = carrier
            .ledger()
            .into_iter()
            .map(|text| {
                json!({
                    "sid": text.sid, "at": text.at, "to": text.to, "from": text.from, "body": text.body,
                    "status": text.status, "status_callback": text.status_callback,
                })
            })
            .collect();
        let mails: Vec<Value> = mailbox
            .mails()
            .into_iter()
            .map(|mail| {
                json!({
                    "id": mail.message_id, "at": mail.at, "from": mail.from, "to": mail.to,
                    "subject": mail.subject, "text": mail.text, "html": mail.html,
                })
            })
            .collect();
        let answer = Json(json!({ "texts": texts, "mails": mails }));
        async move { answer }
    };
    Router::new().route("/ledger", get(answer))
}

/// What the functions need, as lines that a shell can read.
fn environment(port: u16) -> String {
    let at = |offset: u16| format!("http://127.0.0.1:{}", port + offset);
    let values = [
        ("AWS_ENDPOINT_URL_DYNAMODB", at(0)),
        ("AWS_ENDPOINT_URL_SQS", at(1)),
        ("AWS_ENDPOINT_URL_SESV2", at(2)),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", at(3)),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "standin".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "standin".to_owned()),
        ("LEADLINE_TABLE", TABLE.to_owned()),
        ("LEADLINE_ERASURES_TABLE", ERASURES.to_owned()),
        ("LEADLINE_QUEUE_URL", Sqs::queue_url(port + 1, TEXTS)),
        ("LEADLINE_DEAD_LETTERS_URL", Sqs::queue_url(port + 1, DEAD)),
        ("LEADLINE_MAIL_FROM", "leadline@example.com".to_owned()),
        ("LEADLINE_SECRETS_PREFIX", SECRETS_PREFIX.to_owned()),
        ("LEADLINE_PUBLIC_URL", "http://127.0.0.1:9000/lambda-url/webhook".to_owned()),
        ("LEADLINE_TWILIO_URL", at(4)),
        ("LEADLINE_OPENPHONE_URL", at(4)),
        ("LEADLINE_SIMPLETEXTING_URL", format!("{}/v2", at(4))),
        // Nothing answers for Kajabi there, and nothing leaves the machine.
        ("LEADLINE_KAJABI_URL", at(4)),
    ];
    let mut lines = String::new();
    for (name, value) in values {
        let _ = writeln!(lines, "export {name}='{value}'");
    }
    lines
}

/// Writes a file in one go: whoever sees it sees all of it.
fn put(file: &Path, content: &str) -> anyhow::Result<()> {
    let part = file.with_extension("part");
    let put = || {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&part, content)?;
        std::fs::rename(&part, file)
    };
    put().with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_lines_that_a_shell_can_read() {
        for line in environment(8001).lines() {
            let (name, value) = line.strip_prefix("export ").and_then(|line| line.split_once('=')).expect(line);
            assert!(
                name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'),
                "{line}"
            );
            let inside = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).expect(line);
            assert!(!inside.is_empty() && !inside.contains('\''), "{line}");
        }
    }
}
