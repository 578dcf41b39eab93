//! Which account on AWS: that of the environment, or of a profile of the AWS CLI.

use std::{collections::BTreeMap, process::Command};

use anyhow::{Context, bail};
use serde::Deserialize;

/// Which account and region, where it is not what the environment says.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Account {
    /// A profile of the AWS CLI (version 2), which gives its credentials, instead of those of the environment.
    #[arg(long, value_name = "NAME", requires = "table", global = true)]
    pub profile: Option<String>,
    /// The region, instead of the profile's or the environment's.
    #[arg(long, value_name = "REGION", requires = "table", global = true)]
    pub aws_region: Option<String>,
}

/// What the AWS CLI exports (`--format process`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    #[serde(default)]
    session_token: Option<String>,
}

impl Account {
    /// What counts instead of the environment, by the environment's names.
    ///
    /// # Errors
    /// When the AWS CLI is not there, or does not know the profile.
    pub fn given(&self) -> anyhow::Result<BTreeMap<String, String>> {
        self.given_by(aws)
    }

    fn given_by(&self, aws: impl Fn(&[&str]) -> anyhow::Result<String>) -> anyhow::Result<BTreeMap<String, String>> {
        let mut given = BTreeMap::new();
        if let Some(profile) = &self.profile {
            let exported = aws(&["configure", "export-credentials", "--profile", profile, "--format", "process"])?;
            let Exported { access_key_id, secret_access_key, session_token } = serde_json::from_str(&exported)
                .with_context(|| format!("reading what the AWS CLI says of profile {profile}"))?;
            given.insert("AWS_ACCESS_KEY_ID".to_owned(), access_key_id);
            given.insert("AWS_SECRET_ACCESS_KEY".to_owned(), secret_access_key);
            // A token of the environment belongs to other credentials.
            given.insert("AWS_SESSION_TOKEN".to_owned(), session_token.unwrap_or_default());
            if self.aws_region.is_none()
                && let Ok(region) = aws(&["configure", "get", "region", "--profile", profile])
                && !region.trim().is_empty()
            {
                given.insert("AWS_REGION".to_owned(), region.trim().to_owned());
            }
        }
        given.extend(self.aws_region.iter().map(|region| ("AWS_REGION".to_owned(), region.clone())));
        Ok(given)
    }
}

/// Asks the AWS CLI.
fn aws(arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new("aws")
        .args(arguments)
        .output()
        .context("running `aws`: --profile needs the AWS CLI, version 2; without it, set the AWS_* variables")?;
    if !done.status.success() {
        bail!("the AWS CLI refused: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8(done.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(profile: Option<&str>, region: Option<&str>) -> Account {
        Account { profile: profile.map(str::to_owned), aws_region: region.map(str::to_owned) }
    }

    fn cli(arguments: &[&str]) -> anyhow::Result<String> {
        match arguments {
            ["configure", "export-credentials", "--profile", "coach", ..] => {
                Ok(r#"{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"}"#.to_owned())
            }
            ["configure", "get", "region", "--profile", "coach"] => Ok("eu-west-1\n".to_owned()),
            _ => bail!("the profile is not there"),
        }
    }

    #[test]
    fn a_profile_gives_credentials_and_region_and_a_region_that_is_said_counts_more() {
        let given = account(Some("coach"), None).given_by(cli).expect("it is there");
        assert_eq!(given["AWS_ACCESS_KEY_ID"], "AKIDEXAMPLE");
        assert_eq!((given["AWS_SESSION_TOKEN"].as_str(), given["AWS_REGION"].as_str()), ("", "eu-west-1"));
        let said = account(Some("coach"), Some("us-west-2")).given_by(cli).expect("it is there");
        assert_eq!(said["AWS_REGION"], "us-west-2");
        assert_eq!(account(None, Some("us-west-2")).given_by(cli).expect("no profile").len(), 1);
        assert!(account(None, None).given_by(cli).expect("the environment").is_empty());
        assert!(account(Some("nobody"), None).given_by(cli).is_err());
    }
}
