//! The scheduler on Lambda: EventBridge's ticks to [`leadline_scheduler::handle`].

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, ses::SesMailer, sqs::SqsTextQueue},
    integrations,
    runtime::{AwsClients, RandomIds, Settings, SystemClock, start_logging},
};
use leadline_scheduler::{Deps, Tick, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = Arc::new(DynamoStore::new(aws.dynamodb(&settings), settings.text("LEADLINE_TABLE")));
    let deps = Deps {
        store,
        read: integrations::read,
        queue: Arc::new(SqsTextQueue::new(aws.sqs(&settings), settings.text("LEADLINE_QUEUE_URL"))),
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        tenants: settings.tenants(),
    };
    settings.check()?;
    run(service_fn(|event: LambdaEvent<Tick>| async { Ok::<_, Error>(handle(event.payload, &deps).await?) })).await
}
