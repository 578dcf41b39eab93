//! `.leadline/local.json`: where the running system is found by other commands. Gone when it ends.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::connect::{LOCAL_FILE, LocalRun};

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
    pub fn write(run: &LocalRun) -> anyhow::Result<Self> {
        let path = Path::new(LOCAL_FILE).to_owned();
        let content = serde_json::to_string_pretty(run)? + "\n";
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
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
