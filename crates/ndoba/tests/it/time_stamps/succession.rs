//! A unit's next key, from the command that makes it to the end of the one before: under dual control, at a set time,
//! without a token missed (EN 319 421 TIS-7.6.2, TIS-7.6.7, TIS-7.7.1-07).

use std::fs;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{must, query};
use crate::http::{send, stamp, try_stamp};
use crate::installation::{Engine, Installation};

const PATIENCE: Duration = Duration::from_secs(60);
/// Enough for everything that is done before the next key takes over.
const AHEAD: u64 = 14;

/// This machine's time in seconds since 1970, and as RFC 3339, so many seconds later.
fn later(seconds: u64) -> (u64, String) {
    let date = |arguments: &[&str]| {
        String::from_utf8(Command::new("date").args(arguments).output().unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    let at: u64 = date(&["+%s"]).parse::<u64>().unwrap() + seconds;
    (at, date(&["-u", "-d", &format!("@{at}"), "+%FT%TZ"]))
}

struct Bench {
    here: Installation,
}

impl Bench {
    fn refused(&self, arguments: &[&str], because: &str) {
        let Output { status, stderr, .. } = self.here.run(arguments);
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!status.success() && said.contains(because), "{arguments:?}: {said}");
    }

    fn sign(&self, officer: &str, over: Option<&str>, out: &str) {
        let officer = format!("officers/{officer}.pem");
        let mut sign =
            vec!["tsa", "sign-order", "--order", "next/order.json", "--as", &officer, "--out", out, "--yes"];
        if let Some(over) = over {
            sign.extend(["--over", over]);
        }
        self.here.must(&sign);
    }

    fn submit<'a>(&self, first: &'a str, second: &'a str) -> Vec<&'a str> {
        let submit = ["tsa", "submit-order", "--config", "ndoba.toml", "--order", "next/order.json"];
        let rest = ["--request", "next/request.der", "--signature", first, "--signature", second];
        [&submit[..], &rest, &["--out", "next/tsu-2.pem"]].concat()
    }

    /// SHA-256 over the certificate in a file of the installation: a token names its certificate by it.
    fn certificate(&self, file: &str) -> Vec<u8> {
        let at = self.here.file("");
        must(&at, "openssl", &["x509", "-in", file, "-outform", "DER", "-out", "one.der"]);
        let digest = must(&at, "openssl", &["dgst", "-sha256", "-r", "one.der"]);
        hex::decode(digest.split(' ').next().unwrap()).unwrap()
    }

    /// Asks for a token until there is one that this certificate made; how it is answered on the way must be a token.
    fn await_token_by(&self, certificate: &[u8], request: &[u8]) -> Vec<u8> {
        let start = Instant::now();
        loop {
            let reply = try_stamp(self.here.public(), "/tsa", request);
            let body = reply.map(|reply| reply.body).unwrap_or_default();
            if body.windows(certificate.len()).any(|window| window == certificate) {
                return body;
            }
            assert!(start.elapsed() < PATIENCE, "{}", self.here.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn the_next_key_is_ordered_by_two_certified_adopted_used_and_the_one_before_destroyed() {
    let bench = Bench { here: Installation::on(Engine::Sqlite) };
    let here = &bench.here;
    let text = fs::read_to_string(here.file("ndoba.toml")).unwrap();
    fs::write(here.file("ndoba.toml"), text.replacen("[tsa]", "[tsa]\ndestroy_after = \"1s\"", 1)).unwrap();
    let serving = here.serve(None);
    let folder = here.file("");
    let request = query(&folder, "before and after", &["-sha256", "-cert"]);
    let first = bench.certificate("pki/tsu.pem");
    let early = bench.await_token_by(&first, &request);
    fs::write(here.file("early.tsr"), &early).unwrap();

    // 1. The key and its order. Not later than the present key ends: there would be no tokens meanwhile.
    let renew = ["tsa", "renew", "--config", "ndoba.toml", "--unit", "tsu", "--out", "next", "--from"];
    let (too_late, (at, from)) = (later(400 * 86_400).1, later(AHEAD));
    bench.refused(&[&renew[..], &[&too_late]].concat(), "when the present key ends");
    let renew = [&renew[..], &[&from]].concat();
    let said = here.must(&renew);
    assert!(said.contains("tsu/tsu/2") && said.contains("Destroys the key"), "{said}");
    // Again: another order about the same key, which is not made twice.
    here.must(&renew);
    assert_eq!(here.must(&["keys", "list", "--config", "ndoba.toml"]).matches(" tsu/tsu/").count(), 2);

    // 2. Two security officers, different ones; nobody else.
    bench.sign("security-1", None, "one.jws");
    bench.sign("security-2", Some("one.jws"), "two.jws");
    bench.sign("security-1", Some("one.jws"), "same.jws");
    bench.sign("registration-officer", None, "registrar.jws");
    bench.sign("approver", Some("registrar.jws"), "approver.jws");
    bench.refused(&bench.submit("one.jws", "same.jws"), "order-same-person");
    bench.refused(&bench.submit("registrar.jws", "approver.jws"), "order-signer-role");
    bench.refused(&bench.submit("two.jws", "two.jws"), "order-role-twice");

    // 3. The CA certifies it, once; the same command again fetches the same certificate.
    here.must(&bench.submit("one.jws", "two.jws"));
    let second = bench.certificate("next/tsu-2.pem");
    here.must(&bench.submit("one.jws", "two.jws"));
    assert_eq!(bench.certificate("next/tsu-2.pem"), second);
    here.must(&["lint", "next/tsu-2.pem"]);

    // 4. Adopted while it serves. Another certificate is not taken for it.
    let adopt = |certificate: &'static str| {
        ["tsa", "adopt", "--config", "ndoba.toml", "--order", "next/order.json", "--certificate", certificate]
    };
    bench.refused(&adopt("pki/tsu.pem"), "for another key");
    here.must(&adopt("next/tsu-2.pem"));
    bench.refused(&adopt("next/tsu-2.pem"), "adopted already");
    if later(0).0 < at {
        bench.refused(&renew, "made already");
    }

    // 5. Published before it is used, and not used before its time.
    let published = || {
        let reply = send(here.public(), "GET", "/tsa/tsu/certificates", "", b"");
        assert_eq!(reply.status, 200);
        fs::write(here.file("chain.p7c"), reply.body).unwrap();
        let list = ["pkcs7", "-inform", "DER", "-in", "chain.p7c", "-print_certs", "-noout"];
        must(&folder, "openssl", &list).matches("subject=").count()
    };
    let start = Instant::now();
    // Both keys' certificates, and the CA's.
    while published() != 3 {
        assert!(start.elapsed() < PATIENCE, "{}", here.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let still = stamp(here.public(), "/tsa", &request).body;
    if later(0).0 < at {
        assert!(still.windows(32).any(|window| window == first), "the next key is used before its time");
    }

    // 6. At its time it takes over, and every request on the way has its token.
    let mut answers = Vec::new();
    while later(0).0 <= at + 1 {
        answers.push(stamp(here.public(), "/tsa", &request).body);
    }
    for answer in &answers {
        let by = |certificate: &[u8]| answer.windows(32).any(|window| window == certificate);
        assert!(by(&first) != by(&second), "an answer that is no token by one of the two");
    }
    let late = bench.await_token_by(&second, &request);
    fs::write(here.file("late.tsr"), &late).unwrap();
    for tsr in ["early.tsr", "late.tsr"] {
        let verify = ["ts", "-verify", "-queryfile", "q.tsq", "-in", tsr, "-CAfile", "pki/root.pem"];
        let said =
            must(&folder, "openssl", &[&verify[..], &["-untrusted", "pki/time-stamping.pem"]].concat());
        assert!(said.contains("Verification: OK"), "{tsr}: {said}");
    }

    // 7. The key before is destroyed, and only that one; a restart goes on with the second.
    let start = Instant::now();
    while here.must(&["keys", "list", "--config", "ndoba.toml"]).contains(" tsu/tsu/1 ") {
        assert!(start.elapsed() < PATIENCE, "{}", here.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(here.must(&["keys", "list", "--config", "ndoba.toml"]).contains(" tsu/tsu/2 "));
    here.must(&["config", "check", "--config", "ndoba.toml"]);
    serving.stop();
    let serving = here.serve(None);
    bench.await_token_by(&second, &request);

    // 8. All of it is in the log, each step once.
    let about = |log: &str, kind: &str, word: &str| {
        log.lines().filter(|line| line.contains(kind) && line.replace('\\', "").contains(word)).count()
    };
    let start = Instant::now();
    let log = loop {
        here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
        let log = fs::read_to_string(here.file("log.jsonl")).unwrap();
        // The last of them: by the run that began last.
        if about(&log, "tsu-activated", "\"tsu/tsu/2\"") >= 2 {
            break log;
        }
        assert!(start.elapsed() < PATIENCE, "{log}");
        std::thread::sleep(Duration::from_millis(100));
    };
    drop(serving);
    let about = |kind: &str, word: &str| about(&log, kind, word);
    assert_eq!(about("key-generated", "\"tsu/tsu/2\""), 1);
    assert_eq!(about("order-queued", "certify-unit"), 1);
    assert_eq!(about("tsu-prepared", "\"tsu/tsu/2\""), 1);
    assert_eq!(about("tsu-stopped", "superseded"), 1);
    assert!(about("tsu-activated", "\"tsu/tsu/1\"") >= 1);
    // Once by each of the two runs that used it.
    assert_eq!(about("tsu-activated", "\"tsu/tsu/2\""), 2);
    assert_eq!(about("key-destroyed", "\"tsu/tsu/1\""), 1);
    let order: Value = serde_json::from_slice(&fs::read(here.file("next/order.json")).unwrap()).unwrap();
    assert!(about("certificate-issued", order["order_id"].as_str().unwrap()) == 1, "issued by that order");
}
