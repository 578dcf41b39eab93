//! Our reading of phone numbers against two that nobody here wrote: libphonenumber in Python, whose verdicts
//! `tests/data/phone_cases.py` writes beside the numbers, and the crate `phonenumber`. Every difference must be
//! one of those that are meant, which are listed here by their rule.

use std::{collections::BTreeMap, path::Path};

use leadline_domain::phone::{InvalidPhone, PhoneNumber, Region};

/// A number as it was written, where, and what libphonenumber reads: E.164, or nothing.
type Case = (String, String, String);

/// What makes a case one of those that are meant to differ.
type Rule = (&'static str, fn(&Case) -> bool);

/// What we read and libphonenumber does not.
const WIDER: [Rule; 6] = [
    ("a fraction, as a spreadsheet or a program writes whole numbers", is_fraction),
    ("00 before a country code, written in North America", |case| nanp(&case.1) && digits(&case.0).starts_with("00")),
    ("an extension in more spellings", |case| {
        let lower = narrow(&case.0).to_lowercase();
        ["x", "#", "ext"].iter().any(|mark| lower.contains(mark))
    }),
    ("a label beside the number", |case| case.0.chars().any(char::is_alphabetic)),
    ("the same number twice", |case| narrow(&case.0).contains(['/', ';', ',']) || case.0.contains(" or ")),
    ("an invisible or foreign sign between the digits", |case| !case.0.is_ascii()),
];

/// What libphonenumber reads and we do not.
const STRICTER: [Rule; 3] = [
    ("a number of a country that is not read", |case| {
        !["+1", "+44", "+353", "+61", "+64"].iter().any(|code| case.2.starts_with(code))
    }),
    ("libphonenumber takes the zeros of a fraction for digits", is_fraction),
    ("libphonenumber takes the letters of a label for digits", |case| case.0.chars().any(char::is_alphabetic)),
];

/// What is one number to us and another one to libphonenumber.
const OTHER: [Rule; 1] = [("libphonenumber takes the zeros of a fraction for digits", is_fraction)];

const UNEXPECTED: &str = "by no rule";

fn rule_of(rules: &[Rule], case: &Case) -> &'static str {
    rules.iter().find(|(_, is)| is(case)).map_or(UNEXPECTED, |(rule, _)| rule)
}

fn is_fraction(case: &Case) -> bool {
    case.0.ends_with(".0") || case.0.ends_with(".00")
}

fn nanp(region: &str) -> bool {
    let alone = ["AU", "CC", "CX", "GB", "GG", "IE", "IM", "JE", "NZ"];
    !alone.contains(&region)
}

/// Full-width signs as ASCII.
fn narrow(text: &str) -> String {
    let sign = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(sign).collect()
}

fn digits(text: &str) -> String {
    narrow(text).chars().filter_map(|c| c.to_digit(10).or_else(|| arabic(c))).map(|digit| digit.to_string()).collect()
}

fn arabic(c: char) -> Option<u32> {
    u32::from(c).checked_sub(0x660).filter(|digit| *digit < 10)
}

fn read(path: &Path) -> Vec<Case> {
    let mut reader = csv::Reader::from_path(path).expect("a file of cases");
    reader.deserialize().collect::<Result<_, _>>().expect("rows of three")
}

fn ours((written, region, _): &Case) -> Result<PhoneNumber, InvalidPhone> {
    PhoneNumber::parse(written, Region::try_from(region.clone()).expect("a country"))
}

/// How many cases differ by which rule, and those that differ by none.
fn compare(cases: &[Case]) -> (BTreeMap<String, usize>, Vec<String>) {
    let (mut by_rule, mut unexpected) = (BTreeMap::new(), Vec::new());
    for case in cases {
        let theirs = Some(case.2.as_str()).filter(|e164| !e164.is_empty());
        let rule = match (ours(case), theirs) {
            (Ok(ours), Some(theirs)) if ours.e164() == theirs => "the same number".to_owned(),
            (Err(_), None) => "refused by both".to_owned(),
            // Ours to refuse: it is not certain which number is meant, or it is no phone to text to.
            (Err(why @ (InvalidPhone::Letter | InvalidPhone::Scientific | InvalidPhone::TwoNumbers)), Some(_))
            | (Err(why @ (InvalidPhone::NotForPeople | InvalidPhone::NotForTexts)), Some(_)) => {
                format!("refused by us alone: {why}")
            }
            (Ok(_), None) => format!("read by us alone: {}", rule_of(&WIDER, case)),
            (Err(_), Some(_)) => format!("refused by us alone: {}", rule_of(&STRICTER, case)),
            (Ok(_), Some(_)) => format!("another number: {}", rule_of(&OTHER, case)),
        };
        if rule.ends_with(UNEXPECTED) {
            unexpected.push(format!("{case:?}: {:?}", ours(case).map(String::from)));
        }
        *by_rule.entry(rule).or_default() += 1;
    }
    (by_rule, unexpected)
}

#[test]
fn the_sample_is_read_as_libphonenumber_reads_it() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/phone_sample.csv");
    let cases = read(&sample);
    assert!(cases.len() >= 300);
    let (by_rule, unexpected) = compare(&cases);
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert!(by_rule["the same number"] > 100 && by_rule["refused by both"] > 10, "{by_rule:#?}");
}

/// All that `.ci/run` generates: `PHONE_CASES=FILE cargo test -p leadline-domain --test numbers`.
#[test]
fn the_generated_numbers_are_read_as_libphonenumber_reads_them() {
    let Some(file) = std::env::var_os("PHONE_CASES") else { return };
    let cases = read(Path::new(&file));
    let (by_rule, unexpected) = compare(&cases);
    println!("{} numbers: {by_rule:#?}", cases.len());
    println!("one in ten by the crate phonenumber: {:#?}", second_opinion(&cases));
    assert!(unexpected.is_empty(), "{} of them, {:#?}", unexpected.len(), &unexpected[..unexpected.len().min(40)]);
}

/// What the crate `phonenumber` makes of one in ten, as it is slow, against libphonenumber.
fn second_opinion(cases: &[Case]) -> BTreeMap<&'static str, usize> {
    let mut found = BTreeMap::new();
    for case in cases.iter().step_by(10) {
        let kind = match (of_crate(case), case.2.as_str()) {
            (None, "") => "refused by both",
            (None, _) => "refused though valid",
            (Some(_), "") => "accepted though invalid",
            (Some(number), theirs) if number == theirs => "the same number",
            (Some(_), _) => "another number",
        };
        *found.entry(kind).or_default() += 1;
    }
    found
}

/// The number that the crate `phonenumber` reads, if it is valid.
fn of_crate((written, region, _): &Case) -> Option<String> {
    let number = phonenumber::parse(region.parse().ok(), written).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

#[test]
fn the_crate_phonenumber_says_the_same_of_the_sample_where_nothing_is_odd_about_it() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/phone_sample.csv");
    let plain = |case: &Case| case.0.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    let mut same = 0;
    for case in read(&sample).into_iter().filter(plain) {
        if let (Ok(ours), Some(theirs)) = (ours(&case), of_crate(&case)) {
            assert_eq!(ours.e164(), theirs, "{case:?}");
            same += 1;
        }
    }
    assert!(same > 50, "{same}");
}
