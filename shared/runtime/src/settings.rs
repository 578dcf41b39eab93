//! A function's settings, read once at start. Everything that is missing or wrong is said together.

use domain::{email::EmailAddress, tenants::Tenants};

/// Where values come from, by name.
type Read = Box<dyn Fn(&str) -> Option<String>>;

/// What a function reads from its environment. Each reads only what it needs.
pub struct Settings {
    read: Read,
    problems: Vec<String>,
}

/// The environment is not complete.
#[derive(Debug, thiserror::Error)]
#[error("the environment is not complete: {}", problems.join("; "))]
pub struct InvalidSettings {
    problems: Vec<String>,
}

impl Settings {
    /// Settings from the process's environment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_environment() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Settings from anywhere.
    #[must_use]
    pub fn from(read: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { read: Box::new(read), problems: Vec::new() }
    }

    /// A text that must be there. Gives an empty one if it is not, and remembers the problem.
    pub fn text(&mut self, name: &str) -> String {
        match (self.read)(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => value,
            None => {
                self.problems.push(format!("{name} is not set"));
                String::new()
            }
        }
    }

    /// A text that may be there.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.read)(name).filter(|value| !value.trim().is_empty())
    }

    /// An email address that must be there.
    pub fn email(&mut self, name: &str) -> Option<EmailAddress> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let parsed = EmailAddress::parse(&text);
        if parsed.is_err() {
            self.problems.push(format!("{name} is not an email address"));
        }
        parsed.ok()
    }

    /// Whether all clients have one owner: `LEADLINE_TENANTS`. Where nothing is said they are separate.
    pub fn tenants(&mut self) -> Tenants {
        let Some(text) = self.optional("LEADLINE_TENANTS") else { return Tenants::default() };
        text.trim().parse().unwrap_or_else(|error| {
            self.problems.push(format!("LEADLINE_TENANTS: {error}"));
            Tenants::default()
        })
    }

    /// An address that begins with `https://` (or, on one machine, `http://127.0.0.1`), without a slash at the end.
    pub fn url(&mut self, name: &str) -> String {
        let url = self.text(name);
        let loopback = url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost");
        if !url.is_empty() && !url.starts_with("https://") && !loopback {
            self.problems.push(format!("{name} does not begin with https://"));
        }
        url.trim_end_matches('/').to_owned()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`InvalidSettings`] names everything that was missing or wrong.
    pub fn check(self) -> Result<(), InvalidSettings> {
        if self.problems.is_empty() { Ok(()) } else { Err(InvalidSettings { problems: self.problems }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_said_together() {
        let mut settings = Settings::from(|name| match name {
            "LEADLINE_PUBLIC_URL" => Some("ftp://example.com".into()),
            "LEADLINE_OPERATOR_EMAIL" => Some("nobody".into()),
            "LEADLINE_TENANTS" => Some("friends".into()),
            _ => None,
        });
        settings.text("LEADLINE_TABLE");
        settings.url("LEADLINE_PUBLIC_URL");
        settings.email("LEADLINE_OPERATOR_EMAIL");
        assert_eq!(settings.tenants(), Tenants::Separate);
        let problems = settings.check().expect_err("incomplete").to_string();
        for part in [
            "LEADLINE_TABLE is not set",
            "LEADLINE_PUBLIC_URL does not",
            "LEADLINE_OPERATOR_EMAIL is not an",
            "LEADLINE_TENANTS: it must be `one-owner` or `separate`",
        ] {
            assert!(problems.contains(part), "{problems}");
        }
    }

    #[test]
    fn clients_are_separate_unless_they_are_said_to_have_one_owner() {
        for (given, tenants) in [
            (None, Tenants::Separate),
            (Some(""), Tenants::Separate),
            (Some("separate"), Tenants::Separate),
            (Some("one-owner"), Tenants::OneOwner),
        ] {
            let mut settings = Settings::from(move |_| given.map(str::to_owned));
            assert_eq!(settings.tenants(), tenants, "{given:?}");
            assert!(settings.check().is_ok());
        }
    }
}
