//! What `deploy/` ships: configurations that are in order, units that systemd understands, database users that can do
//! what their roles do and nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ndoba_testkit::PostgresCluster;

use crate::guides::tree;
use crate::installation::{Engine, Installation, Serving};

const ROLES: [&str; 4] = ["audit", "ca", "public", "registration"];
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn shipped_configurations_are_in_order() {
    for role in ROLES {
        let file = tree().join(format!("deploy/config/{role}.toml"));
        let said = Command::new(env!("CARGO_BIN_EXE_ndoba"))
            .args(["config", "check", "--config"])
            .arg(&file)
            .env_remove("NDOBA_SHIMS")
            .env_remove("NDOBA_JUDGES")
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        // Each names its own role, user and unit's credentials.
        let unit = fs::read_to_string(tree().join(format!("deploy/systemd/ndoba-{role}.service"))).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.contains(&format!("roles = [\"{role}\"]"))
                && text.contains(&format!("user = \"ndoba_{role}\""))
        );
        assert!(
            unit.contains(&format!("User=ndoba_{role}\n"))
                && unit.contains(&format!("/etc/ndoba/{role}.toml"))
        );
        for credential in text.split("credential = \"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(unit.contains(&format!("LoadCredential={credential}:")), "{role}: {credential}");
        }
    }
}

#[test]
fn units_are_understood_by_systemd() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("systemd-analyze is not installed: the units are not judged");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for role in ROLES {
        let name = format!("ndoba-{role}.service");
        let unit = fs::read_to_string(tree().join("deploy/systemd").join(&name)).unwrap();
        // The program is not installed here.
        let unit = unit.replace("/usr/bin/ndoba", "/bin/true");
        let file = folder.path().join(&name);
        fs::write(&file, unit).unwrap();
        let said = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().unwrap();
        let complaints = String::from_utf8_lossy(&said.stderr);
        let ours: Vec<_> = complaints.lines().filter(|line| line.contains(&name)).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}

