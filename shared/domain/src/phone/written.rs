//! What people type into a phone field, made plain before a library reads it: digits and separators of one
//! number. Nothing is guessed: a text to a wrong number goes to a stranger, who consented to nothing.
//!
//! 1. Digits of every script, full-width signs, dashes and blanks become ASCII; invisible characters go.
//! 2. Scientific notation is refused, as digits may be lost; `.0` at the end of a number goes.
//! 3. Labels go, in brackets or before and after the number (`Cell:`, `(mobile)`), and an extension at its
//!    end.
//! 4. Several numbers are told apart. What letter or sign is left is refused.

use unicode_normalization::UnicodeNormalization;

use super::InvalidPhone;

/// Longer than any number with its label is.
const LONGEST: usize = 256;
/// The fewest digits of a number of its own, without an area code, and the most (ITU-T E.164).
const FEWEST: usize = 7;
const MOST: usize = 15;
/// The most digits of an extension.
const EXTENSION: usize = 6;

/// Words before, after or in brackets beside a number that say what kind it is.
const LABELS: [&str; 43] = [
    "cell",
    "cellphone",
    "cellular",
    "mobile",
    "mob",
    "phone",
    "ph",
    "tel",
    "telephone",
    "telefon",
    "home",
    "work",
    "office",
    "business",
    "direct",
    "main",
    "primary",
    "personal",
    "text",
    "txt",
    "sms",
    "number",
    "num",
    "no",
    "nr",
    "my",
    "is",
    "contact",
    "handy",
    "celular",
    "cel",
    "móvil",
    "movil",
    "teléfono",
    "telefono",
    "tél",
    "téléphone",
    "portable",
    "m",
    "t",
    "p",
    "c",
    "h",
];

/// Words before an extension.
const EXTENSIONS: [&str; 6] = ["x", "ext", "extn", "extension", "xtn", "anexo"];

/// The zeros of the scripts that write decimal digits (Unicode 16, category Nd), each followed by its nine.
const ZEROS: [u32; 76] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// The numbers that a field holds, each as digits with separators, and `+` before a country code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// One.
    One(String),
    /// Several, which may be one and the same.
    Several(Vec<String>),
}

/// A run of digits with what stands between them; a word; or what separates two numbers.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Digits(String),
    Word(String),
    Separator,
}

/// What was typed, made plain.
pub(super) fn read(raw: &str) -> Result<Written, InvalidPhone> {
    if raw.len() > LONGEST {
        return Err(InvalidPhone::Unreadable);
    }
    let plain = plain(raw)?;
    let plain = plain.trim();
    if plain.is_empty() {
        return Err(InvalidPhone::Missing);
    }
    if count(plain) == 0 {
        return Err(InvalidPhone::Unreadable);
    }
    if is_scientific(plain) {
        return Err(InvalidPhone::Scientific);
    }
    if says_no(plain) {
        return Err(InvalidPhone::NotForTexts);
    }
    let mut tokens = tokens(&without_bracketed_labels(without_decimals(plain)));
    drop_labels_before(&mut tokens);
    drop_after(&mut tokens);
    let long: Vec<&String> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Digits(digits) if count(digits) >= FEWEST => Some(digits),
            Token::Digits(_) | Token::Word(_) | Token::Separator => None,
        })
        .collect();
    match (long.as_slice(), tokens.as_slice()) {
        ([_, _, ..], _) => Ok(Written::Several(long.into_iter().map(|digits| digits.trim().to_owned()).collect())),
        (_, [Token::Digits(digits)]) => one(digits),
        (_, tokens) if tokens.iter().any(|token| matches!(token, Token::Word(_))) => Err(InvalidPhone::Letter),
        _ => Err(InvalidPhone::Unreadable),
    }
}

/// The text with ASCII for what only looks different.
fn plain(raw: &str) -> Result<String, InvalidPhone> {
    let mut plain = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => plain.push('\n'),
            // Invisible: soft hyphen, joiners, directions, variation selectors, keycap, byte order mark.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20e3}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{30fc}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
                plain.push('-');
            }
            '\u{b7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' => plain.push('.'),
            c if c.is_whitespace() || c.is_control() => plain.push(' '),
            c if c.is_ascii() => plain.push(c),
            c => match digit(c) {
                Some(digit) => plain.push(digit),
                // What only looks like a digit, such as the small 2 of a footnote, is none.
                None if c.is_numeric() => return Err(InvalidPhone::Letter),
                None => plain.extend(c.nfkc()),
            },
        }
    }
    Ok(plain)
}

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

