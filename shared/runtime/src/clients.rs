//! AWS clients without the default chain: Lambda always sets region and credentials, and five pinned
//! roots are all that AWS's endpoints need. Loading the system's bundle would be most of the start-up.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;

use super::Settings;

/// Amazon Trust Services' roots, as <https://www.amazontrust.com/repository/> lists them.
const AMAZON_ROOTS: &[u8] = include_bytes!("../../data/amazon_roots.pem");

/// How long one try of a call may take. A pooled connection may have died unnoticed while Lambda had
/// the process frozen; it must not take the function's whole time.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long a call may take with all its tries.
const CALL: Duration = Duration::from_secs(9);

/// Clients of the AWS services that Leadline uses.
#[derive(Debug)]
pub struct AwsClients {
    region: String,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
}

/// One service's client. All SDK crates have the same builder, and no trait for it.
macro_rules! client {
    ($self:ident, $settings:ident, $sdk:ident, $endpoint:literal) => {{
        use $sdk::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new($self.region.clone()))
            .credentials_provider($self.credentials.clone())
            .http_client($self.http.clone())
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build(),
            );
        config.set_endpoint_url($settings.optional($endpoint));
        $sdk::Client::from_conf(config.build())
    }};
}

impl AwsClients {
    /// Clients from the environment that Lambda sets. `AWS_ENDPOINT_URL_…` points one elsewhere.
    #[must_use]
    pub fn new(settings: &mut Settings) -> Self {
        let credentials = Credentials::new(
            settings.text("AWS_ACCESS_KEY_ID"),
            settings.text("AWS_SECRET_ACCESS_KEY"),
            settings.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let trust = TrustStore::empty().with_native_roots(false).with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder().with_trust_store(trust).build().expect("the pinned roots are certificates");
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https();
        let credentials = SharedCredentialsProvider::new(credentials);
        Self { region: settings.text("AWS_REGION"), credentials, http }
    }

    /// DynamoDB.
    #[must_use]
    pub fn dynamodb(&self, settings: &Settings) -> aws_sdk_dynamodb::Client {
        client!(self, settings, aws_sdk_dynamodb, "AWS_ENDPOINT_URL_DYNAMODB")
    }

    /// SQS.
    #[must_use]
    pub fn sqs(&self, settings: &Settings) -> aws_sdk_sqs::Client {
        client!(self, settings, aws_sdk_sqs, "AWS_ENDPOINT_URL_SQS")
    }

    /// SES.
    #[must_use]
    pub fn ses(&self, settings: &Settings) -> aws_sdk_sesv2::Client {
        client!(self, settings, aws_sdk_sesv2, "AWS_ENDPOINT_URL_SESV2")
    }

    /// Secrets Manager.
    #[must_use]
    pub fn secrets(&self, settings: &Settings) -> aws_sdk_secretsmanager::Client {
        client!(self, settings, aws_sdk_secretsmanager, "AWS_ENDPOINT_URL_SECRETS_MANAGER")
    }
}
