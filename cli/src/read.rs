//! Reading the files that people write. What cannot be read says which file, line and field.

use std::{
    cell::Cell,
    io::{self, Read},
    path::{Path, PathBuf},
};

use leadline::domain::strict::Strict;
use serde::de::DeserializeOwned;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be opened.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Something in it is not as it must be.
    #[error("{}:{line}: {}{problem}", path.display(), if field.is_empty() { String::new() } else { format!("`{field}`: ") })]
    Content {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field, as a path such as `clients[0].settings.zone`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads a JSON file. Fields that nothing stands for are errors too: they are most often misspelt. So is an array
/// in the place of an object.
///
/// # Errors
/// [`ReadError`] names file, line and field.
pub fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    let bytes = std::fs::read(path).map_err(|error| ReadError::File { path: path.to_owned(), error })?;
    parse(path, &bytes)
}

/// The same for what was read already; `path` is what errors call it.
///
/// # Errors
/// [`ReadError`] names file, line and field.
pub fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ReadError> {
    let lines = Cell::new(1);
    let content =
        |line, field: String, problem: String| ReadError::Content { path: path.to_owned(), line, field, problem };
    let mut unknown: Option<(usize, String)> = None;
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_reader(CountLines { bytes, lines: &lines });
    let mut note = |field: serde_ignored::Path<'_>| {
        unknown.get_or_insert_with(|| (lines.get(), field.to_string()));
    };
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let read = T::deserialize(Strict::new(serde_ignored::Deserializer::new(tracked, &mut note)));
    match (read, unknown) {
        (Err(error), _) => {
            let line = if error.line() == 0 { lines.get() } else { error.line() };
            let field = track.path().to_string();
            Err(content(line, if field == "." { String::new() } else { field }, error.to_string()))
        }
        (Ok(_), Some((line, field))) => Err(content(line, field, "there is no such field".to_owned())),
        (Ok(value), None) => match json.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(content(error.line(), String::new(), error.to_string())),
        },
    }
}

/// Counts the lines that were read so far: `serde_json` reads a reader byte by byte.
struct CountLines<'a> {
    bytes: &'a [u8],
    lines: &'a Cell<usize>,
}

impl Read for CountLines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        let breaks = into[..read].iter().filter(|byte| **byte == b'\n').count();
        self.lines.set(self.lines.get() + breaks);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only its reading matters")]
        clients: Vec<Client>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Client {
        #[expect(dead_code, reason = "only its reading matters")]
        zone: chrono_tz::Tz,
    }

    fn error(text: &str) -> String {
        parse::<Sample>(Path::new("a.json"), text.as_bytes()).expect_err("wrong").to_string()
    }

    #[test]
    fn errors_name_file_line_and_field() {
        let wrong = error("{\"clients\": [\n {\"zone\": \"America/New_York\"},\n {\"zone\": \"Mars\"}\n]}");
        assert!(wrong.starts_with("a.json:3: `clients[1].zone`: "), "{wrong}");
        let unknown = error("{\"clients\": [\n {\"zone\": \"America/New_York\",\n  \"zoen\": 1}\n]}");
        assert_eq!(unknown, "a.json:3: `clients.0.zoen`: there is no such field");
        let cut = error("{\"clients\": [\n");
        assert!(cut.starts_with("a.json:2: "), "{cut}");
        let more = error("{\"clients\": []} x");
        assert!(more.starts_with("a.json:1: "), "{more}");
        let list = error("{\"clients\": [\n [\"America/New_York\"]]}");
        assert!(list.starts_with("a.json:2: `clients[0]`: it must be an object"), "{list}");
        let missing = error("{}");
        assert!(missing.contains("missing field `clients`"), "{missing}");
    }
}