#[test]
fn each_role_runs_with_its_own_users_rights() {
    let here = Installation::on(Engine::Postgresql);
    let database = Database::of(&here);
    let grants = fs::read_to_string(tree().join("deploy/postgresql/roles.sql")).unwrap();
    PostgresCluster::shared().psql(&database.name, &grants);
    // A second time, as after an upgrade.
    PostgresCluster::shared().psql(&database.name, &grants);

    let mut serving: Vec<Serving> = ROLES.iter().map(|role| database.start(&here, role)).collect();
    // "registration", the last.
    here.await_officers_of(serving.last_mut().unwrap());
    let application = here.apply("01001012345");
    here.must(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
    let serial = here.await_certificate(&application);
    let revocation = ["--reason", "superseded", "--channel", "in-person", "--note", "a test"];
    let revoke = ["certificate", "revoke", &serial, "--as", "officers/revocation-officer.pem", "--yes"];
    here.must(&[&revoke[..], &revocation].concat());
    await_revoked(&here, &serial);
    await_health(&here);
    here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
    let verified = here.must(&["audit", "verify", "log.jsonl"]);
    assert!(verified.contains("checkpoints verified"), "{verified}");
    drop(serving);

    // In the second half of the responders' life they are renewed, with these rights.
    let ahead: Vec<Serving> =
        ["ca", "public"].iter().map(|role| here.start_ahead(&format!("{role}.toml"), 8 * 24)).collect();
    here.await_that("renewed responders", || {
        here.log().matches("a new responder certificate is in service").count() == 3
    });
    drop(ahead);

    for (user, act) in [
        ("public", "UPDATE responder_certificates SET der = der"),
        ("public", "INSERT INTO final_cas VALUES ('signature', 1)"),
        ("ca", "UPDATE final_answers SET der = der"),
        ("ca", "UPDATE key_places SET token = token"),
        ("registration", "INSERT INTO key_places SELECT * FROM key_places"),
        ("public", "INSERT INTO responder_certificates SELECT * FROM responder_certificates"),
        ("ca", "INSERT INTO responder_requests SELECT * FROM responder_requests"),
        ("registration", "SELECT document FROM responder_requests"),
        ("public", "SELECT content FROM applications"),
        ("public", "SELECT document FROM officer_grants"),
        ("public", "SELECT content FROM orders"),
        ("public", "SELECT der FROM certificates"),
        ("public", "SELECT order_id FROM revocation_records"),
        ("public", "UPDATE certificate_status SET reason = NULL, revoked = NULL"),
        ("public", "UPDATE ca_status SET version = version + 1"),
        ("audit", "SELECT content FROM applications"),
        ("audit", "UPDATE audit_events SET event = event"),
        ("audit", "UPDATE certificate_status SET reason = 'superseded'"),
        ("ca", "SELECT content FROM applications"),
        ("ca", "SELECT content FROM evidence"),
        ("ca", "INSERT INTO officer_grants SELECT seq + 1, document, appended FROM officer_grants"),
        ("ca", "DELETE FROM certificates"),
        ("registration", "UPDATE certificate_status SET reason = NULL, revoked = NULL"),
        ("registration", "UPDATE certificates SET der = der"),
        ("registration", "UPDATE audit_events SET leaf = NULL"),
        ("registration", "UPDATE officer_grants SET document = document"),
        ("registration", "CREATE TABLE mine (x INT)"),
    ] {
        let url = database.url(user);
        let tried = Command::new("psql").args(["-d", &url, "-q", "-c", act]).output().unwrap();
        let said = String::from_utf8_lossy(&tried.stderr);
        assert!(!tried.status.success() && said.contains("permission denied"), "{user}: {act}: {said}");
    }
}

/// The installation's database, and each role's way to it.
struct Database {
    folder: String,
    name: String,
}

impl Database {
    fn of(here: &Installation) -> Self {
        let url = fs::read_to_string(here.file("database.url")).unwrap();
        let part = |name: &str| {
            let part = url.split_whitespace().find_map(|part| part.strip_prefix(name));
            part.unwrap().to_owned()
        };
        Self { folder: part("host="), name: part("dbname=") }
    }

    fn url(&self, role: &str) -> String {
        format!("host={} user=ndoba_{role} dbname={}", self.folder, self.name)
    }

    /// Starts one role as a process of its own with its own database user.
    fn start(&self, here: &Installation, role: &str) -> Serving {
        // The journal of time-stamps is that of the node that wrote it before.
        let node = if role == "public" { 0 } else { ROLES.iter().position(|one| *one == role).unwrap() + 1 };
        fs::write(here.file(&format!("{role}.url")), self.url(role)).unwrap();
        let whole = fs::read_to_string(here.file("ndoba.toml")).unwrap();
        let mut text = String::new();
        for line in whole.lines() {
            let line = match line.split(" = ").next().unwrap() {
                "roles" => format!("roles = [\"{role}\"]\nnode = {node}"),
                "url_file" => format!("url_file = \"{role}.url\""),
                // Health and metrics of the public role are looked at; one address serves one process.
                "operator" if role != "public" => continue,
                "officers" if role != "registration" => continue,
                "public" | "public_tls" if role != "public" => continue,
                _ => line.to_owned(),
            };
            text.push_str(&line);
            text.push('\n');
        }
        let name = format!("{role}.toml");
        fs::write(here.file(&name), text).unwrap();
        here.start(&name, None)
    }
}

fn await_revoked(here: &Installation, serial: &str) {
    let address = address(here, "ocsp");
    let asked = Instant::now();
    loop {
        let said = Command::new("openssl")
            .args([
                "ocsp",
                "-issuer",
                "pki/signature.pem",
                "-serial",
                &format!("0x{serial}"),
                "-url",
                &address,
            ])
            .args(["-CAfile", "pki/root.pem", "-verify_other", "pki/signature.pem"])
            .current_dir(here.file(""))
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        if said.contains("superseded") && said.contains("Response verify OK") {
            return;
        }
        assert!(asked.elapsed() < PATIENCE, "{said}\n{}", here.log());
        sleep(Duration::from_millis(100));
    }
}

fn await_health(here: &Installation) {
    let address = format!("{}/health/ready", address(here, "operator"));
    let asked = Instant::now();
    loop {
        let said = Command::new("curl").args(["--silent", &address]).output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        if said.contains("\"ready\":true") {
            return;
        }
        assert!(asked.elapsed() < PATIENCE, "{said}\n{}", here.log());
        sleep(Duration::from_millis(100));
    }
}

fn address(here: &Installation, member: &str) -> String {
    let file: PathBuf = here.file("endpoints.json");
    let endpoints: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    endpoints[member].as_str().unwrap().to_owned()
}
