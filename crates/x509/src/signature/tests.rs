//! Roots signed by openssl with every algorithm, and verified by both.

use ndoba_types::{SerialNumber, SignatureAlgorithm as A};
use proptest::prelude::*;

use super::*;
use crate::name::{Authority, AuthorityDraft};
use crate::pem::{PemLabel, to_pem};
use crate::test_support::{Bench, p256_key};
use crate::{Certificate, CertificatePlan, Profile, RootRequest};

const ALL: [A; 10] = [
    A::EcdsaP256Sha256,
    A::EcdsaP384Sha384,
    A::EcdsaP521Sha512,
    A::RsaPkcs1Sha256,
    A::RsaPkcs1Sha384,
    A::RsaPkcs1Sha512,
    A::RsaPssSha256,
    A::RsaPssSha384,
    A::RsaPssSha512,
    A::Ed25519,
];

/// What openssl calls the key, the hash and the padding.
fn in_openssl(algorithm: A) -> (Vec<&'static str>, Vec<&'static str>) {
    let ec = |curve| vec!["-algorithm", "EC", "-pkeyopt", curve];
    let rsa = || vec!["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
    let pss = |hash| vec![hash, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
    match algorithm {
        A::EcdsaP256Sha256 => (ec("ec_paramgen_curve:P-256"), vec!["-sha256"]),
        A::EcdsaP384Sha384 => (ec("ec_paramgen_curve:P-384"), vec!["-sha384"]),
        A::EcdsaP521Sha512 => (ec("ec_paramgen_curve:P-521"), vec!["-sha512"]),
        A::RsaPkcs1Sha256 => (rsa(), vec!["-sha256"]),
        A::RsaPkcs1Sha384 => (rsa(), vec!["-sha384"]),
        A::RsaPkcs1Sha512 => (rsa(), vec!["-sha512"]),
        A::RsaPssSha256 => (rsa(), pss("-sha256")),
        A::RsaPssSha384 => (rsa(), pss("-sha384")),
        A::RsaPssSha512 => (rsa(), pss("-sha512")),
        A::Ed25519 => (vec!["-algorithm", "ED25519"], vec![]),
    }
}

fn name() -> Authority {
    AuthorityDraft {
        country: "GE".into(),
        organization: "ნდობა".into(),
        organization_identifier: "NTRGE-202456789".into(),
        common_name: "Ndoba TEST Root CA".into(),
    }
    .try_into()
    .unwrap()
}

/// A root's TBS for a key that openssl keeps; a root's profile with every key allowed that a root may have.
fn tbs(spki: &SubjectPublicKeyInfo, algorithm: A) -> Vec<u8> {
    CertificatePlan::root(&RootRequest {
        profile: &Profile::preset("root").unwrap(),
        subject: &name(),
        key: spki,
        algorithm,
        serial: &SerialNumber::from_unsigned(&[0x7f; 16]).unwrap(),
        now: "2026-11-24T08:00:00Z".parse().unwrap(),
        days: 9131,
    })
    .unwrap()
    .to_tbs()
}

#[test]
fn openssl_signs_and_both_verify_c01() {
    for algorithm in ALL {
        let (genpkey, dgst) = in_openssl(algorithm);
        let bench = Bench::new();
        bench.ok(&[&["genpkey", "-out", "key.pem"][..], &genpkey].concat());
        bench.ok(&["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "spki.der"]);
        let spki = SubjectPublicKeyInfo::assertion(bench.read("spki.der"));
        // A root has neither P-256 nor Ed25519 (requirements §2.6); those two sign any message here.
        let is_root = !matches!(algorithm, A::EcdsaP256Sha256 | A::Ed25519);
        let message = if is_root { tbs(&spki, algorithm) } else { b"message".to_vec() };
        bench.file("message", &message);
        if dgst.is_empty() {
            bench.ok(&[
                "pkeyutl",
                "-sign",
                "-rawin",
                "-inkey",
                "key.pem",
                "-in",
                "message",
                "-out",
                "signature",
            ]);
        } else {
            bench.ok(&[&["dgst", "-sign", "key.pem", "-out", "signature"][..], &dgst, &["message"]].concat());
        }
        let signature = bench.read("signature");
        assert_eq!(verify_signature(&spki, algorithm, &message, &signature), Ok(()), "{algorithm:?}");
        assert!(verify_signature(&spki, algorithm, b"another", &signature).is_err(), "{algorithm:?}");
        for other in ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(
                verify_signature(&spki, other, &message, &signature).is_err(),
                "{algorithm:?} as {other:?}"
            );
        }
        if is_root {
            let der = assemble(&message, algorithm, &Signature::from_bytes(signature));
            let root = Certificate::from_der(&der).unwrap();
            root.verify_signed_by(&spki).unwrap();
            bench.file("root.pem", to_pem(PemLabel::Certificate, &der).as_bytes());
            bench.ok(&[
                "verify",
                "-x509_strict",
                "-check_ss_sig",
                "-no_check_time",
                "-CAfile",
                "root.pem",
                "root.pem",
            ]);
        }
    }
}

#[test]
fn identifiers_round_trip_with_their_key() {
    for algorithm in ALL {
        let kinds = [
            KeyKind::EcP256,
            KeyKind::EcP384,
            KeyKind::EcP521,
            KeyKind::Rsa { bits: 3072 },
            KeyKind::Ed25519,
        ];
        for kind in kinds {
            let read = signature_algorithm(&algorithm_identifier(algorithm), kind);
            assert_eq!(
                read,
                if kind.can_sign_with(algorithm) { Ok(algorithm) } else { Err(UnknownAlgorithm) }
            );
        }
    }
}

#[test]
fn parameters_that_must_not_be() {
    let with_null = encode::sequence(&[&encode::oid(&oid::ECDSA_SHA256), &encode::null()]);
    assert_eq!(signature_algorithm(&with_null, KeyKind::EcP256), Err(UnknownAlgorithm));
    let without = encode::sequence(&[&encode::oid(&oid::SHA256_WITH_RSA)]);
    assert_eq!(signature_algorithm(&without, KeyKind::Rsa { bits: 3072 }), Err(UnknownAlgorithm));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = signature_algorithm(&bytes, KeyKind::EcP256);
        let key = p256_key(1);
        prop_assert!(verify_signature(&key.spki, key.algorithm, b"message", &bytes).is_err());
    }
}
