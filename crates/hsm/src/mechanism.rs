//! From a message to what a raw mechanism signs, and from its answer to a signatureValue.
//!
//! Hashing is done here and not in the token: CKM_ECDSA and CKM_RSA_PKCS exist in every module,
//! CKM_ECDSA_SHA256 does not, and the token sees 32 to 83 octets whatever the size of a CRL (requirements P-43).

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use der::asn1::UintRef;
use der::{Encode, Sequence};
use ndoba_types::{Signature, SignatureAlgorithm};

use crate::KeySpec;

/// What C_Sign is given: a digest, or for PKCS#1 v1.5 a DigestInfo, always of the length the algorithm demands.
/// (Modules take a "digest" of any length for CKM_ECDSA and sign its front.)
pub(crate) struct TokenInput(Vec<u8>);

impl TokenInput {
    /// Hashes `message`; `None` for an algorithm that has no mechanism here.
    pub(crate) fn of(algorithm: SignatureAlgorithm, message: &[u8]) -> Option<Self> {
        Self::of_digest(algorithm, algorithm.digest(message))
    }

    /// As [`Self::of`], of [`SignatureAlgorithm::digest`] of the message.
    pub(crate) fn of_digest(algorithm: SignatureAlgorithm, digest: Vec<u8>) -> Option<Self> {
        Some(Self(match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256
            | SignatureAlgorithm::EcdsaP384Sha384
            | SignatureAlgorithm::EcdsaP521Sha512
            | SignatureAlgorithm::RsaPssSha256
            | SignatureAlgorithm::RsaPssSha384
            | SignatureAlgorithm::RsaPssSha512 => digest,
            SignatureAlgorithm::RsaPkcs1Sha256 => digest_info(SHA256_PREFIX, &digest),
            SignatureAlgorithm::RsaPkcs1Sha384 => digest_info(SHA384_PREFIX, &digest),
            SignatureAlgorithm::RsaPkcs1Sha512 => digest_info(SHA512_PREFIX, &digest),
            SignatureAlgorithm::Ed25519 => return None,
        }))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The raw mechanism, or `None` where there is none.
pub(crate) fn mechanism(algorithm: SignatureAlgorithm) -> Option<Mechanism<'static>> {
    Some(match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256
        | SignatureAlgorithm::EcdsaP384Sha384
        | SignatureAlgorithm::EcdsaP521Sha512 => Mechanism::Ecdsa,
        SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512 => Mechanism::RsaPkcs,
        // The salt is as long as the hash (TS 119 312; RFC 8017 §9.1).
        SignatureAlgorithm::RsaPssSha256 => pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
        SignatureAlgorithm::RsaPssSha384 => pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
        SignatureAlgorithm::RsaPssSha512 => pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
        SignatureAlgorithm::Ed25519 => return None,
    })
}

/// The signatureValue from the token's raw answer.
///
/// # Errors
///
/// What is wrong with the answer: another length than the key makes, or a zero r or s.
pub(crate) fn encode_signature(spec: KeySpec, raw: Vec<u8>) -> Result<Signature, String> {
    if raw.len() != spec.raw_signature_len() {
        return Err(format!(
            "the token returned {} octets where {spec} signs {}",
            raw.len(),
            spec.raw_signature_len()
        ));
    }
    match spec {
        KeySpec::P256 | KeySpec::P384 | KeySpec::P521 => {
            let (r, s) = raw.split_at(raw.len() / 2);
            if r.iter().all(|&b| b == 0) || s.iter().all(|&b| b == 0) {
                return Err("the token returned a signature with a zero r or s".into());
            }
            let der = UintRef::new(r)
                .and_then(|r| EcdsaSigValue { r, s: UintRef::new(s)? }.to_der())
                .map_err(|error| format!("the token's signature cannot be encoded: {error}"))?;
            Ok(Signature::from_bytes(der))
        }
        KeySpec::Rsa3072 | KeySpec::Rsa4096 => Ok(Signature::from_bytes(raw)),
    }
}

/// `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3).
#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

fn pss(hash_alg: MechanismType, mgf: PkcsMgfType, salt: u8) -> Mechanism<'static> {
    Mechanism::RsaPkcsPss(PkcsPssParams { hash_alg, mgf, s_len: u64::from(salt).into() })
}

fn digest_info(prefix: [u8; 19], digest: &[u8]) -> Vec<u8> {
    [&prefix, digest].concat()
}

// DER of DigestInfo up to the digest: RFC 8017 §9.2, note 1.
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
const SHA384_PREFIX: [u8; 19] = [
    0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00,
    0x04, 0x30,
];
const SHA512_PREFIX: [u8; 19] = [
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00,
    0x04, 0x40,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_have_the_length_of_their_algorithm() {
        for (algorithm, len) in [
            (SignatureAlgorithm::EcdsaP256Sha256, 32),
            (SignatureAlgorithm::EcdsaP384Sha384, 48),
            (SignatureAlgorithm::EcdsaP521Sha512, 64),
            (SignatureAlgorithm::RsaPkcs1Sha256, 51),
            (SignatureAlgorithm::RsaPkcs1Sha384, 67),
            (SignatureAlgorithm::RsaPkcs1Sha512, 83),
            (SignatureAlgorithm::RsaPssSha256, 32),
            (SignatureAlgorithm::RsaPssSha384, 48),
            (SignatureAlgorithm::RsaPssSha512, 64),
        ] {
            assert_eq!(TokenInput::of(algorithm, b"message").unwrap().as_bytes().len(), len, "{algorithm:?}");
            assert!(mechanism(algorithm).is_some());
        }
        assert!(TokenInput::of(SignatureAlgorithm::Ed25519, b"message").is_none());
    }

    #[test]
    fn r_and_s_become_minimal_integers() {
        let mut raw = vec![0; 64];
        raw[31] = 0x80; // r = 128: needs a sign octet
        raw[63] = 0x01; // s = 1
        let signature = encode_signature(KeySpec::P256, raw).unwrap();
        assert_eq!(signature.as_bytes(), [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x01]);
    }

    #[test]
    fn answers_of_a_wrong_length_or_zero_are_refused() {
        assert!(encode_signature(KeySpec::P256, vec![1; 63]).is_err());
        assert!(encode_signature(KeySpec::P256, vec![0; 64]).is_err());
        assert!(encode_signature(KeySpec::Rsa3072, vec![1; 256]).is_err());
        assert!(encode_signature(KeySpec::Rsa3072, vec![1; 384]).is_ok());
    }

    proptest! {
        #[test]
        fn no_answer_of_a_token_panics(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
            for spec in KeySpec::ALL {
                let _ = encode_signature(spec, raw.clone());
            }
        }
    }
}