fn count(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.3055550103E10`: what a spreadsheet makes of a number that is too long for its cell.
fn is_scientific(plain: &str) -> bool {
    let Some((digits, exponent)) = plain.split_once(['e', 'E']) else { return false };
    let digits = digits.trim_start_matches(['+', '-', '\'']);
    let whole = digits
        .split_once(['.', ','])
        .map_or(is_digits(digits), |(before, after)| is_digits(before) && (after.is_empty() || is_digits(after)));
    whole && is_digits(exponent.trim_start_matches(['+', '-']))
}

/// `13055550114` of `13055550114.0`: a number that went through a spreadsheet or a program as a fraction.
fn without_decimals(plain: &str) -> &str {
    match plain.split_once(['.', ',']) {
        Some((number, "0" | "00")) if is_digits(number.trim_start_matches(['+', '\''])) && number.len() >= FEWEST => {
            number
        }
        _ => plain,
    }
}

fn is_label(word: &str) -> bool {
    LABELS.contains(&word)
}

/// Returns `true` if words beside a number say what it is not for: `no text`, `(no SMS)`, `555-0110 no contact`,
/// `(landline)`. `No.`
/// before the digits is a label.
fn says_no(plain: &str) -> bool {
    let lower = plain.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let no = |word: &str| matches!(word, "no" | "not" | "dont" | "never" | "non" | "sin");
    let for_what = |word: &str| {
        matches!(
            word,
            "text" | "texts" | "texting" | "txt" | "sms" | "message" | "messages" | "contact" | "call" | "calls"
        )
    };
    let wired = |word: &&str| matches!(*word, "landline" | "landlines" | "fax");
    words.iter().any(wired)
        || words.windows(2).any(|pair| no(pair[0]) && for_what(pair[1]))
        || words.last().is_some_and(|word| no(word))
}

/// Without labels in brackets: `(cell)`, `[home phone]`.
fn without_bracketed_labels(plain: &str) -> String {
    let mut rest = plain;
    let mut kept = String::with_capacity(plain.len());
    while let Some(open) = rest.find(['(', '[']) {
        let inside = &rest[open + 1..];
        let close = inside.find([')', ']', '(', '[']);
        let label = close.filter(|close| {
            let words = inside[..*close].to_lowercase();
            let mut words = words.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).peekable();
            count(&inside[..*close]) == 0 && words.peek().is_some() && words.all(is_label)
        });
        match label {
            Some(close) => {
                kept.push_str(&rest[..open]);
                kept.push(' ');
                rest = &inside[close + 1..];
            }
            None => {
                kept.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    kept + rest
}

fn tokens(plain: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for c in plain.chars() {
        match (c, tokens.last_mut()) {
            (c, Some(Token::Word(word))) if c.is_alphabetic() => word.extend(c.to_lowercase()),
            (c, _) if c.is_alphabetic() => tokens.push(Token::Word(c.to_lowercase().collect())),
            (',' | ';' | '&' | '|' | '\n', _) => tokens.push(Token::Separator),
            // A second `+` begins a second number.
            ('+', Some(Token::Digits(digits))) if count(digits) > 0 => {
                let opened = digits.ends_with('(').then(|| digits.pop()).flatten();
                tokens.push(Token::Digits(opened.into_iter().chain(['+']).collect()));
            }
            (c, Some(Token::Digits(digits))) => digits.push(c),
            (c, _) => tokens.push(Token::Digits(c.to_string())),
        }
    }
    split_at_slashes_and_blanks(tokens)
}

/// Takes apart what is too much for one number: two beside a slash, or more digits than any number has.
fn split_at_slashes_and_blanks(tokens: Vec<Token>) -> Vec<Token> {
    let both = |left: &str, right: &str| count(left) >= FEWEST && count(right) >= FEWEST;
    let mut split = Vec::new();
    for token in tokens {
        let Token::Digits(digits) = token else {
            split.push(token);
            continue;
        };
        let slash =
            digits.match_indices(['/', '\\']).map(|(at, _)| at).find(|at| both(&digits[..*at], &digits[at + 1..]));
        let too_many = count(&digits) > MOST;
        let mut blanks =
            digits.match_indices(' ').map(|(at, _)| at).filter(|at| both(&digits[..*at], &digits[at + 1..]));
        let even = |at: &usize| count(&digits[..*at]).abs_diff(count(&digits[at + 1..]));
        match slash.or_else(|| blanks.by_ref().min_by_key(even).filter(|_| too_many)) {
            Some(at) => split.extend([
                Token::Digits(digits[..at].to_owned()),
                Token::Separator,
                Token::Digits(digits[at + 1..].to_owned()),
            ]),
            None => split.push(Token::Digits(digits)),
        }
    }
    split
}

fn has_digits(token: &Token) -> bool {
    match token {
        Token::Digits(digits) => count(digits) > 0,
        Token::Word(_) | Token::Separator => false,
    }
}

/// Takes off labels before the first digit, and whatever else there is no digit in.
fn drop_labels_before(tokens: &mut Vec<Token>) {
    let first = tokens.iter().position(has_digits).unwrap_or(0);
    let known = |token: &Token| match token {
        // One letter is a label only with a mark after it: `T: 305…`, but `l305…` may be meant for a 1.
        Token::Word(word) => is_label(word),
        Token::Digits(_) | Token::Separator => true,
    };
    let marked = match (first.checked_sub(1).map(|at| &tokens[at]), &tokens[first]) {
        (Some(Token::Word(word)), Token::Digits(digits)) if word.chars().count() == 1 => digits.starts_with([':', '.']),
        _ => true,
    };
    if marked && tokens[..first].iter().all(known) {
        tokens.drain(..first);
    }
}

/// Takes off what follows the last number: its extension, a label, separators.
fn drop_after(tokens: &mut Vec<Token>) {
    drop_labels_after(tokens);
    if let [.., before, Token::Word(word), Token::Digits(digits)] = tokens.as_slice()
        && EXTENSIONS.contains(&word.as_str())
        && is_extension(digits)
        && !matches!(before, Token::Word(_))
    {
        tokens.truncate(tokens.len() - 2);
    } else if let Some(Token::Digits(digits)) = tokens.last_mut()
        && let Some((number, extension)) = digits.rsplit_once('#')
        && is_extension(extension)
        && count(number) >= FEWEST
    {
        let cut = number.len();
        digits.truncate(cut);
    }
    drop_labels_after(tokens);
}

fn drop_labels_after(tokens: &mut Vec<Token>) {
    let last = tokens.iter().rposition(has_digits).map_or(tokens.len(), |at| at + 1);
    let known = |token: &Token| match token {
        Token::Word(word) => word.chars().count() > 1 && is_label(word),
        Token::Digits(_) | Token::Separator => true,
    };
    if tokens[last..].iter().all(known) {
        tokens.truncate(last);
    }
}

fn is_extension(text: &str) -> bool {
    let digits = text.trim_matches([' ', '.', ':', '=', '-', ')', ']']);
    is_digits(digits) && digits.len() <= EXTENSION
}

/// One number without what stands around it. A sign inside may stand for a digit, so it is refused.
fn one(digits: &str) -> Result<Written, InvalidPhone> {
    if digits.contains(['*', '?', '_']) {
        return Err(InvalidPhone::Letter);
    }
    let begins = digits.find(|c: char| c.is_ascii_digit() || c == '+' || c == '(').unwrap_or(0);
    let ends = digits.rfind(|c: char| c.is_ascii_digit()).map_or(digits.len(), |at| at + 1);
    let number = &digits[begins..ends];
    // `021 123 456/7` is one number or the next one, and never both together.
    let alternative = |at: usize| count(&number[..at]) >= FEWEST && count(&number[at + 1..]) < FEWEST;
    if number.match_indices(['/', '\\']).any(|(at, _)| alternative(at)) {
        return Err(InvalidPhone::TwoNumbers);
    }
    let separates = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '[' | ']' | '/' | '~' | '+');
    if number.chars().all(|c| c.is_ascii_digit() || separates(c)) {
        Ok(Written::One(number.to_owned()))
    } else {
        Err(InvalidPhone::Letter)
    }
}
