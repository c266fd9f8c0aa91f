//! The verifier: holds for our tokens and for openssl's, and for no octet changed in what is signed.

use std::fs;

use ndoba_tsa::{BadToken, ImprintHash, Outcome, verify_token};
use sha2::{Digest as _, Sha256};

use crate::fixture::{NOW, PKI, Service, query, run, unit_parts};

const DATA: &[u8] = b"the contract";

fn verified(token: &[u8]) -> Result<String, BadToken> {
    let digest = Sha256::digest(DATA);
    verify_token(token, ImprintHash::Sha256, &digest).map(|token| token.gen_time.to_string())
}

/// The token of an openssl-readable TimeStampResp.
fn token_of(response: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("answer.tsr"), response).unwrap();
    run(folder.path(), "openssl ts -reply -in answer.tsr -token_out -out token.tst");
    fs::read(folder.path().join("token.tst")).unwrap()
}

fn ours(options: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let reply = Service::new(unit_parts()).stamp(&query(folder.path(), options));
    assert!(matches!(reply.outcome, Outcome::Granted(_)));
    token_of(&reply.response)
}

#[test]
fn our_token_holds_for_what_it_was_given() {
    let token = ours("-sha256 -cert");
    // NOW, cut to the millisecond.
    assert_eq!(verified(&token).unwrap(), NOW.replace("123456", "123"));
    let other = verify_token(&token, ImprintHash::Sha256, &Sha256::digest(b"another contract"));
    assert_eq!(other, Err(BadToken::OtherImprint));
    assert_eq!(verified(&ours("-sha256")), Err(BadToken::NoCertificate));
}

#[test]
fn an_octet_changed_where_it_is_signed_is_found() {
    let token = ours("-sha256 -cert");
    // The issuer's certificate is a help for building a path, and digestAlgorithms a hint for one-pass readers:
    // neither is signed. That the issuer is the right one is for who knows the root.
    let unsigned = |place: usize| {
        let within = |part: &[u8]| {
            let at = token.windows(part.len()).position(|window| window == part).unwrap();
            (at..at + part.len()).contains(&place)
        };
        const DIGEST_ALGORITHMS: [u8; 15] =
            [0x31, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
        within(&PKI.der("issuing.pem")) || within(&DIGEST_ALGORITHMS)
    };
    for place in 0..token.len() {
        let mut changed = token.clone();
        changed[place] ^= 1;
        assert!(verified(&changed).is_err() || unsigned(place), "octet {place}");
    }
    for length in 0..token.len() {
        assert!(verified(&token[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn another_authoritys_token_holds_too() {
    PKI.issue_with_key("foreign", Some("issuing"), "tsu", "RSA -pkeyopt rsa_keygen_bits:3072");
    let folder = tempfile::tempdir().unwrap();
    query(folder.path(), "-sha256 -cert");
    fs::write(folder.path().join("serial"), "01").unwrap();
    let config = "[t]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\n\
                  ess_cert_id_alg=sha256\naccuracy=secs:1\n";
    fs::write(folder.path().join("tsa.cnf"), config).unwrap();
    let (certificate, key) = (PKI.path("foreign.pem"), PKI.path("foreign.key"));
    run(
        folder.path(),
        &format!(
            "openssl ts -reply -queryfile request.tsq -config tsa.cnf -section t -signer {} -inkey {} -out answer.tsr",
            certificate.display(),
            key.display()
        ),
    );
    verified(&token_of(&fs::read(folder.path().join("answer.tsr")).unwrap())).unwrap();
}
