//! The walls: which package may depend on which. Cargo holds what is written here, as an import that climbs does
//! not compile without an arrow.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
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
    ("leadline-scheduler", &["leadline"]),
    ("leadline-sender", &["leadline"]),
    ("leadline-reporter", &["leadline"]),
    ("leadline-standins", &["leadline"]),
    ("leadline-fixtures", &["leadline-domain"]),
    (
        "leadline-cli",
        &[
            "leadline",
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
