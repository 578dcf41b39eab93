//! What people type: names and addresses, cleaned and limited before they are kept.

use url::Url;

/// The longest name, in characters.
pub const MAX_NAME: usize = 255;

/// The longest address, in bytes.
pub const MAX_URL: usize = 2_048;

/// Why something that was typed is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInput {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// There is too much.
    #[error("it has {0} characters, {MAX_NAME} are allowed")]
    TooLong(usize),
    /// It holds what nobody can see.
    #[error("it holds a control character")]
    Control,
    /// It is no address.
    #[error("it is not an address such as https://example.com/book")]
    Url,
}

/// A name, or a few words, with blanks at the ends taken off and every run of blanks made one. What is
/// limited is what was typed.
///
/// # Errors
/// [`InvalidInput`] when nothing is left, it is too long, or it holds control characters, such as a line
/// break.
pub fn name(raw: &str) -> Result<String, InvalidInput> {
    let long = raw.chars().count();
    let clean = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    match clean.is_empty() {
        _ if long > MAX_NAME => Err(InvalidInput::TooLong(long)),
        _ if raw.chars().any(char::is_control) => Err(InvalidInput::Control),
        true => Err(InvalidInput::Empty),
        false => Ok(clean),
    }
}

/// A name as far as it is one: control characters are left out and the rest is cut. `None` if nothing is left.
#[must_use]
pub fn name_of(raw: &str) -> Option<String> {
    let plain: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = clean.chars().take(MAX_NAME).collect();
    name(&cut).ok()
}

/// Whether an address is one that a browser opens: `http` or `https`, with a host and without a password.
///
/// # Errors
/// [`InvalidInput::Url`] when it is not.
pub fn url(raw: &str) -> Result<(), InvalidInput> {
    let url = Url::parse(raw).map_err(|_| InvalidInput::Url)?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    let plain = url.username().is_empty() && url.password().is_none();
    let fits = raw.len() <= MAX_URL && !raw.chars().any(|c| c.is_whitespace() || c.is_control());
    if web && plain && fits { Ok(()) } else { Err(InvalidInput::Url) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cleaned_and_limited() {
        assert_eq!(name("  Free \u{a0} webinar "), Ok("Free webinar".to_owned()));
        assert_eq!(name("  "), Err(InvalidInput::Empty));
        assert_eq!(name("bell\u{7}"), Err(InvalidInput::Control));
        assert_eq!(name("two\nlines"), Err(InvalidInput::Control));
        assert_eq!(name_of("two\nlines"), Some("two lines".to_owned()));
        assert_eq!(name(&format!("a{}", " ".repeat(255))), Err(InvalidInput::TooLong(256)));
        assert_eq!(name(&"é".repeat(255)), Ok("é".repeat(255)));
        assert_eq!(name(&"é".repeat(256)), Err(InvalidInput::TooLong(256)));
        assert_eq!(name_of(&"é\u{7}".repeat(400)).map(|name| name.chars().count()), Some(255));
        assert_eq!(name_of("\u{7} "), None);
    }

    #[test]
    fn an_address_is_one_that_a_browser_opens() {
        for good in ["https://example.com/book?x=1", "http://example.org", "https://cal.com/acme/30min#a"] {
            assert_eq!(url(good), Ok(()), "{good}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        for bad in [
            "",
            "example.com",
            "javascript:alert(1)",
            "ftp://example.com",
            "https://",
            "https://a:b@example.com",
            " https://example.com",
            "https://example.com/a b",
            long.as_str(),
        ] {
            assert_eq!(url(bad), Err(InvalidInput::Url), "{bad:?}");
        }
    }
}
