//! How many segments a text costs: GSM-7 or UCS-2, extension characters counting double.
//!
//! Source: 3GPP TS 23.038 §6.2.1 (alphabet, extension table) and TS 23.040 (concatenation).

use serde::{Deserialize, Serialize};

/// The basic alphabet, without the escape character itself.
const GSM_BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The characters that take an escape and so count double.
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The alphabet a text is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Seven bits a character: 160 in one segment, 153 in each of several.
    Gsm7,
    /// Sixteen bits a unit: 70 in one segment, 67 in each of several.
    Ucs2,
}

/// What a text costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// How many segments are billed.
    pub count: usize,
    /// Units of the encoding: septets or UTF-16 units.
    pub units: usize,
    /// The alphabet.
    pub encoding: Encoding,
}

/// Counts the segments of a rendered text.
#[must_use]
pub fn count(text: &str) -> Segments {
    match text.chars().map(septets).sum::<Option<usize>>() {
        Some(units) => Segments {
            count: parts(text.chars().filter_map(septets), units, 160, 153),
            units,
            encoding: Encoding::Gsm7,
        },
        None => {
            let units = text.encode_utf16().count();
            let count = parts(text.chars().map(char::len_utf16), units, 70, 67);
            Segments { count, units, encoding: Encoding::Ucs2 }
        }
    }
}

/// The first character that forces the whole text into UCS-2, if one does.
#[must_use]
pub fn first_outside_gsm7(text: &str) -> Option<char> {
    text.chars().find(|c| septets(*c).is_none())
}

fn septets(c: char) -> Option<usize> {
    if GSM_BASIC.contains(c) { Some(1) } else { GSM_EXTENSION.contains(c).then_some(2) }
}

/// Neither an escaped character nor a surrogate pair may be cut in two, so parts are filled one by one.
fn parts(widths: impl Iterator<Item = usize>, units: usize, single: usize, each: usize) -> usize {
    if units <= single {
        return 1;
    }
    let (mut parts, mut filled) = (1, 0);
    for width in widths {
        if filled + width > each {
            parts += 1;
            filled = 0;
        }
        filled += width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_the_carriers_bill_them() {
        use Encoding::{Gsm7, Ucs2};
        for (text, encoding, units, segments) in [
            ("a".repeat(160), Gsm7, 160, 1),
            ("a".repeat(161), Gsm7, 161, 2),
            ("a".repeat(306), Gsm7, 306, 2),
            ("a".repeat(307), Gsm7, 307, 3),
            ("€".repeat(80), Gsm7, 160, 1),
            ("€".repeat(81), Gsm7, 162, 2),
            // 153 is odd: an escaped character is not cut, so 76 fit in a part and the 153rd opens a third.
            ("€".repeat(153), Gsm7, 306, 3),
            ("’".repeat(70), Ucs2, 70, 1),
            ("’".repeat(71), Ucs2, 71, 2),
            ("😀".repeat(35), Ucs2, 70, 1),
            ("😀".repeat(67), Ucs2, 134, 3),
            (String::new(), Gsm7, 0, 1),
        ] {
            let found = count(&text);
            assert_eq!((found.encoding, found.units, found.count), (encoding, units, segments), "{text}");
        }
    }

    #[test]
    fn the_alphabet_has_all_its_characters() {
        assert_eq!(GSM_BASIC.chars().count(), 127);
        assert_eq!(GSM_EXTENSION.chars().count(), 10);
        assert_eq!(first_outside_gsm7("Hi Pat, it’s Sam"), Some('’'));
    }
}
