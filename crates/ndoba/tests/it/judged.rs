//! pkilint and asn1crypto judge one of every kind of document that the running product emits. What they may find is
//! listed in `tests/judges/accepted.toml` and nowhere else (requirements 7.5; K-C01, K-C02, K-R01, K-O07).

use std::fs;

use ndoba_testkit::{Document, Judge};

use crate::http::{get, send};
use crate::installation::{Engine, Installation, PUBLIC_URL, Subject};
use crate::program::{run, said, wait_for};

on_both_engines!(every_kind_of_document_is_clean);

const CAS: [&str; 4] = ["root", "signature", "seal", "time-stamping"];
const LISTS: [&str; 6] = ["root", "signature", "signature.1", "signature.2", "seal", "time-stamping"];

fn every_kind_of_document_is_clean(engine: Engine) {
    let here = Installation::on(engine);
    here.deal_into_shards();
    let serving = here.serve(None);
    let judge = Judge::shared();

    for ca in CAS {
        judge.assert_clean(Document::Ca, &served(&here, &format!("/issuer/{ca}.cer")));
        judge.assert_clean(Document::Responder, &der(&here, &format!("pki/{ca}-ocsp.pem")));
    }
    let tsu = judge.findings(Document::Tsu, &der(&here, "pki/tsu.pem"));
    assert!(tsu.iter().all(|finding| finding.accepted.is_some()), "{tsu:?}");
    assert_eq!(tsu.len(), 1, "the one conflict of the standards: {tsu:?}");

    let good = here.issue("01001012345");
    let revoked = here.issue("01001054321");
    let held = here.issue_to(Subject::Municipality("404123456"));
    here.download(&good, "good.der");
    judge.assert_clean(Document::Person, &here.read("good.der"));
    here.download(&held, "held.der");
    judge.assert_clean(Document::Organisation, &here.read("held.der"));

    // Lists with nothing on them, then with what happened.
    lists_are_clean(&here);
    here.download(&revoked, "revoked.pem");
    openssl_believes_the_shard_it_names(&here, "revoked.pem", "OK");
    for (what, output) in [("revoked", here.revoke(&revoked)), ("held", here.suspend(&held))] {
        assert!(output.status.success(), "{what}: {}", said(&output));
    }
    here.await_listed(&revoked);
    wait_for(|| {
        let crl = here.crl_of("seal");
        if crl.contains(&held) { Ok(()) } else { Err(crl) }
    });
    lists_are_clean(&here);
    openssl_believes_the_shard_it_names(&here, "revoked.pem", "certificate revoked");
    a_shard_is_read_by_cryptography(&here, "revoked.pem", &revoked);

    let unknown = "7f00112233445566778899aabbccddee";
    for (ca, serial, status) in [
        ("signature", good.as_str(), ": good"),
        ("signature", &revoked, "Reason: keyCompromise"),
        ("seal", &held, "Reason: certificateHold"),
        ("signature", unknown, ": unknown"),
        ("root", &serial_of(&here, "pki/signature.pem"), ": good"),
        ("time-stamping", &serial_of(&here, "pki/tsu.pem"), ": good"),
    ] {
        for options in [&["-sha1", "-no_nonce"][..], &["-sha256", "-no_nonce"], &["-sha256"]] {
            answer_is_clean(&here, ca, serial, options, status);
        }
    }
    errors_are_clean(&here);
    serving.stop();
}

fn lists_are_clean(here: &Installation) {
    for list in LISTS {
        let kind = if list == "root" { Document::Arl } else { Document::Crl };
        Judge::shared().assert_clean(kind, &served(here, &format!("/crl/{list}.crl")));
    }
}

/// Of a certificate, by the shard that it names and by the whole list; another shard says nothing of it (RFC 5280 §6.3.3).
fn openssl_believes_the_shard_it_names(here: &Installation, certificate: &str, verdict: &str) {
    let own = here.list_named_by(certificate);
    assert!(["signature.1", "signature.2"].contains(&own.as_str()), "{own}");
    let other = if own == "signature.1" { "signature.2" } else { "signature.1" };
    for (list, verdict) in [(own.as_str(), verdict), ("signature", verdict), (other, "ifferent CRL scope")] {
        // The shard's list comes by itself, as the whole one does: one may be waited for after the other.
        wait_for(|| {
            fs::write(here.file("list.der"), served(here, &format!("/crl/{list}.crl"))).unwrap();
            here.openssl(&["crl", "-inform", "DER", "-in", "list.der", "-out", "list.pem"]);
            let arguments =
                ["verify", "-crl_check", "-CAfile", "pki/root.pem", "-untrusted", "pki/signature.pem"];
            let arguments = [&arguments[..], &["-CRLfile", "list.pem", certificate]].concat();
            let told = said(&run(here.folder(), "openssl", &arguments));
            if told.contains(verdict) { Ok(()) } else { Err(format!("{list}: {verdict}: {told}")) }
        });
    }
}

/// By a reader of its own: the scope, critically, and what is in it.
fn a_shard_is_read_by_cryptography(here: &Installation, certificate: &str, serial: &str) {
    let own = here.list_named_by(certificate);
    fs::write(here.file("list.der"), served(here, &format!("/crl/{own}.crl"))).unwrap();
    let program = "import sys; from cryptography import x509\n\
        crl = x509.load_der_x509_crl(open('list.der', 'rb').read())\n\
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)\n\
        print(point.critical, [name.value for name in point.value.full_name], [format(one.serial_number, 'x') for one in crl])";
    let told = said(&run(here.folder(), Judge::python(), &["-c", program]));
    assert_eq!(told.trim(), format!("True ['{PUBLIC_URL}/crl/{own}.crl'] ['{serial}']"));
}

fn answer_is_clean(here: &Installation, ca: &str, serial: &str, options: &[&str], status: &str) {
    let told = wait_for(|| {
        let told = here.ocsp_of(ca, serial, &[options, &["-respout", "answer.der"]].concat());
        if told.contains(status) { Ok(told) } else { Err(format!("{status}: {told}")) }
    });
    assert!(told.contains("Response verify OK"), "{told}");
    Judge::shared().assert_clean(Document::OcspResponse, &here.read("answer.der"));
}

/// An answer that is an error is DER too: nothing but the status.
fn errors_are_clean(here: &Installation) {
    let reply = send(
        here.public(),
        "POST",
        "/ocsp",
        "Content-Type: application/ocsp-request\r\n",
        b"no request at all",
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    Judge::shared().assert_clean(Document::OcspResponse, &reply.body);
}

fn served(here: &Installation, path: &str) -> Vec<u8> {
    let reply = get(here.public(), path);
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.body
}

fn der(here: &Installation, pem: &str) -> Vec<u8> {
    here.openssl(&["x509", "-in", pem, "-outform", "DER", "-out", "certificate.der"]);
    let der = here.read("certificate.der");
    fs::remove_file(here.file("certificate.der")).unwrap();
    der
}

fn serial_of(here: &Installation, pem: &str) -> String {
    here.openssl(&["x509", "-in", pem, "-noout", "-serial"]).trim().split_once('=').unwrap().1.to_owned()
}
