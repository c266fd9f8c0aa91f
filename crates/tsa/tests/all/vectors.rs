//! The corpus of requests in `tests/vectors/tsp`, each with what must be answered: the contract table (interop §3)
//! and the failures of T-09 as files that anybody may send to any TSA.
//!
//! `NDOBA_UPDATE_VECTORS=1 cargo test -p ndoba-tsa vectors` writes them again.

#[path = "vectors/cases.rs"]
mod cases;
#[path = "vectors/der.rs"]
mod der;

use std::fs;
use std::path::{Path, PathBuf};

use ndoba_tsa::{Outcome, Request};

use crate::fixture::{Service, unit_parts};
use cases::{Case, Wanted, cases};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tsp")
}

/// `index.json`: one object per line, so that a difference is readable.
fn index(cases: &[Case]) -> String {
    let lines: Vec<_> = cases.iter().map(Case::to_json).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[test]
fn the_files_are_what_the_generator_makes() {
    let cases = cases();
    if std::env::var_os("NDOBA_UPDATE_VECTORS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for case in &cases {
            fs::write(folder().join(case.file()), &case.request).unwrap();
        }
        fs::write(folder().join("index.json"), index(&cases)).unwrap();
    }
    assert_eq!(fs::read_to_string(folder().join("index.json")).unwrap(), index(&cases));
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tsq"))
        .collect();
    let mut made: Vec<String> = cases.iter().map(Case::file).collect();
    there.sort();
    made.sort();
    assert_eq!(there, made);
    for case in &cases {
        assert_eq!(fs::read(folder().join(case.file())).unwrap(), case.request, "{}", case.name);
    }
}

#[test]
fn each_is_answered_as_it_says() {
    let service = Service::new(unit_parts());
    for case in cases() {
        let name = case.name;
        let outcome = service.stamp(&case.request).outcome;
        match case.wanted {
            Wanted::Granted => {
                assert!(matches!(outcome, Outcome::Granted(_)), "{name}: {outcome:?}");
                let echoed = Request::parse(&case.request).unwrap().nonce;
                let echoed = echoed.map(|nonce| nonce.as_der_content().to_vec());
                assert_eq!(echoed, case.nonce, "{name}");
            }
            Wanted::Rejected(info) => {
                let Outcome::Rejected(rejection) = outcome else { panic!("{name}: {outcome:?}") };
                assert_eq!(rejection.fail_info(), info, "{name}");
            }
            // Refused before it gets here; no harm if it did.
            Wanted::Http(_) => assert!(matches!(outcome, Outcome::Rejected(_)), "{name}"),
        }
    }
}
