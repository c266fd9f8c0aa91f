//! The page of problems and the sources name the same codes: what a program may decide by is written down.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where codes are given.
const SOURCES: [&str; 2] = ["web-officer/src", "registration/src"];
/// Codes of signatures and documents have these beginnings.
const OF_ORDERS: [&str; 4] = ["document-", "grant-", "order-", "responder-"];
/// With a dot like a code, and none.
const NONE: [&str; 3] = ["audit-export.txt", "openapi.json", "signed-documents.txt"];
/// Codes that are put together, `{what}.unknown`, or have no dot.
const MADE: [&str; 9] = [
    "application.unknown",
    "attachment.unknown",
    "certificate.unknown",
    "copy.unknown",
    "grant.unknown",
    "internal",
    "order.unknown",
    "stopping",
    "subject.unknown",
];

#[test]
fn every_code_is_in_the_catalogue() {
    let page = fs::read_to_string(crates().join("../docs/reference/problems.md")).unwrap();
    let listed: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .flat_map(|line| line.split(" |").next().unwrap_or_default().split(", "))
        .map(|code| code.trim_matches('`'))
        .collect();
    let mut given: BTreeSet<String> = MADE.map(str::to_owned).into();
    for source in SOURCES {
        for text in texts(&crates().join(source)) {
            given.extend(literals(&text).filter(|literal| is_dotted(literal)).map(str::to_owned));
            given.extend(
                literals(&text).filter(|literal| *literal == "order-signer-other").map(str::to_owned),
            );
        }
    }
    for text in texts(&crates().join("order/src")) {
        let codes = text.lines().filter_map(|line| line.split_once("=> \"")?.1.split('"').next());
        let of_orders = codes.filter(|code| OF_ORDERS.iter().any(|prefix| code.starts_with(prefix)));
        given.extend(of_orders.map(str::to_owned));
    }
    NONE.iter().for_each(|none| {
        given.remove(*none);
    });
    let given: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    let (missing, left_over): (Vec<_>, Vec<_>) =
        (given.difference(&listed).collect(), listed.difference(&given).collect());
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "docs/reference/problems.md lacks {missing:?} and has {left_over:?} that no source gives"
    );
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources below a folder, what is for tests cut off.
fn texts(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "fake" {
            found.extend(texts(&path));
        } else if name.ends_with(".rs")
            // What programs are told of (`notice`) has names like codes.
            && !["fake.rs", "approval.rs", "notice.rs", "test_support.rs", "tests.rs"].contains(&name.as_str())
        {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
        }
    }
    found
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// `word.word`, of small letters and hyphens.
fn is_dotted(literal: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    literal.split_once('.').is_some_and(|(before, after)| word(before) && word(after))
}
