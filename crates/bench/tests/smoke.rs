//! Each bench once, very small: that it runs to its end against the real program, and that its JSON has the figures
//! that others read. Never how fast: this is a machine like any other, and busy with tests.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The built `ndoba`: beside our own program, where cargo puts all of them.
fn ndoba() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_ndoba-bench")).with_file_name("ndoba");
    if !program.is_file() {
        // The tests of this package alone were asked for.
        let built = Command::new(env!("CARGO")).args(["build", "--package", "ndoba"]).status().unwrap();
        assert!(built.success());
    }
    program
}

/// Runs the bench that `line` asks for; its figures.
fn figures(line: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ndoba-bench"))
        .args(line.split_whitespace())
        .arg("--json")
        .arg("--ndoba")
        .arg(ndoba())
        // Ours, for the tests; `ndoba` reads NDOBA_… as configuration.
        .env_remove("NDOBA_SHIMS")
        .env_remove("NDOBA_JUDGES")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    // Nothing but JSON is on standard output.
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assert_positive(figures: &Value, names: &[&str]) {
    for name in names {
        assert!(figures[name].as_f64().is_some_and(|value| value > 0.0), "{name}: {figures}");
    }
}

#[test]
fn ocsp() {
    let figures = figures(
        "ocsp --seconds 0.6 --certificates 60 --sizes 60,120 --rounds 1 --connections 4 --revocations 20 --held 20",
    );
    assert_positive(&figures, &["cached_vs_constant", "signed_vs_token", "signed_vs_openssl"]);
    assert_positive(&figures, &["uncached_p99_ms_120", "resident_mib_60"]);
    assert_positive(&figures, &["cached_half_load_p99_ms", "constant_half_load_p99_ms"]);
    assert_positive(&figures, &["held_half_load_p99_ms"]);
    assert_positive(&figures, &["restart_half_load_p99_ms", "renewal_half_load_p99_ms", "revoked_per_s"]);
    // Those asked about were signed anew, and each once, however many asked at that moment.
    let signatures = figures["renewal_signatures"].as_f64();
    assert!(signatures.is_some_and(|count| (1.0..=60.0).contains(&count)), "{figures}");
}

#[test]
fn tsa() {
    let figures = figures("tsa --seconds 0.4 --connections 4 --openssl 3 --tokens 1");
    assert_positive(&figures, &["tokens_vs_token", "tokens_vs_openssl", "load_50_p99_ms", "watched_tokens"]);
}

#[test]
fn registration() {
    let figures = figures("registration --seconds 1 --officers 8 --think 0.05 --names 200");
    assert_positive(&figures, &["calls_per_s", "issued", "p95_ms", "p95_open_ms", "search_p95_ms"]);
}

#[test]
fn ca() {
    let figures = figures("ca --seconds 0.4 --orders 80 --single 2 --sizes 50 --crl 100");
    assert_positive(&figures, &["issued_per_s", "issued_vs_token"]);
    for database in ["sqlite", "postgres"] {
        for figure in ["issued_per_s", "issue_p50_ms", "revoke_p99_ms", "crl_s", "crl_wait_s", "crl_peak_mib"]
        {
            assert_positive(&figures, &[&format!("{figure}_{database}")]);
        }
    }
}
