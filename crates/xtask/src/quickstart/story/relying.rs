//! What strangers do with certificates: check them, see them revoked, ask for time-stamps, audit.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::Stage;
use super::super::runner::{must, must_not};
use super::demo::{self, Application};
use super::{must_curl, must_ndoba, must_openssl, ndoba};
use crate::failure::{Doing, Failure, Outcome};

const REVOCATION: &str = "officers/revocation.pem";
/// How long the next CRL may take after a revocation.
const NEXT_CRL: Duration = Duration::from_secs(60);

/// Chain, OCSP, CRL and issuer of both certificates.
pub(super) fn check_all(stage: &Stage) -> Outcome<((), String)> {
    for subject in [&demo::PERSON, &demo::MUNICIPALITY] {
        let certificate = format!("demo/{}.pem", subject.name);
        let issuer = format!("pki/{}.pem", subject.ca);
        must_openssl(
            stage,
            &["verify", "-x509_strict", "-CAfile", "pki/root.pem", "-untrusted", &issuer, &certificate],
        )?;
        // An earlier run may have come as far as revoking or suspending it.
        let good = demo::officers_see(stage, subject)? == "good";
        status(stage, subject, if good { ": good" } else { ": revoked" })?;
        let crl = fetch_crl(stage, subject.ca)?;
        must_openssl(stage, &["crl", "-inform", "DER", "-in", &crl, "-CAfile", &issuer, "-noout"])?
            .must_say("verify OK")?;
        issuer_is_served(stage, &certificate, &issuer)?;
    }
    Ok(((), "openssl agrees with all of it".into()))
}

/// Asks by OCSP, at the address in the certificate, and expects an answer with `words`.
fn status(stage: &Stage, subject: &demo::Subject, words: &str) -> Outcome {
    let certificate = format!("demo/{}.pem", subject.name);
    let issuer = format!("pki/{}.pem", subject.ca);
    let address = must_openssl(stage, &["x509", "-noout", "-ocsp_uri", "-in", &certificate])?.text();
    let address = stage.options.on_this_machine(&address);
    let said = must_openssl(
        stage,
        &[
            "ocsp",
            "-issuer",
            &issuer,
            "-cert",
            &certificate,
            "-url",
            &address,
            "-CAfile",
            "pki/root.pem",
            "-verify_other",
            &issuer,
        ],
    )?;
    said.must_say("Response verify OK")?;
    said.must_say(words)
}

fn fetch_crl(stage: &Stage, ca: &str) -> Outcome<String> {
    let file = format!("demo/{ca}.crl");
    let address = stage.options.public(&format!("/crl/{ca}.crl"));
    must_curl(stage, &["--output", &file, &address])?;
    Ok(file)
}

/// The address in the certificate's AIA serves the issuer itself, byte for byte.
fn issuer_is_served(stage: &Stage, certificate: &str, issuer: &str) -> Outcome {
    let text =
        must_openssl(stage, &["x509", "-noout", "-ext", "authorityInfoAccess", "-in", certificate])?.text();
    let address = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("CA Issuers - URI:"))
        .ok_or_else(|| Failure::new(format!("{certificate} names no issuer address")))?;
    must_curl(stage, &["--output", "demo/issuer.cer", &stage.options.on_this_machine(address)])?;
    must_openssl(stage, &["x509", "-outform", "DER", "-in", issuer, "-out", "demo/expected.cer"])?;
    if read(stage, "demo/issuer.cer")? == read(stage, "demo/expected.cer")? {
        return Ok(());
    }
    Err(Failure::new(format!("{address} serves another certificate than {issuer}")))
}

/// A revocation officer revokes; OCSP says so at once, the next CRL lists it.
pub(super) fn revoke(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let serial = demo::serial(stage, application)?;
    if demo::officers_see(stage, application.subject)? != "revoked" {
        must_ndoba(
            stage,
            &[
                "certificate",
                "revoke",
                &serial,
                "--reason",
                "keyCompromise",
                "--channel",
                "in-person",
                "--note",
                "The subscriber lost the device and showed the identity card.",
                "--as",
                REVOCATION,
                "--yes",
            ],
        )?;
    }
    status(stage, application.subject, ": revoked")?;
    status(stage, application.subject, "Reason: keyCompromise")?;
    wait_for_crl(stage, application.subject.ca, &serial)?;
    Ok(((), format!("serial {serial}")))
}

