//! What can be wrong with a client's settings although they can be read.

use super::{
    client::{Client, Mode, ProviderSettings, TwilioSender},
    document::{Problem, texts_that_do_not_fit},
    input,
    phone::PhoneNumber,
    template::Template,
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
        let texts = [
            ("/default_text", &self.default_text),
            ("/answers/opted_out", &self.answers.opted_out),
            ("/answers/help", &self.answers.help),
        ];
        let fault =
            |(place, text): (&str, &Option<Template>)| Some(Problem::at(place, text.as_ref()?.fault()?.to_string()));
        problems.extend(texts.into_iter().filter_map(fault));
        if self.countries.is_empty() {
            problems.push(Problem::at("/countries", "without a country nobody is texted"));
        }
        if !self.region.is_read() {
            let words = format!(
                "numbers of {} are not read, so say where numbers without a country code belong",
                self.region.code()
            );
            problems.push(Problem::at("/region", words));
        }
        let numbers = self.numbers().into_iter();
        let unreal =
            |(place, number): (&str, &PhoneNumber)| Some(Problem::at(place, number.check().err()?.to_string()));
        problems.extend(numbers.filter_map(unreal));
        if self.api_keys.len() > MOST_KEYS {
            problems.push(Problem::at("/api_keys", format!("{MOST_KEYS} keys are allowed")));
        }
        if let Ok(document) = serde_json::to_value(self) {
            problems.extend(texts_that_do_not_fit(&document).into_iter().filter(|unfit| unfit.pointer != "/name"));
        }
        problems
    }

    /// The numbers that people typed, by their places.
    fn numbers(&self) -> Vec<(&'static str, &PhoneNumber)> {
        let test = match &self.mode {
            Mode::Live => None,
            Mode::Test { phone, .. } => phone.as_ref().map(|phone| ("/mode/test/phone", phone)),
        };
        let sender = match &self.provider {
            ProviderSettings::Twilio { sender: TwilioSender::Number(number), .. } => {
                Some(("/provider/twilio/sender/number", number))
            }
            ProviderSettings::Twilio { sender: TwilioSender::Service(_), .. } => None,
            ProviderSettings::OpenPhone { number, .. } => Some(("/provider/openphone/number", number)),
            ProviderSettings::SimpleTexting { account_phone } => {
                Some(("/provider/simpletexting/account_phone", account_phone))
            }
        };
        test.into_iter().chain(sender).collect()
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
    use super::super::phone::Region;
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_named_by_their_place() {
        assert_eq!(crate::fixtures::client().problems(), []);
        let client = Client {
            name: " ".to_owned(),
            booking_link: Some("javascript:alert(1)".to_owned()),
            countries: Vec::new(),
            ..crate::fixtures::client()
        };
        let places: Vec<String> = client.problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(places, ["/name", "/booking_link", "/countries"]);
        let mut client = crate::fixtures::client();
        client.default_text = serde_json::from_value("Hi [First Name]".into()).ok();
        client.answers.help = serde_json::from_value("{{business_name}} {help}".into()).ok();
        let places: Vec<String> = client.problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(places, ["/default_text", "/answers/help"]);
        let unreal = serde_json::from_value("+11235550123".into()).expect("it has the form of a number");
        let client = Client { mode: Mode::Test { phone: Some(unreal), email: None }, ..crate::fixtures::client() };
        let region = Region::try_from("DE".to_owned()).expect("a country");
        let client = Client { region, ..client };
        let places: Vec<String> = client.problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(places, ["/region", "/mode/test/phone"]);
        let client = Client { name: " Acme   Coaching ".to_owned(), ..crate::fixtures::client() };
        assert_eq!(client.cleaned().name, "Acme Coaching");
    }
}
