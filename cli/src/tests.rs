use super::*;

#[test]
fn every_command_has_an_example_and_nothing_contradicts_itself() {
    let all = Cli::command();
    all.clone().debug_assert();
    for command in all.get_subcommands() {
        let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(example.contains(&format!("leadline {}", command.get_name())), "{}", command.get_name());
    }
}

#[test]
fn a_word_on_a_text_is_one_word_and_not_sent_needs_a_reason() {
    let parse = |args: &str| Cli::try_parse_from(args.split(' ')).map(|_| ()).map_err(|told| told.kind());
    use clap::error::ErrorKind::{ArgumentConflict, MissingRequiredArgument};
    assert_eq!(parse("leadline settle x --sent --provider-id SM1"), Ok(()));
    assert_eq!(parse("leadline settle x --not-sent --because log"), Ok(()));
    assert_eq!(parse("leadline settle x"), Err(MissingRequiredArgument));
    assert_eq!(parse("leadline settle x --not-sent"), Err(MissingRequiredArgument));
    assert_eq!(parse("leadline settle x --sent --not-sent --because y"), Err(ArgumentConflict));
    assert_eq!(parse("leadline settle x --not-sent --because y --provider-id SM1"), Err(ArgumentConflict));
    assert_eq!(parse("leadline redrive --all x"), Err(ArgumentConflict));
    assert_eq!(parse("leadline hold"), Err(MissingRequiredArgument));
}
