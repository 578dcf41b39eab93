//! Operators' emails by SES.

use async_trait::async_trait;
use aws_sdk_sesv2::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata},
    types::{Body, Content, Destination, EmailContent, Message},
};

use ports::{Email, MailError, Mailer};

/// SES, with the address that emails come from.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    from: String,
}

impl SesMailer {
    /// Sends from `from`, which SES must have verified.
    #[must_use]
    pub fn new(client: Client, from: impl Into<String>) -> Self {
        Self { client, from: from.into() }
    }
}

fn content(data: &str) -> Result<Content, MailError> {
    Content::builder().data(data).charset("UTF-8").build().map_err(|error| MailError(error.to_string()))
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, email: &Email) -> Result<(), MailError> {
        let html = email.html.as_deref().map(content).transpose()?;
        let body = Body::builder().text(content(&email.text)?).set_html(html).build();
        let message = Message::builder().subject(content(&email.subject)?).body(body).build();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(email.to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| {
                // SES's message names the address, which belongs in no log: its code says enough.
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
                MailError(code.unwrap_or_else(|| DisplayErrorContext(&error).to_string()))
            })?;
        Ok(())
    }
}
