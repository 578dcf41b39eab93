//! The webhook on Lambda: API Gateway's requests to [`leadline_webhook::handle`].

use std::sync::Arc;

use lambda_http::{Error, Request, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, secrets::AwsSecrets, ses::SesMailer, sqs::SqsTextQueue},
    integrations,
    runtime::{AwsClients, RandomIds, Settings, SystemClock, start_logging},
};
use leadline_webhook::{Deps, Tally, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = Arc::new(DynamoStore::new(aws.dynamodb(&settings), settings.text("LEADLINE_TABLE")));
    let deps = Deps {
        store: store.clone(),
        sources: integrations::SOURCES,
        read: integrations::read,
        queue: Arc::new(SqsTextQueue::new(aws.sqs(&settings), settings.text("LEADLINE_QUEUE_URL"))),
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        secrets: Arc::new(AwsSecrets::new(
            aws.secrets(&settings),
            settings.text("LEADLINE_SECRETS_PREFIX"),
            Arc::new(SystemClock),
        )),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        public_url: settings.url("LEADLINE_PUBLIC_URL"),
        tenants: settings.tenants(),
        refused: Arc::new(Tally::new(store)),
    };
    settings.check()?;
    run(service_fn(|request: Request| async { Ok::<_, Error>(handle(request, &deps).await) })).await
}