fn wait_for_crl(stage: &Stage, ca: &str, serial: &str) -> Outcome {
    let start = Instant::now();
    while start.elapsed() < NEXT_CRL {
        let crl = fetch_crl(stage, ca)?;
        let text = must_openssl(stage, &["crl", "-inform", "DER", "-in", &crl, "-noout", "-text"])?.text();
        if text.to_ascii_lowercase().contains(serial) {
            return Ok(());
        }
        sleep(Duration::from_millis(500));
    }
    Err(Failure::new(format!("{ca}'s CRL does not list {serial} after {} s", NEXT_CRL.as_secs())))
}

/// Suspended: OCSP says certificateHold. Released: good again.
pub(super) fn suspend(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let serial = demo::serial(stage, application)?;
    if demo::officers_see(stage, application.subject)? == "good" {
        must_ndoba(
            stage,
            &[
                "certificate",
                "suspend",
                &serial,
                "--channel",
                "letter",
                "--note",
                "The municipality asks by a signed letter to suspend while it looks for the device.",
                "--as",
                REVOCATION,
                "--yes",
            ],
        )?;
    }
    status(stage, application.subject, "Reason: certificateHold")?;
    must_ndoba(
        stage,
        &[
            "certificate",
            "release",
            &serial,
            "--as",
            "officers/registration.pem",
            "--approver",
            "officers/approver.pem",
            "--channel",
            "in-person",
            "--note",
            "The mayor came with the device and the decision to go on using it.",
            "--yes",
        ],
    )?;
    status(stage, application.subject, ": good")?;
    Ok(((), format!("serial {serial}")))
}

/// `openssl ts -query`, `curl`, `openssl ts -verify`.
pub(super) fn time_stamp(stage: &Stage) -> Outcome<((), String)> {
    let address = stage.options.public("/tsa");
    must_openssl(
        stage,
        &["ts", "-query", "-data", "demo/person.pem", "-sha256", "-cert", "-out", "demo/stamp.tsq"],
    )?;
    must_curl(
        stage,
        &[
            "--header",
            "Content-Type: application/timestamp-query",
            "--data-binary",
            "@demo/stamp.tsq",
            "--output",
            "demo/stamp.tsr",
            &address,
        ],
    )?;
    let verified = must_openssl(
        stage,
        &[
            "ts",
            "-verify",
            "-queryfile",
            "demo/stamp.tsq",
            "-in",
            "demo/stamp.tsr",
            "-CAfile",
            "pki/root.pem",
            "-untrusted",
            "pki/time-stamping.pem",
        ],
    )?;
    verified.must_say("Verification: OK")?;
    let reply = must_openssl(stage, &["ts", "-reply", "-in", "demo/stamp.tsr", "-text"])?.text();
    let time = reply.lines().find_map(|line| line.trim().strip_prefix("Time stamp: ")).unwrap_or_default();
    Ok(((), time.to_owned()))
}

/// The log verifies from an export, a checkpoint that was published before, and the key's fingerprint on paper; of a
/// copy that was altered, cut or reordered the first bad record is named.
pub(super) fn audit(stage: &Stage) -> Outcome<((), String)> {
    let (export, checkpoint) = ("demo/audit.jsonl", "demo/checkpoint.json");
    let address = stage.options.public("/audit/checkpoint");
    must_curl(stage, &["--output", checkpoint, &address])?;
    must_ndoba(stage, &["audit", "export", "--as", "officers/auditor.pem", "--out", export])?;
    let key = audit_key(&text(stage, "ceremony/report.json")?)?;
    let judge = |file: &str| ndoba(stage, &["audit", "verify", file, "--seen", checkpoint, "--key", &key]);
    let verified = must(&mut judge(export), &stage.folder)?;
    verified.must_say("complete at least up to record ")?;
    let copies = damaged_copies(&text(stage, export)?)?;
    for Damaged { name, text, record } in &copies {
        let file = format!("demo/audit-{name}.jsonl");
        fs::write(stage.file(&file), text).doing(format_args!("write {file}"))?;
        must_not(&mut judge(&file), &stage.folder)?.must_say(&format!("record {record}: "))?;
    }
    let complete = verified.text().lines().last().unwrap_or_default().to_owned();
    let named: Vec<String> = copies.iter().map(|copy| format!("{} at {}", copy.name, copy.record)).collect();
    Ok(((), format!("{complete}; copies: {}", named.join(", "))))
}

