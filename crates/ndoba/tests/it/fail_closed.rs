//! No log, no act: where the audit event cannot be written, nothing is issued, revoked or published, and no time-stamp
//! leaves without its record; when the log is back, what was asked for is done (K-P06; design §8, §11).

use std::fs;
use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use crate::api::Call;
use crate::http::{Reply, get, stamp};
use crate::installation::{Engine, Installation, Subject};
use crate::program::{eventually, said, wait_for};

on_both_engines!(without_a_log_there_is_no_act, without_a_journal_there_is_no_time_stamp);

fn without_a_log_there_is_no_act(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let kept = here.issue("01001000401");
    let revoked = here.issue("01001000402");
    let waiting = here.apply("01001000403");

    let before = (here.sql(ROWS), here.ca_signatures());
    break_log(&here, &["%"]);
    officers_are_refused(&here, &kept, &waiting);
    // Nor does a process begin to serve.
    here.configure_roles("another.toml", &["ca"], 1);
    let refused = here.must_not(&["serve", "--config", "another.toml"]);
    assert!(refused.contains("the start or stop cannot be recorded, so it must not happen"), "{refused}");
    assert_eq!((here.sql(ROWS), here.ca_signatures()), before, "rows, and signatures of CA keys");
    mend_log(&here);

    // Officers' acts are logged, the CA's are not.
    break_log(&here, &["%issuance-intended%", "%certificate-revoked%", "%crl-intended%"]);
    for asked in [here.approve(&waiting), here.revoke(&revoked)] {
        assert!(asked.status.success() && said(&asked).contains("accepted and waits"), "{}", said(&asked));
    }
    eventually(|| here.health().contains("disk full"), || here.health());
    let pending = here.sql("SELECT count(*) FROM orders WHERE state IN ('queued', 'claimed')");
    assert_eq!((pending.as_str(), here.ca_signatures()), ("2", before.1), "kept, and nothing was signed");
    assert!(here.application(&waiting).ends_with("none yet\n"));
    for good in [&kept, &revoked] {
        assert!(here.ocsp(good).contains(": good"), "{}", here.ocsp(good));
    }
    assert!(!here.crl().contains(&revoked));

    mend_log(&here);
    here.await_certificate(&waiting);
    here.await_listed(&revoked);
    wait_for(|| {
        let told = here.ocsp(&revoked);
        if told.contains(": revoked") { Ok(()) } else { Err(told) }
    });
    assert_eq!(here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"), "3");
    serving.stop();
}

/// A TSA that takes a connection and says nothing keeps checkpoints from their time-stamps and from nothing else, and
/// the process from no stop.
#[test]
fn a_silent_tsa_holds_up_neither_the_log_nor_a_stop() {
    let here = Installation::on(Engine::Sqlite);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = |at: SocketAddr| format!("tsa_url = \"http://{at}/tsa\"");
    here.configure("silent.toml", &address(here.public()), &address(silent.local_addr().unwrap()));
    let mut serving = here.start("silent.toml", None);
    here.await_officers_of(&mut serving);
    for number in ["01001000404", "01001000405"] {
        here.issue(number);
        let checkpoint = await_sealed(&here, false);
        assert!(checkpoint["token"].is_null(), "{checkpoint}");
    }
    serving.stop();

    let serving = here.serve(None);
    let checkpoint = await_sealed(&here, true);
    assert!(checkpoint["token"].is_string(), "{checkpoint}");
    serving.stop();
}

/// The checkpoint that is online, once it covers what happened until now.
fn await_sealed(here: &Installation, stamped: bool) -> Value {
    let now: u64 = here.sql("SELECT count(*) FROM audit_events").parse().unwrap();
    wait_for(|| {
        let online = get(here.public(), "/audit/checkpoint").body;
        let checkpoint: Value = serde_json::from_slice(&online).map_err(|error| error.to_string())?;
        let sealed = checkpoint["checkpoint"]["size"].as_u64().is_some_and(|size| size >= now);
        let as_wanted = sealed && (!stamped || checkpoint["token"].is_string());
        if as_wanted { Ok(checkpoint) } else { Err(format!("{now}: {checkpoint}\n{}", here.log())) }
    })
}

/// What acts leave behind.
const ROWS: &str = "SELECT (SELECT count(*) FROM applications), (SELECT count(*) FROM orders), \
                    (SELECT count(*) FROM order_signatures), (SELECT count(*) FROM certificates), \
                    (SELECT count(*) FROM certificate_status WHERE revoked IS NOT NULL), (SELECT count(*) FROM crls), \
                    (SELECT count(*) FROM revocation_requests), (SELECT count(*) FROM officer_grants)";

/// Every act of an officer, and reading personal data too, fails with a problem of the server's.
fn officers_are_refused(here: &Installation, certificate: &str, application: &str) {
    here.prepare(Subject::Person("01001000404"));
    let officer = ["--as", "officers/registration-officer.pem"];
    let files = ["--file", "person.toml", "--csr", "person.csr"];
    here.must_not(&[&["application", "new"], &files[..], &officer].concat());
    for asked in [here.approve(application), here.revoke(certificate), here.suspend(certificate)] {
        assert!(!asked.status.success(), "{}", said(&asked));
    }
    let reply = here.ask(Call::get("registration-officer", "/applications"));
    assert!(matches!(reply.problem().0, 500 | 503), "{reply:?}");
}

/// The journal is the log of time-stamps: where it cannot be written there are none, and that is said.
fn without_a_journal_there_is_no_time_stamp(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    await_stamp(&here, |reply| reply.body.len() > 400);
    fs::rename(here.file("journal"), here.file("journal.away")).unwrap();
    // A file in its place: no folder, whoever runs this.
    fs::write(here.file("journal"), "").unwrap();
    let rejected = await_stamp(&here, |reply| reply.body.len() < 400);
    assert_eq!(rejected.status, 200);
    assert!(rejected.body.ends_with(&[3, 5, 6, 0, 0, 0, 0x40]), "systemFailure: {:02x?}", rejected.body);
    eventually(|| here.health().contains("no tokens are made"), || here.health());

    fs::remove_file(here.file("journal")).unwrap();
    fs::rename(here.file("journal.away"), here.file("journal")).unwrap();
    let granted = await_stamp(&here, |reply| reply.body.len() > 400);
    fs::write(here.file("r.tsr"), &granted.body).unwrap();
    let verify = ["ts", "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "pki/root.pem"];
    let told = here.openssl(&[&verify[..], &["-untrusted", "pki/time-stamping.pem"]].concat());
    assert!(told.contains("Verification: OK"), "{told}");
    serving.stop();
    // Every token that left is in the journal, whose chain is whole.
    let told = here.openssl(&["ts", "-reply", "-in", "r.tsr", "-text"]);
    let serial = told.lines().find_map(|line| line.strip_prefix("Serial number: ")).unwrap();
    let found = here.must(&["tsa", "find", "--config", "ndoba.toml", "--serial", serial]);
    assert!(!found.is_empty());
}

fn await_stamp(here: &Installation, as_wanted: impl Fn(&Reply) -> bool) -> Reply {
    fs::write(here.file("document"), "a contract").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha256", "-cert", "-out", "q.tsq"]);
    wait_for(|| {
        let reply = stamp(here.public(), "/tsa", &here.read("q.tsq"));
        if as_wanted(&reply) { Ok(reply) } else { Err(format!("{reply:?}\n{}", here.log())) }
    })
}

/// No event like one of these is taken any more, as on a full disk.
pub(crate) fn break_log(here: &Installation, like: &[&str]) {
    let on_postgresql = here.is_on_postgresql();
    let text = if on_postgresql { "convert_from(NEW.event, 'UTF8')" } else { "CAST(NEW.event AS TEXT)" };
    let when = like.iter().map(|like| format!("{text} LIKE '{like}'")).collect::<Vec<_>>().join(" OR ");
    here.sql(&if on_postgresql {
        format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
             CREATE TRIGGER broken BEFORE INSERT ON audit_events FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION broken();"
        )
    } else {
        format!(
            "CREATE TRIGGER broken BEFORE INSERT ON audit_events WHEN {when} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    });
}

pub(crate) fn mend_log(here: &Installation) {
    here.sql(if here.is_on_postgresql() {
        "DROP TRIGGER broken ON audit_events; DROP FUNCTION broken();"
    } else {
        "DROP TRIGGER broken"
    });
}
