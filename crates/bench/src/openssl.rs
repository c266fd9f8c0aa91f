//! `openssl` doing the same work, for comparison: its responder, its time-stamps.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ndoba_x509::{Certificate, PemLabel, from_pem};

use crate::installation::text;
use crate::process::Running;

/// `openssl ocsp` answering about `serials` (hexadecimal) with a P-256 key in a file; returns its port.
pub(crate) fn ocsp_responder(folder: &Path, serials: &[String]) -> anyhow::Result<(Running, u16)> {
    fs::create_dir(folder)?;
    authority(folder, "extendedKeyUsage=OCSPSigning")?;
    let mut index = String::new();
    for serial in serials {
        // V(alid), expires, revoked, serial, file, subject.
        let _ = writeln!(index, "V\t351231235959Z\t\t{serial}\tunknown\t/CN={serial}");
    }
    fs::write(folder.join("index.txt"), index)?;
    let port = ndoba_testkit::free_port()?;
    let log = folder.join("ocsp.log");
    let out = fs::File::create(&log)?;
    let mut command = Command::new("openssl");
    command
        .args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "leaf.pem", "-rkey", "leaf.key"])
        .args(["-nmin", "60", "-port", &port.to_string()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let mut running = Running::start("openssl ocsp", &mut command)?;
    // Not by connecting: a connection that asks nothing keeps it busy for ever.
    while !fs::read_to_string(&log)?.contains("waiting for OCSP client") {
        running.must_live()?;
        sleep(Duration::from_millis(20));
    }
    Ok((running, port))
}

/// Answers per second of `openssl ocsp -reqin`, started again for each, as [`time_stamps`] are made; in the folder of
/// [`ocsp_responder`].
pub(crate) fn ocsp_answers(folder: &Path, request: &[u8], count: u32) -> anyhow::Result<f64> {
    fs::write(folder.join("query.der"), request)?;
    per_second(
        folder,
        count,
        &[
            "ocsp",
            "-index",
            "index.txt",
            "-CA",
            "ca.pem",
            "-rsigner",
            "leaf.pem",
            "-rkey",
            "leaf.key",
            "-nmin",
            "60",
            "-reqin",
            "query.der",
            "-respout",
            "reply.der",
        ],
    )
}

/// The CA that [`ocsp_responder`] answers for.
pub(crate) fn ca_of(folder: &Path) -> anyhow::Result<Certificate> {
    Ok(Certificate::from_der(&from_pem(PemLabel::Certificate, &fs::read(folder.join("ca.pem"))?)?)?)
}

/// Tokens per second of `openssl ts -reply`, started again for each, as its users do.
pub(crate) fn time_stamps(folder: &Path, query: &[u8], count: u32) -> anyhow::Result<f64> {
    fs::create_dir(folder)?;
    authority(folder, "extendedKeyUsage=critical,timeStamping")?;
    fs::write(folder.join("query.der"), query)?;
    fs::write(folder.join("serial"), "01\n")?;
    fs::write(
        folder.join("tsa.cnf"),
        "[tsa]\ndefault_tsa = unit\n[unit]\nserial = serial\nsigner_cert = leaf.pem\nsigner_key = leaf.key\n\
         signer_digest = sha256\ndefault_policy = 2.999.1\ndigests = sha256\naccuracy = secs:1\n",
    )?;
    per_second(
        folder,
        count,
        &["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.der", "-out", "reply.der"],
    )
}

/// How many times a second `openssl` does this, one after the other.
fn per_second(folder: &Path, count: u32, arguments: &[&str]) -> anyhow::Result<f64> {
    let start = Instant::now();
    for _ in 0..count {
        openssl(folder, arguments)?;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// A CA and a certificate of it with `usage`, P-256.
fn authority(folder: &Path, usage: &str) -> anyhow::Result<()> {
    const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let mut ca =
        vec!["req", "-x509", "-subj", "/CN=comparison", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"];
    ca.extend(KEY);
    openssl(folder, &ca)?;
    let mut leaf = vec![
        "req",
        "-x509",
        "-subj",
        "/CN=leaf",
        "-days",
        "30",
        "-keyout",
        "leaf.key",
        "-out",
        "leaf.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-addext",
        usage,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "keyUsage=critical,digitalSignature",
    ];
    leaf.extend(KEY);
    openssl(folder, &leaf)
}

fn openssl(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "openssl {} in {}: {said}", arguments.join(" "), text(folder));
    Ok(())
}
