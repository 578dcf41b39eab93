//! `leadline openapi`: the description of the API, as it is kept in `docs/openapi.json`.

use std::io::Write;

/// Prints it.
///
/// # Errors
/// When nobody reads it.
pub fn print(out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}", serde_json::to_string_pretty(&leadline_console::openapi::document())?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_description_that_is_kept_is_that_of_the_code() {
        let mut printed = Vec::new();
        super::print(&mut printed).expect("printed");
        let kept = include_bytes!("../../docs/openapi.json");
        assert!(
            printed == kept,
            "docs/openapi.json is not what the code says; write it again: cargo leadline openapi > docs/openapi.json"
        );
    }
}
