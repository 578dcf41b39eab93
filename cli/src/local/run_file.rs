//! `.leadline/local.json`: where the running system is found by other commands. Gone when it ends.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;

/// Where things are found. The fields are a promise to `leadline why` and `leadline preview`.
#[derive(Debug, Serialize)]
pub struct Addresses {
    /// The page.
    pub page: String,
    /// DynamoDB.
    pub dynamodb: String,
    /// The table in it.
    pub table: String,
    /// Gives the clock's time, as `{"now": …}`.
    pub now: String,
}

/// The file, which is deleted when this is dropped.
pub struct RunFile {
    path: PathBuf,
    content: String,
}

impl RunFile {
    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(addresses: &Addresses) -> anyhow::Result<Self> {
        let path = Path::new(".leadline").join("local.json");
        let content = serde_json::to_string_pretty(addresses)? + "\n";
        fs::create_dir_all(".leadline")
            .and_then(|()| fs::write(&path, &content))
            .with_context(|| path.display().to_string())?;
        Ok(Self { path, content })
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // A second run may have written its own by now, which stays.
        if fs::read_to_string(&self.path).is_ok_and(|content| content == self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
