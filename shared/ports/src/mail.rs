//! Emails to operators.

use async_trait::async_trait;
use domain::email::EmailAddress;
use serde::{Deserialize, Serialize};

/// An email to an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// To whom.
    pub to: EmailAddress,
    /// Subject.
    pub subject: String,
    /// The whole of it as text.
    pub text: String,
    /// The whole of it as HTML, where there is one.
    pub html: Option<String>,
}

/// An email could not be sent.
#[derive(Debug, thiserror::Error)]
#[error("the email could not be sent: {0}")]
pub struct MailError(pub String);

/// Where operators' emails leave.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one email.
    async fn send(&self, email: &Email) -> Result<(), MailError>;
}
