//! The fuzzers' seeds through the same functions, for machines without a fuzzer; each also cut short and with single
//! bits turned, which is where parsers have always failed first.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::fs;
use std::path::{Path, PathBuf};

use ndoba_fuzz::{TARGETS, Target};

/// How many variants of one seed are tried at most.
const VARIANTS: usize = 50;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = repository().join("fuzz/seeds").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn every_target_takes_its_seeds() {
    for target in TARGETS {
        let seeds = seeds(target);
        let accepted = seeds.iter().filter(|(_, bytes)| (target.eat)(bytes)).count();
        assert!(accepted > 0, "{}: no seed gets past the door, so the fuzzer would not either", target.name);
        assert!(accepted < seeds.len(), "{}: no seed is refused", target.name);
    }
}

#[test]
fn damaged_seeds_harm_nothing() {
    for target in TARGETS {
        for (_, bytes) in seeds(target) {
            let step = (bytes.len() * 2 / VARIANTS).max(1);
            for at in (0..bytes.len()).step_by(step) {
                (target.eat)(&bytes[..at]);
                let mut turned = bytes.clone();
                turned[at] ^= 1 << (at % 8);
                (target.eat)(&turned);
            }
        }
    }
}

/// The fuzzers are programs of a package outside the workspace: one for each target, and none without.
#[test]
fn every_target_has_its_fuzzer() {
    let manifest = fs::read_to_string(repository().join("fuzz/Cargo.toml")).unwrap();
    let mut programs: Vec<_> =
        manifest.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    programs.retain(|name| *name != "ndoba-fuzz-targets");
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(programs, names, "fuzz/Cargo.toml and ndoba_fuzz::TARGETS differ");
    for name in names {
        let program = fs::read_to_string(repository().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("\"{name}\"")), "{name}.rs feeds another target");
    }
}
