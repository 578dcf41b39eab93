//! AWS clients without the default chain: Lambda always sets region and credentials, and five pinned
//! roots are all that AWS's endpoints need. Loading the system's bundle would be most of the start-up.

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::Settings;

/// Amazon Trust Services' roots, as <https://www.amazontrust.com/repository/> lists them.
const AMAZON_ROOTS: &[u8] = include_bytes!("../../data/amazon_roots.pem");

/// Clients of the AWS services that Leadline uses.
#[derive(Debug)]
pub struct AwsClients {
    region: String,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    endpoint_of: fn(&Settings, &str) -> Option<String>,
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
        Self {
            region: settings.text("AWS_REGION"),
            credentials: SharedCredentialsProvider::new(credentials),
            http,
            endpoint_of: |settings, service| settings.optional(&format!("AWS_ENDPOINT_URL_{service}")),
        }
    }

    /// DynamoDB.
    #[must_use]
    pub fn dynamodb(&self, settings: &Settings) -> aws_sdk_dynamodb::Client {
        use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region};
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone());
        let mut config = config;
        config.set_endpoint_url((self.endpoint_of)(settings, "DYNAMODB"));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// SQS.
    #[must_use]
    pub fn sqs(&self, settings: &Settings) -> aws_sdk_sqs::Client {
        use aws_sdk_sqs::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone());
        config.set_endpoint_url((self.endpoint_of)(settings, "SQS"));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// SES.
    #[must_use]
    pub fn ses(&self, settings: &Settings) -> aws_sdk_sesv2::Client {
        use aws_sdk_sesv2::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone());
        config.set_endpoint_url((self.endpoint_of)(settings, "SESV2"));
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    /// Secrets Manager.
    #[must_use]
    pub fn secrets(&self, settings: &Settings) -> aws_sdk_secretsmanager::Client {
        use aws_sdk_secretsmanager::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone());
        config.set_endpoint_url((self.endpoint_of)(settings, "SECRETS_MANAGER"));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}
