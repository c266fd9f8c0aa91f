//! `ndoba profile`: refusals with their clauses, and what a change changes.

use std::path::Path;
use std::process::{Command, Output};

fn profile(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_ndoba")).arg("profile").args(arguments).output().unwrap();
    let complaint = if status.success() { "" } else { "ndoba: 1 of 1 refused\n" };
    assert_eq!(String::from_utf8_lossy(&stderr), complaint);
    (status.code(), String::from_utf8(stdout).unwrap())
}

fn shipped(name: &str) -> String {
    let path = format!("../../config/profiles/{name}.toml");
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_refusal_has_its_key_and_clause() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changed.toml");
    let named = file.to_str().unwrap();
    std::fs::write(&file, shipped("person-signature")).unwrap();
    let (code, said) = profile(&["check", named]);
    assert_eq!(code, Some(0));
    assert!(said.contains("person-signature version 1 is in order"), "{said}");

    let broken = shipped("person-signature")
        .replace("cc-legislation = [\"GE\"]", "")
        .replace("language = \"en\"", "language = \"de\"");
    std::fs::write(&file, broken).unwrap();
    let (code, said) = profile(&["check", named]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with(&format!("{named}: qc.cc-legislation: ")) && lines[0].ends_with("(§0.1, C-50)")
    );
    assert!(lines[1].ends_with("one statement must be in English (C-51)"), "{said}");

    std::fs::write(&file, "name = 1").unwrap();
    let (code, said) = profile(&["check", named]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot be read"), "{said}");
}

#[test]
fn a_change_is_told_key_by_key_and_wants_a_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changed.toml");
    let named = file.to_str().unwrap();
    let changed =
        shipped("person-signature").replace("max-days = 1096", "max-days = 365").replace("730", "365");
    std::fs::write(&file, &changed).unwrap();
    let (code, said) = profile(&["diff", "person-signature", named]);
    assert_eq!(code, Some(0));
    let expected = "- validity.default-days = 730\n+ validity.default-days = 365\n- validity.max-days = 1096\n\
                    + validity.max-days = 365\na changed profile is a new version: version = 2 at least\n";
    assert_eq!(said, expected);
    std::fs::write(&file, changed.replace("version = 1", "version = 2")).unwrap();
    let (_, said) = profile(&["diff", "person-signature", named]);
    assert!(said.contains("+ version = 2") && !said.contains("at least"), "{said}");
    let (code, said) = profile(&["diff", "organisation-seal", "organisation-seal"]);
    assert_eq!((code, said.as_str()), (Some(0), "nothing changes\n"));
}
