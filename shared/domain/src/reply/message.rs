//! A reply without what its writer did not write to us: quoted lines, and what stands below a signature's
//! dashes. Only what is read *after* the whole reply was looked at for an opt-out. Pure.

use std::borrow::Cow;

use super::text::is_unseen;

/// No tag of a mail is longer, in bytes.
const LONGEST_TAG: usize = 200;
/// Tags that stand in a line.
const INLINE: [&str; 8] = ["b", "i", "u", "em", "strong", "span", "font", "a"];
/// Tags that break one. Nothing else is a tag: `<stop>` is a word.
const BLOCK: [&str; 14] =
    ["p", "br", "div", "blockquote", "html", "head", "body", "table", "tbody", "tr", "td", "ul", "li", "hr"];

/// A reply in parts.
pub(super) struct Parts {
    /// What was written.
    pub(super) written: String,
    /// What stands below the dashes of a signature, if anything.
    pub(super) below: Option<String>,
    /// Lines that begin with `>`, if there are others beside them.
    pub(super) quoted: Option<String>,
}

/// Takes a reply apart. One that is nothing but quoted lines is left as it is.
pub(super) fn parts(body: &str) -> Parts {
    let (mut written, mut quoted) = (Vec::new(), Vec::new());
    let mut below: Option<Vec<&str>> = None;
    for line in body.lines() {
        let plain = line.trim_matches(|c: char| c.is_whitespace() || is_unseen(c));
        match &mut below {
            _ if plain.starts_with('>') => quoted.push(plain.trim_start_matches(['>', ' '])),
            Some(below) => below.push(line),
            None if is_dashes(plain) && !written.is_empty() => below = Some(Vec::new()),
            None => written.push(line),
        }
    }
    let written = written.join("\n");
    if written.trim().is_empty() {
        return Parts { written: body.to_owned(), below: None, quoted: None };
    }
    let below = below.map(|lines| lines.join("\n")).filter(|below| !below.trim().is_empty());
    let quoted = (!quoted.is_empty()).then(|| quoted.join("\n"));
    Parts { written: without_links(&with_number_signs(&written)), below, quoted }
}

/// A reply without the tags and entities of HTML that a mail program left in it.
pub(super) fn without_markup(body: &str) -> Cow<'_, str> {
    if !body.contains(['<', '&']) {
        return Cow::Borrowed(body);
    }
    let mut kept = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        kept.push_str(before);
        match after.split_once('>').filter(|(tag, _)| tag.len() <= LONGEST_TAG && !tag.contains("://")) {
            Some((tag, after)) if is_html(tag) => {
                // `<b>` stands in the middle of a line.
                kept.push(if INLINE.contains(&name_of(tag)) { ' ' } else { '\n' });
                rest = after;
            }
            Some(_) | None => {
                kept.push('<');
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    let entities = [("&nbsp;", " "), ("&gt;", ">"), ("&lt;", "<"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Cow::Owned(entities.into_iter().fold(kept, |text, (entity, sign)| text.replace(entity, sign)))
}

/// `blockquote` of `blockquote class="gmail"`, of `/blockquote` and of `blockquote/`.
fn name_of(tag: &str) -> &str {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default()
}

fn is_html(tag: &str) -> bool {
    INLINE.contains(&name_of(tag)) || BLOCK.contains(&name_of(tag))
}

fn is_dashes(line: &str) -> bool {
    line.chars().count() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '\u{2013}' | '\u{2014}'))
}

/// Mail programs write links in angle brackets after a word.
fn without_links(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('<') {
        kept.push_str(before);
        match after.split_once('>') {
            Some((link, after)) if link.contains("://") && !link.contains(char::is_whitespace) => rest = after,
            Some(_) | None => {
                kept.push('<');
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// `my #` is my number; `#1` is none.
fn with_number_signs(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let alone = read.ends_with(' ') && read.trim_end().ends_with(char::is_alphanumeric);
        if c == '#' && alone && letters.peek().is_none_or(|next| !next.is_alphanumeric()) {
            read.push_str("number");
        } else {
            read.push(c);
        }
    }
    read
}
