use proptest::prelude::*;

use super::*;
use crate::test_support::{Bench, p256_key};
use crate::{BadKey, encode};

/// `openssl req -new` with a key from `genpkey` options and options of its own.
fn request(genpkey: &[&str], req: &[&str]) -> Vec<u8> {
    let bench = Bench::new();
    bench.ok(&[&["genpkey", "-out", "key.pem"], genpkey].concat());
    bench.file("req.cnf", b"[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=whoever\n");
    let base = ["req", "-new", "-config", "req.cnf", "-key", "key.pem", "-out", "req.pem"];
    bench.ok(&[&base[..], req].concat());
    bench.read("req.pem")
}

fn ec(curve: &str, hash: &str) -> Vec<u8> {
    let curve = format!("ec_paramgen_curve:{curve}");
    request(&["-algorithm", "EC", "-pkeyopt", &curve, "-pkeyopt", "ec_param_enc:named_curve"], &[hash])
}

fn rsa(bits: u16, req: &[&str]) -> Vec<u8> {
    request(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")], req)
}

/// Curve and hash go their own ways, also in the combinations that break other libraries (rcgen#448).
#[test]
fn every_curve_with_every_hash() {
    for (curve, kind) in [("P-256", KeyKind::EcP256), ("P-384", KeyKind::EcP384), ("P-521", KeyKind::EcP521)]
    {
        for hash in ["-sha256", "-sha384", "-sha512"] {
            let csr = VerifiedCsr::parse(&ec(curve, hash)).unwrap();
            assert_eq!(csr.key_kind(), kind, "{curve} {hash}");
            assert_eq!(KeyKind::of(csr.spki()), Ok(kind));
        }
    }
}

#[test]
fn rsa_and_ed25519() {
    let pss = ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
    for options in [&["-sha256"][..], &["-sha512"], &pss] {
        let csr = VerifiedCsr::parse(&rsa(3072, options)).unwrap();
        assert_eq!(csr.key_kind(), KeyKind::Rsa { bits: 3072 }, "{options:?}");
    }
    let csr = VerifiedCsr::parse(&request(&["-algorithm", "ED25519"], &[])).unwrap();
    assert_eq!(csr.key_kind(), KeyKind::Ed25519);
    assert_eq!(csr.subject().to_string(), "CN=whoever");
}

fn code(bytes: &[u8]) -> &'static str {
    VerifiedCsr::parse(bytes).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn weak_and_foreign_keys_and_hashes_k_c21() {
    assert_eq!(code(&rsa(1024, &["-sha256"])), "key-rsa-too-short");
    assert_eq!(code(&rsa(2048, &["-sha1"])), "csr-signature-algorithm");
    assert_eq!(code(&ec("secp256k1", "-sha256")), "key-curve-unknown");
    let explicit =
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"];
    assert_eq!(code(&request(&explicit, &[])), "key-curve-not-named");
    let exponent =
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-pkeyopt", "rsa_keygen_pubexp:3"];
    assert_eq!(code(&request(&exponent, &["-sha256"])), "key-rsa-exponent");
    let salt = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"];
    assert_eq!(code(&rsa(3072, &salt)), "csr-signature-algorithm");
}

#[test]
fn extensions_and_attributes_are_refused_by_name() {
    let with = |config: &str| {
        let bench = Bench::new();
        bench.ok(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem"]);
        bench.file("req.cnf", config.as_bytes());
        bench.ok(&["req", "-new", "-config", "req.cnf", "-key", "key.pem", "-out", "req.pem"]);
        VerifiedCsr::parse(&bench.read("req.pem")).unwrap_err()
    };
    let head = "[req]\ndistinguished_name=dn\nprompt=no\n";
    let error = with(&format!("{head}req_extensions=v3\n[dn]\nCN=x\n[v3]\nsubjectAltName=email:a@b.ge\n"));
    assert_eq!(error, CsrError::Extension { name: "subjectAltName".into() });
    let error = with(&format!("{head}attributes=at\n[dn]\nCN=x\n[at]\nchallengePassword=secret\n"));
    assert_eq!(error, CsrError::Attribute { name: "challengePassword".into() });
}

/// A request of our own making, for what openssl does not write.
fn own(attributes: &[u8], version: u64) -> Vec<u8> {
    let key = p256_key(7);
    let info = encode::sequence(&[
        &encode::integer(version),
        &[0x30, 0],
        key.spki.as_der(),
        &encode::context_constructed(0, attributes),
    ]);
    let signature = key.sign(&info);
    crate::assemble(&info, key.algorithm, &signature)
}

#[test]
fn empty_extension_request_asks_for_nothing() {
    let empty = encode::sequence(&[&encode::oid(&oid::EXTENSION_REQUEST), &encode::set_of_one(&[0x30, 0])]);
    assert_eq!(code(&own(&[], 0)), "accepted");
    assert_eq!(code(&own(&empty, 0)), "accepted");
    assert_eq!(code(&own(&[], 1)), "csr-malformed");
    assert_eq!(code(&own(&[5, 0], 0)), "csr-malformed");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = own(&[], 0);
    assert_eq!(code(&good), "accepted");
    for position in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[position / 8] ^= 1 << (position % 8);
        assert_ne!(code(&bad), "accepted", "bit {position}");
    }
    assert_eq!(code(&[&good[..], &[0]].concat()), "csr-malformed");
    assert_eq!(code(b"hello"), "csr-not-pem");
    assert_eq!(code(&vec![0x30; 100_000]), "csr-too-large");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = VerifiedCsr::parse(&bytes);
    }

    #[test]
    fn no_mutation_panics(position in 0usize..300, byte: u8, cut in 0usize..300) {
        let mut bytes = own(&[], 0);
        let position = position % bytes.len();
        bytes[position] = byte;
        bytes.truncate(bytes.len().saturating_sub(cut % 7));
        let _ = VerifiedCsr::parse(&bytes);
    }
}

