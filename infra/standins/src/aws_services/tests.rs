//! The real SDK clients against the stand-ins, over loopback.
#![allow(clippy::unwrap_used)]

mod sqs;

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::{Mail, Mailbox, Secrets};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// The same configuration for each SDK crate: they share names, not types.
macro_rules! sdk {
    ($sdk:ident, $port:expr) => {{
        let config = $sdk::Config::builder()
            .behavior_version_latest()
            .region($sdk::config::Region::from_static("us-east-1"))
            .credentials_provider($sdk::config::Credentials::new("a", "b", None, None, "test"))
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(format!("http://127.0.0.1:{}", $port))
            .build();
        $sdk::Client::from_conf(config)
    }};
}
use sdk;

#[tokio::test]
async fn a_mail_can_be_read_back_with_both_parts() {
    let mailbox = Mailbox::new(|| at(0));
    let (listener, port) = listen().await;
    let served = mailbox.clone();
    tokio::spawn(async move { served.serve(listener).await });
    let client = sdk!(aws_sdk_sesv2, port);
    let part = |data: &str| Content::builder().data(data).build().unwrap();
    let body = Body::builder().text(part("3 sent")).html(part("<p>3 sent</p>")).build();
    let message = Message::builder().subject(part("Daily report")).body(body).build();
    let send = || {
        client
            .send_email()
            .from_email_address("leadline@example.org")
            .destination(Destination::builder().to_addresses("owner@example.org").build())
            .content(EmailContent::builder().simple(message.clone()).build())
            .send()
    };
    let id = send().await.unwrap().message_id.unwrap();
    let expected = Mail {
        message_id: id,
        at: at(0),
        from: "leadline@example.org".into(),
        to: vec!["owner@example.org".into()],
        subject: "Daily report".into(),
        text: Some("3 sent".into()),
        html: Some("<p>3 sent</p>".into()),
    };
    assert_eq!(mailbox.mails(), [expected]);
    mailbox.set_rejecting(true);
    assert!(send().await.unwrap_err().into_service_error().is_message_rejected());
    assert_eq!(mailbox.mails().len(), 1);
}

#[tokio::test]
async fn a_secret_is_read_by_name_or_arn_and_a_missing_one_is_an_error() {
    let secrets = Secrets::default();
    let (listener, port) = listen().await;
    let served = secrets.clone();
    tokio::spawn(async move { served.serve(listener).await });
    let client = sdk!(aws_sdk_secretsmanager, port);
    let get = |id: &str| client.get_secret_value().secret_id(id).send();
    let missing = get("leadline/twilio").await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
    secrets.put("leadline/twilio", SecretString::from("old"));
    secrets.put("leadline/twilio", SecretString::from("new"));
    let got = get("leadline/twilio").await.unwrap();
    assert_eq!(got.secret_string(), Some("new"));
    assert_eq!(get(got.arn().unwrap()).await.unwrap().secret_string(), Some("new"));
    let previous = client.get_secret_value().secret_id("leadline/twilio").version_stage("AWSPREVIOUS");
    assert_eq!(previous.send().await.unwrap().secret_string(), Some("old"));
}
