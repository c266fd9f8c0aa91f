//! The last answers of a CA, as openssl and pkilint read them.

use std::fs;
use std::process::Command;

use ndoba_ocsp::{
    AnswerPolicy, CertStatusFacts, FinalAuthority, FinalIssuer, HashAlgorithm, Refusal, Request, Responders,
};
use ndoba_testkit::{Document, Judge};
use ndoba_types::{SerialNumber, Sha256Digest, Signature, SignatureAlgorithm, Span, UtcTime};
use ndoba_x509::{Certificate, RevocationReason, verify_signature};
use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;

use crate::pki::Pki;
use crate::requests::{NULL, cert_id, nonce, request};

fn now() -> UtcTime {
    "2026-11-27T12:00:00.7Z".parse().unwrap()
}

fn ca(pki: &Pki) -> Certificate {
    Certificate::from_der(&pki.ca).unwrap()
}

fn authority(pki: &Pki) -> FinalAuthority {
    FinalAuthority::new("signature".parse().unwrap(), &ca(pki), SignatureAlgorithm::EcdsaP256Sha256).unwrap()
}

fn signed(pki: &Pki, hash: HashAlgorithm, serial: &SerialNumber, facts: &CertStatusFacts) -> Vec<u8> {
    let (pending, to_be_signed) = authority(pki).answer(hash, serial, facts, now()).unwrap();
    let key = p256::ecdsa::SigningKey::from_pkcs8_der(&pki.issuer.key().serialize_der()).unwrap();
    let signature: DerSignature = key.sign(to_be_signed.as_bytes());
    let signature = Signature::from_bytes(signature.as_bytes().to_vec());
    let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
    verify_signature(ca(pki).spki(), algorithm, to_be_signed.as_bytes(), signature.as_bytes()).unwrap();
    let answer = pending.finish(&signature).unwrap();
    assert_eq!(answer.next_update, UtcTime::NO_END.floor_to_second());
    answer.der
}

#[test]
fn final_answers_verify_without_a_responder_in_a_hundred_years() {
    let pki = Pki::at(now());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let serial: SerialNumber = "5bd1ad6ca8c31a6a3d5a1f6d00000001".parse().unwrap();
    let person = pki.person(&serial);
    for (name, der) in [("ca", &pki.ca), ("person", &person)] {
        fs::write(path(&format!("{name}.der")), der).unwrap();
        let arguments = ["x509", "-inform", "DER", "-in", &path(&format!("{name}.der")), "-out"];
        let done =
            Command::new("openssl").args(arguments).arg(path(&format!("{name}.pem"))).output().unwrap();
        assert!(done.status.success());
    }
    let certificate = Sha256Digest::of(&person);
    let at = now().minus(Span::days(3));
    let revoked = CertStatusFacts::Revoked {
        at,
        reason: RevocationReason::CessationOfOperation,
        certificate: Some(certificate),
    };
    for (hash, option) in [(HashAlgorithm::Sha1, "-sha1"), (HashAlgorithm::Sha256, "-sha256")] {
        for (facts, wanted) in [
            (CertStatusFacts::Good { certificate }, "person.pem: good"),
            (revoked.clone(), "cessationOfOperation"),
        ] {
            let answer = signed(&pki, hash, &serial, &facts);
            Judge::shared().assert_clean(Document::OcspResponse, &answer);
            fs::write(path("answer.der"), &answer).unwrap();
            let said = Command::new("openssl")
                .args(["ocsp", "-respin", "answer.der", "-issuer", "ca.pem", option, "-cert", "person.pem"])
                .args(["-CAfile", "ca.pem", "-resp_text", "-no_nonce", "-validity_period", "100000000"])
                // Long after the CA's own end: its certificate is not judged by date, nor is the answer.
                .args(["-no_check_time"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            let text =
                String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
            assert!(text.contains("Response verify OK") && text.contains(wanted), "{text}");
            assert!(text.contains("Next Update: Dec 31 23:59:59 9999 GMT"), "{text}");
            assert!(text.contains("Archive Cutoff") && !text.contains("Certificate:"), "{text}");
            assert!(!text.contains("Status times invalid") && !text.contains("Nonce"), "{text}");
        }
    }
    // Nothing final is said of what was never issued.
    let nothing = authority(&pki).answer(HashAlgorithm::Sha1, &serial, &CertStatusFacts::NotIssued, now());
    assert_eq!(nothing.map(drop), Err(Refusal::Bug));
}

#[test]
fn questions_about_an_ended_ca() {
    let pki = Pki::at(now());
    let other = Pki::named("TEST another CA", now());
    let name = "signature".parse().unwrap();
    let finals = [FinalIssuer::new(name, &ca(&pki)).unwrap()];
    // Its responder still stands beside it: the final answers come first.
    let responders = Responders::new([pki.responder(AnswerPolicy::default())]).unwrap().with_finals(&finals);
    let ask = |ids: &[Vec<u8>], extensions: &[Vec<u8>]| {
        responders.final_question(&Request::parse(&request(ids, extensions)).unwrap())
    };
    for hash in FinalAuthority::HASHES {
        let id = cert_id(&pki.ca, hash, NULL, &[0x21]);
        let question = ask(std::slice::from_ref(&id), &[nonce(b"sixteen octets..")]).unwrap().unwrap();
        assert_eq!((question.hash, question.serial.to_string()), (hash, "21".to_owned()));
        assert_eq!(
            ask(&[id.clone(), cert_id(&pki.ca, hash, NULL, &[0x22])], &[]),
            Some(Err(Refusal::ForeignIssuer))
        );
        // A number that none can have.
        assert_eq!(ask(&[cert_id(&pki.ca, hash, NULL, &[0x81])], &[]), Some(Err(Refusal::ForeignIssuer)));
        assert_eq!(ask(&[cert_id(&other.ca, hash, NULL, &[0x21]), id], &[]), None);
    }
    let rare = cert_id(&pki.ca, HashAlgorithm::Sha512, NULL, &[0x21]);
    assert_eq!(ask(&[rare], &[]), Some(Err(Refusal::ForeignIssuer)));
}
