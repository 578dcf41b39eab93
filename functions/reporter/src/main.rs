//! The reporter on Lambda: EventBridge's ticks to [`leadline_reporter::handle`].

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use leadline::{
    aws::{dynamodb::DynamoStore, secrets::AwsSecrets, ses::SesMailer},
    integrations::{self, kajabi::api::KajabiApi, outbound::http_client},
    runtime::{AwsClients, RandomIds, Settings, SystemClock, kajabi_base, start_logging},
};
use leadline_reporter::{Deps, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let mut settings = Settings::from_environment();
    let aws = AwsClients::new(&mut settings);
    let store = Arc::new(DynamoStore::new(aws.dynamodb(&settings), settings.text("LEADLINE_TABLE")));
    let secrets =
        AwsSecrets::new(aws.secrets(&settings), settings.text("LEADLINE_SECRETS_PREFIX"), Arc::new(SystemClock));
    let base = kajabi_base(&settings);
    let deps = Deps {
        store,
        read: integrations::read,
        feed: Arc::new(KajabiApi::new(http_client()?, Arc::new(secrets), Arc::new(SystemClock), &base)),
        receipts_come: true,
        mailer: Arc::new(SesMailer::new(aws.ses(&settings), settings.text("LEADLINE_MAIL_FROM"))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    settings.check()?;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| async {
        Ok::<_, Error>(handle(event.payload, &deps).await?)
    }))
    .await
}
