//! One text that a client's own program asks for.

use serde::{Deserialize, Serialize};

use crate::{
    phone::{PhoneNumber, Region},
    template::{self, MAX_TEXT},
};

/// A request for one text, as it is posted. It is stored with the name of the key that it came with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SendRequest {
    /// To whom, as people write it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64, example = "+13055550123"))]
    pub to: String,
    /// What to say.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1600))]
    pub text: String,
    /// The name of the key. Whatever the request says of it is overwritten.
    #[serde(default)]
    pub by: String,
}

/// A request that can be worked on. `Debug` hides whom and what it is about.
#[derive(Clone, PartialEq, Eq)]
pub struct OneText {
    /// To whom.
    pub to: PhoneNumber,
    /// What to say.
    pub text: String,
    /// Who asks.
    pub by: String,
}

impl std::fmt::Debug for OneText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { to, text, by } = self;
        write!(f, "OneText {{ to: {}, {} characters, by: {by:?} }}", to.masked(), text.chars().count())
    }
}

/// A field of a request that makes no sense, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadField {
    /// Its name.
    pub field: &'static str,
    /// Why, in words.
    pub problem: String,
}

impl SendRequest {
    /// Reads the values.
    ///
    /// # Errors
    /// Every field that makes no sense.
    pub fn read(self, region: Region) -> Result<OneText, Vec<BadField>> {
        let mut bad = Vec::new();
        let to = PhoneNumber::parse(&self.to, region)
            .map_err(|why| bad.push(BadField { field: "to", problem: why.to_string() }));
        let length = self.text.chars().count();
        if self.text.trim().is_empty() {
            bad.push(BadField { field: "text", problem: "there is nothing to send".to_owned() });
        } else if length > MAX_TEXT {
            let problem = format!("the text has {length} characters, {MAX_TEXT} are allowed");
            bad.push(BadField { field: "text", problem });
        } else if let Err(why) = template::finished(&self.text) {
            bad.push(BadField { field: "text", problem: why.to_string() });
        }
        match to {
            Ok(to) if bad.is_empty() => Ok(OneText { to, text: self.text, by: self.by }),
            _ => Err(bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(to: &str, text: &str) -> Result<OneText, Vec<&'static str>> {
        let request = SendRequest { to: to.to_owned(), text: text.to_owned(), by: "site".to_owned() };
        request.read(Region::default()).map_err(|bad| bad.into_iter().map(|bad| bad.field).collect())
    }

    #[test]
    fn every_field_that_makes_no_sense_is_named() {
        let one = read("(305) 555-0123", "Your seat is saved.").expect("a request");
        assert_eq!((one.to.e164(), one.text.as_str()), ("+13055550123", "Your seat is saved."));
        assert_eq!(read("12", " "), Err(vec!["to", "text"]));
        assert_eq!(read("+13055550123", &"x".repeat(MAX_TEXT + 1)), Err(vec!["text"]));
        assert_eq!(read("+13055550123", "Hi {{first_name}}"), Err(vec!["text"]), "nobody filled it in");
        assert_eq!(read("+13055550123", "Hi [First Name]"), Err(vec!["text"]));
        assert!(!format!("{one:?}").contains("0123\"") && !format!("{one:?}").contains("seat"));
    }
}
