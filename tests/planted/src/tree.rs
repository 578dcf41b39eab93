//! A copy of the sources to plant faults in. Only files that differ are written, so that cargo builds
//! only what a fault touches.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::faults::{Edit, Fault};

/// The copy.
pub struct Tree {
    sources: PathBuf,
    root: PathBuf,
}

impl Tree {
    /// Makes the copy what the sources are now.
    pub fn copy() -> anyhow::Result<Self> {
        let sources =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the crate is in a workspace")?.to_owned();
        let tree = Self { root: sources.join("target/planted"), sources };
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&tree.sources)
            .output()
            .context("git ls-files")?;
        let files = String::from_utf8(listed.stdout).context("the names of the files")?;
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            match fs::read(tree.sources.join(file)) {
                Ok(content) => tree.write(file, &content)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).context(file.to_owned()),
            }
        }
        Ok(tree)
    }

    /// Where the copy is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where what is built from it goes. A folder of its own: cargo would take the copy's crates for ours.
    pub fn build(&self) -> PathBuf {
        self.sources.join("target/planted-build")
    }

    /// Puts a fault into the copy. What it replaces must be there exactly once, or the fault is out of date.
    pub fn plant(&self, fault: &Fault) -> anyhow::Result<()> {
        for edit in fault.edits {
            let text = fs::read_to_string(self.root.join(edit.file)).with_context(|| edit.file.to_owned())?;
            self.write(edit.file, applied(edit, &text)?.as_bytes())?;
        }
        Ok(())
    }

    /// Takes a fault out again.
    pub fn restore(&self, fault: &Fault) -> anyhow::Result<()> {
        for edit in fault.edits {
            let content = fs::read(self.sources.join(edit.file)).with_context(|| edit.file.to_owned())?;
            self.write(edit.file, &content)?;
        }
        Ok(())
    }

    fn write(&self, file: &str, content: &[u8]) -> anyhow::Result<()> {
        let path = self.root.join(file);
        if fs::read(&path).is_ok_and(|there| there == content) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| file.to_owned())
    }
}

/// A text with an edit in it.
fn applied(edit: &Edit, text: &str) -> anyhow::Result<String> {
    match text.matches(edit.from).count() {
        1 => Ok(text.replacen(edit.from, edit.to, 1)),
        0 => bail!("{} does not have what the fault replaces any more:\n{}", edit.file, edit.from),
        times => bail!("{} has what the fault replaces {times} times:\n{}", edit.file, edit.from),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::faults::FAULTS;

    #[test]
    fn every_fault_can_be_planted_in_the_sources_as_they_are() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace");
        for fault in FAULTS {
            let mut files: BTreeMap<&str, String> = BTreeMap::new();
            for edit in fault.edits {
                let read = || fs::read_to_string(sources.join(edit.file)).expect("the file");
                let text = files.entry(edit.file).or_insert_with(read);
                *text = applied(edit, text).unwrap_or_else(|error| panic!("{}: {error}", fault.name));
            }
        }
    }

    #[test]
    fn no_two_faults_have_one_name() {
        let names: std::collections::BTreeSet<_> = FAULTS.iter().map(|fault| fault.name).collect();
        assert_eq!(names.len(), FAULTS.len());
    }
}
