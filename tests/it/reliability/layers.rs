//! The walls: which package may depend on which. Cargo holds what is written here, as an import that climbs does
//! not compile without an arrow.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

/// Every arrow that is allowed, from a package to those that it may name. Development dependencies do not count.
const ALLOWED: &[(&str, &[&str])] = &[
    ("leadline-domain", &[]),
    ("leadline-ports", &["leadline-domain"]),
    ("leadline-flows", &["leadline-domain", "leadline-ports"]),
    ("leadline-integrations", &["leadline-domain", "leadline-ports"]),
    ("leadline-aws", &["leadline-domain", "leadline-ports"]),
    ("leadline-runtime", &["leadline-domain", "leadline-integrations", "leadline-ports"]),
    (
        "leadline",
        &[
            "leadline-aws",
            "leadline-domain",
            "leadline-flows",
            "leadline-integrations",
            "leadline-ports",
            "leadline-runtime",
        ],
    ),
    ("leadline-webhook", &["leadline"]),
    ("leadline-console", &["leadline"]),
    ("leadline-scheduler", &["leadline"]),
    ("leadline-sender", &["leadline"]),
    ("leadline-reporter", &["leadline"]),
    ("leadline-standins", &["leadline"]),
    ("leadline-fixtures", &["leadline-domain"]),
    (
        "leadline-cli",
        &[
            "leadline",
            "leadline-console",
            "leadline-reporter",
            "leadline-scheduler",
            "leadline-sender",
            "leadline-standins",
            "leadline-webhook",
        ],
    ),
];

/// Packages that try all others, and that nothing depends on but one another.
const OUTSIDE: &[&str] = &["leadline-tests", "leadline-model", "leadline-planted", "leadline-sim"];

#[test]
fn no_package_depends_on_one_that_it_may_not() {
    let mut wrong = Vec::new();
    for (package, arrows) in arrows() {
        if OUTSIDE.contains(&package.as_str()) {
            continue;
        }
        match ALLOWED.iter().find(|(name, _)| *name == package) {
            Some((_, allowed)) => {
                wrong.extend(
                    arrows.iter().filter(|to| !allowed.contains(&to.as_str())).map(|to| format!("{package} -> {to}")),
                );
            }
            None => wrong.push(format!("{package} has no entry in the list of allowed arrows")),
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_allowed_arrow_is_used() {
    let arrows = arrows();
    for (package, allowed) in ALLOWED {
        let there = arrows.get(*package).unwrap_or_else(|| panic!("there is no package {package}"));
        let unused: Vec<_> = allowed.iter().filter(|to| !there.contains(**to)).collect();
        assert_eq!(unused, [&""; 0], "{package}");
    }
}

/// The packages of this workspace, each with those of them that it depends on.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let of = |package: &Value| -> BTreeSet<String> {
        let normal = package["dependencies"].as_array().into_iter().flatten().filter(|to| to["kind"].is_null());
        normal.filter_map(|to| to["name"].as_str()).filter(|to| ours.contains(to)).map(str::to_owned).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().expect("a name").to_owned(), of(package))).collect()
}

/// The common crate shows everything, so what a function's library may name is read from its sources: `main.rs` alone
/// knows AWS, the integrations and the process.
#[test]
fn only_main_names_aws_integrations_and_runtime() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
    let (mut wrong, mut read) = (Vec::new(), 0);
    for function in std::fs::read_dir(functions).expect("the functions") {
        for file in sources(&function.expect("a function").path().join("src")) {
            if file.ends_with("main.rs") {
                continue;
            }
            read += 1;
            let text = std::fs::read_to_string(&file).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let names = named_of_leadline(code);
            wrong.extend(names.difference(&LIBRARY).map(|name| format!("{} names leadline::{name}", file.display())));
        }
    }
    assert!(read > 30, "{read} sources were read");
    assert_eq!(wrong, [""; 0]);
}

/// What a function's library may name of the common crate.
static LIBRARY: LazyLock<BTreeSet<String>> = LazyLock::new(|| ["domain", "flows", "ports"].map(str::to_owned).into());

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The first names after `leadline::`, of a path or of a list in braces.
fn named_of_leadline(code: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("leadline::") {
        if code[..at].ends_with(is_name) {
            continue;
        }
        let rest = &code[at + "leadline::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(rest.chars().take_while(|c| is_name(*c)).collect());
            continue;
        };
        let (mut depth, mut name, mut fresh) = (1, String::new(), true);
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 1 && fresh && is_name(c) {
                name.push(c);
            } else if !name.is_empty() {
                names.insert(std::mem::take(&mut name));
                fresh = false;
            }
            fresh |= depth == 1 && c == ',';
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn names_are_read_from_paths_and_lists() {
    let code =
        "use leadline::{\n    aws,\n    domain::{Instant, ids::{A, B}},\n};\nleadline::flows::x(); leadline_cli::y();";
    let names: Vec<String> = named_of_leadline(code).into_iter().collect();
    assert_eq!(names, ["aws", "domain", "flows"]);
}
