//! The console on Lambda: API Gateway's requests to [`leadline_console::handle`].

use std::sync::Arc;

use lambda_http::{Error, Request, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, ses::SesMailer, sqs::SqsTextQueue},
    runtime::{AwsClients, RandomIds, Settings, SystemClock, new_secret, start_logging},
};
use leadline_console::{Deps, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = Arc::new(DynamoStore::new(aws.dynamodb(&settings), settings.text("LEADLINE_TABLE")));
    let deps = Deps {
        store: store.clone(),
        requests: store,
        new_secret,
        queue: Arc::new(SqsTextQueue::new(aws.sqs(&settings), settings.text("LEADLINE_QUEUE_URL"))),
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    settings.check()?;
    run(service_fn(|request: Request| async { Ok::<_, Error>(handle(request, &deps).await) })).await
}
