//! What can be wrong with a client's settings although they can be read.

use super::{
    client::Client,
    document::{Problem, texts_that_do_not_fit},
    input,
};

/// The most keys of a client.
pub const MOST_KEYS: usize = 50;

impl Client {
    /// Everything about the settings that makes no sense, by its place.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(input::name(&self.name).err().map(|why| Problem::at("/name", why.to_string())));
        let link = self.booking_link.as_deref().map(input::url);
        problems.extend(link.and_then(Result::err).map(|why| Problem::at("/booking_link", why.to_string())));
        if self.countries.is_empty() {
            problems.push(Problem::at("/countries", "without a country nobody is texted"));
        }
        if self.api_keys.len() > MOST_KEYS {
            problems.push(Problem::at("/api_keys", format!("{MOST_KEYS} keys are allowed")));
        }
        if let Ok(document) = serde_json::to_value(self) {
            problems.extend(texts_that_do_not_fit(&document).into_iter().filter(|unfit| unfit.pointer != "/name"));
        }
        problems
    }

    /// The settings with their texts cleaned.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let name = input::name(&self.name).unwrap_or(self.name);
        Self { name, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::samples;
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_named_by_their_place() {
        assert_eq!(samples::client().problems(), []);
        let client = Client {
            name: " ".to_owned(),
            booking_link: Some("javascript:alert(1)".to_owned()),
            countries: Vec::new(),
            ..samples::client()
        };
        let places: Vec<String> = client.problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(places, ["/name", "/booking_link", "/countries"]);
        let client = Client { name: " Acme   Coaching ".to_owned(), ..samples::client() };
        assert_eq!(client.cleaned().name, "Acme Coaching");
    }
}
