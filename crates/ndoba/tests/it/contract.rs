//! The officers' API against its own description: schemathesis, which we did not write, makes requests of it, right and
//! wrong ones, and finds no 500, no status and no body that the description does not have (issue 6, API).

use std::fs;

use ndoba_testkit::Judge;

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program;

on_both_engines!(a_schema_driven_tester_finds_nothing);

/// Seconds for each officer's run, at the most.
const BUDGET: &str = "45";
/// What may not be seen. That wrong requests are refused, and by which status, other tests say by name.
pub(crate) const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

fn a_schema_driven_tester_finds_nothing(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.appoint("all", "registration-officer,approver,revocation-officer", "01001000077");
    // Something to be found.
    here.issue("01001000951");
    here.apply("01001000952");
    let described = here.ask(Call::get("auditor", "/openapi.json"));
    fs::write(here.file("openapi.json"), &described.body).unwrap();
    // Roles are decided before the database is asked: the second engine need not see each again.
    let officers: &[&str] = match engine {
        Engine::Sqlite => &["all", "security-1", "auditor"],
        Engine::Postgresql => &["all"],
    };
    for officer in officers {
        let pem = format!("officers/{officer}.pem");
        let url = format!("https://{}", here.officers());
        let run = ["run", "openapi.json", "--url", &url, "--request-cert", &pem];
        let trust = ["--tls-verify", "officers/operations-ca.pem", "--request-timeout", "30"];
        let bounds = ["--max-examples", "12", "--seed", "20261127", "--max-time", BUDGET, "--no-shrink"];
        let how = ["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--no-color"];
        let quiet = ["--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off"];
        let script = Judge::script("contract.py").display().to_string();
        let python = Judge::python().display().to_string();
        let arguments = [&[script.as_str()], &run[..], &trust, &bounds, &how, &quiet].concat();
        let output = program::run(here.folder(), &python, &arguments);
        let said = program::said(&output);
        assert!(output.status.success(), "{officer}: {said}\n{}", here.log());
    }
    let log = here.log();
    assert!(!log.contains("panicked") && !log.contains("an internal fault"), "{log}");
    serving.stop();
}
