//! The sender on Lambda: SQS's batches to [`leadline_sender::handle`].

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, secrets::AwsSecrets, ses::SesMailer, sqs::SqsTextQueue},
    domain::Instant,
    integrations::outbound::{Providers, http_client},
    runtime::{AwsClients, RandomIds, Settings, SystemClock, provider_endpoints, start_logging},
};
use leadline_sender::{Deps, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = Arc::new(DynamoStore::new(aws.dynamodb(&settings), settings.text("LEADLINE_TABLE")));
    let secrets =
        AwsSecrets::new(aws.secrets(&settings), settings.text("LEADLINE_SECRETS_PREFIX"), Arc::new(SystemClock));
    let public_url = settings.url("LEADLINE_PUBLIC_URL");
    let endpoints = provider_endpoints(&settings, public_url);
    let deps = Deps {
        store,
        redelivery: Arc::new(SqsTextQueue::new(aws.sqs(&settings), settings.text("LEADLINE_QUEUE_URL"))),
        provider: Arc::new(Providers::new(http_client()?, Arc::new(secrets), endpoints)),
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    settings.check()?;
    let deps = &deps;
    run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let ends = ends(event.context.deadline, deps.clock.now());
        Ok::<_, Error>(handle(event.payload, deps, ends).await)
    }))
    .await
}

/// When this execution is ended. `cargo lambda watch` always gives a moment that is long past, which says nothing.
fn ends(deadline_millis: u64, now: Instant) -> Option<Instant> {
    let deadline = Instant::from_timestamp_millis(i64::try_from(deadline_millis).ok()?)?;
    (deadline > now).then_some(deadline)
}