/// Every refusal has its row for officers, with the very sentence; and no row is of a refusal that does not exist.
#[test]
fn every_refusal_is_explained_to_officers() {
    let page = include_str!("../../../../docs/reference/certificate-requests.md");
    let table = page.split("## What only the CA knows").next().unwrap();
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(code, rest)| (code, rest.split(" | ").next().unwrap()))
        .collect();
    let keys = [
        BadKey::Malformed,
        BadKey::UnknownAlgorithm,
        BadKey::NotNamedCurve,
        BadKey::UnknownCurve,
        BadKey::NotOnCurve,
        BadKey::Rsa,
        BadKey::RsaExponent,
        BadKey::RsaCloseFactors,
        BadKey::RsaFaultyGenerator,
        BadKey::RsaSmallFactor,
    ];
    let name = || "…".to_owned();
    let mut refusals = vec![
        CsrError::TooLarge,
        VerifiedCsr::parse(b"no request").unwrap_err(),
        CsrError::Malformed,
        CsrError::SignatureAlgorithm,
        CsrError::Signature,
        CsrError::Attribute { name: name() },
        CsrError::Extension { name: name() },
        CsrError::RsaTooShort { bits: 1024 },
    ];
    refusals.extend(keys.map(CsrError::Key));
    // A new variant is missing in the list above; this match says so where it is added.
    for refusal in &refusals {
        match refusal {
            CsrError::TooLarge
            | CsrError::Pem(_)
            | CsrError::Malformed
            | CsrError::Key(
                BadKey::Malformed
                | BadKey::UnknownAlgorithm
                | BadKey::NotNamedCurve
                | BadKey::UnknownCurve
                | BadKey::NotOnCurve
                | BadKey::Rsa
                | BadKey::RsaExponent
                | BadKey::RsaCloseFactors
                | BadKey::RsaFaultyGenerator
                | BadKey::RsaSmallFactor,
            )
            | CsrError::RsaTooShort { .. }
            | CsrError::SignatureAlgorithm
            | CsrError::Signature
            | CsrError::Attribute { .. }
            | CsrError::Extension { .. } => {}
        }
    }
    let told: Vec<(&str, String)> = refusals
        .iter()
        .map(|refusal| {
            // What the file's form was wrong in differs from file to file.
            let sentence =
                if matches!(refusal, CsrError::Pem(_)) { refusal.to_string() } else { refusal.sentence() };
            (refusal.code(), sentence.replace("1024", "…"))
        })
        .collect();
    assert_eq!(rows.len(), told.len());
    for (code, sentence) in &told {
        assert!(rows.contains(&(code, sentence)), "{code}: {sentence}");
    }
}
