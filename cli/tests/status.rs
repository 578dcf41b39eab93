//! The exit status of the tool, which scripts go by: 0 done, 1 refused or failed, 2 no such command line.

use std::process::{Command, Output};

fn leadline(args: &[&str]) -> Output {
    // A folder in which no local run has left its file.
    let folder = std::env::temp_dir();
    Command::new(env!("CARGO_BIN_EXE_leadline")).args(args).current_dir(folder).output().expect("the tool runs")
}

#[test]
fn the_exit_status_says_what_became_of_a_command() {
    for (args, status) in [
        (["--version"].as_slice(), 0),
        (&["leads", "--help"], 0),
        (&["completions", "bash"], 0),
        (&["leads", "list"], 1),
        (&["rehearse", "no-such-file.json"], 1),
        (&[], 2),
        (&["leeds"], 2),
        (&["leads", "hold", "x"], 2),
        (&["completions", "basic"], 2),
    ] {
        let done = leadline(args);
        assert_eq!(done.status.code(), Some(status), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.stdout.is_empty(), status != 0, "{args:?}: what went wrong is said on stderr only");
    }
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(leadline(&["completions", shell]).stdout).expect("text");
        for word in ["templates", "leads", "opt-outs", "init", "enroll"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn which_client_is_said_before_or_after_what_is_done_with_it() {
    for args in [
        ["templates", "--client", "acme", "check"].as_slice(),
        &["templates", "check", "--client", "acme"],
        &["campaigns", "show", "welcome", "--client", "acme", "--table", "t"],
        &["clients", "set", "mode", "live", "--client", "acme"],
        &["leads", "list", "--client", "acme"],
        &["init", "--help"],
    ] {
        assert_ne!(leadline(args).status.code(), Some(2), "{args:?} is a command line");
    }
}