/// The fingerprint of the audit key in the ceremony's report.
fn audit_key(report: &str) -> Outcome<String> {
    let after = report.split_once("\"label\": \"audit/seal/1\"").map(|(_, after)| after);
    let value = after.and_then(|after| after.split_once("\"fingerprint\": \"")).map(|(_, value)| value);
    let digits = value.and_then(|value| value.split('"').next());
    digits.map(str::to_owned).ok_or_else(|| Failure::new("the ceremony's report does not list the audit key"))
}

/// A copy of the log that does not verify.
#[derive(Debug)]
struct Damaged {
    /// What was done to it.
    name: &'static str,
    text: String,
    /// The first record that is not as it was.
    record: u64,
}

/// The log with a digit changed, a line taken out, and two lines exchanged, about the middle of it.
fn damaged_copies(whole: &str) -> Outcome<Vec<Damaged>> {
    let lines: Vec<&str> = whole.lines().collect();
    // Two records, one after the other: a checkpoint's time-stamp contains certificates that nobody needs and no
    // signature covers.
    let two_records = |place: &usize| index(lines[place - 1]).is_some() && index(lines[*place]).is_some();
    let middle = ((lines.len() / 2).max(1)..lines.len()).find(two_records);
    let middle =
        middle.ok_or_else(|| Failure::new("the exported log has no two records in its second half"))?;
    let (before, line) = (lines[middle - 1], lines[middle]);
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let other = |digit: char| if digit == '1' { "2" } else { "1" };
    let altered = match line.find(|c: char| c.is_ascii_digit()) {
        Some(at) => format!("{}{}{}", &line[..at], other(char::from(line.as_bytes()[at])), &line[at + 1..]),
        None => format!("{line} "),
    };
    let (mut changed, mut cut, mut swapped) = (lines.clone(), lines.clone(), lines.clone());
    changed[middle] = &altered;
    cut.remove(middle);
    swapped.swap(middle - 1, middle);
    let copy = |name, lines: &[&str], first: &str| {
        let record = index(first).unwrap_or_default();
        Damaged { name, text: joined(lines), record }
    };
    Ok(vec![copy("altered", &changed, line), copy("cut", &cut, line), copy("reordered", &swapped, before)])
}

/// The place of a line's record in the log; none for a line that is no record.
fn index(line: &str) -> Option<u64> {
    let (_, after) = line.strip_prefix("{\"event\":")?.rsplit_once("\"index\":")?;
    after.split([',', '}']).next()?.parse().ok()
}

fn text(stage: &Stage, file: &str) -> Outcome<String> {
    fs::read_to_string(stage.file(file)).doing(format_args!("read {file}"))
}

fn read(stage: &Stage, file: &str) -> Outcome<Vec<u8>> {
    fs::read(stage.file(file)).doing(format_args!("read {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_copy_differs_from_the_log_and_says_where() {
        let record = |index: u64| {
            format!("{{\"event\":{{\"id\":\"7\"}},\"hash\":\"a\",\"index\":{index},\"prev\":null}}")
        };
        let (checkpoint, [a, b, c]) = ("{\"algorithm\":\"x\"}", [4, 5, 6].map(record));
        let log = [checkpoint, &a, checkpoint, &b, &c].map(|line| format!("{line}\n")).concat();
        let copies = damaged_copies(&log).unwrap();
        let lines = |place: usize| copies[place].text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(0)[4], c.replace("\"7\"", "\"1\""));
        assert_eq!(lines(1), [checkpoint, &a, checkpoint, &b]);
        assert_eq!(lines(2), [checkpoint, &a, checkpoint, &c, &b]);
        assert_eq!([0, 1, 2].map(|place| copies[place].record), [6, 6, 5]);
        damaged_copies(checkpoint).unwrap_err();
    }

    #[test]
    fn the_audit_keys_fingerprint_is_taken_from_the_report() {
        let report = "{ \"label\": \"root/ca/1\", \"fingerprint\": \"aa\" }, \
                      { \"label\": \"audit/seal/1\", \"bits\": 256, \"fingerprint\": \"bb\" }";
        assert_eq!(audit_key(report).unwrap(), "bb");
        audit_key("{}").unwrap_err();
    }
}
