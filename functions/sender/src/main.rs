//! The sender on Lambda: SQS's batches to [`leadline_sender::handle`].

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, secrets::AwsSecrets, ses::SesMailer},
    providers::{Endpoints, Providers, TWILIO, http_client},
    runtime::{AwsClients, RandomIds, Settings, SystemClock, start_logging},
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
    let twilio_base = settings.optional("LEADLINE_TWILIO_URL").unwrap_or_else(|| TWILIO.to_owned());
    let endpoints = Endpoints { twilio_base, public_url: settings.url("LEADLINE_PUBLIC_URL") };
    let deps = Deps {
        directory: store.clone(),
        leads: store.clone(),
        journal: store.clone(),
        once: store,
        provider: Arc::new(Providers::new(http_client()?, Arc::new(secrets), endpoints)),
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    settings.check()?;
    run(service_fn(|event: LambdaEvent<SqsEvent>| async { Ok::<_, Error>(handle(event.payload, &deps).await) })).await
}
