//! Verifies signatures with other code than made them.

use ndoba_types::{Signature, SignatureAlgorithm, SubjectPublicKeyInfo};
use p256::pkcs8::DecodePublicKey;
use rsa::signature::Verifier;
use sha2::{Sha256, Sha384, Sha512};

pub(crate) fn verifies(
    key: &SubjectPublicKeyInfo,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &Signature,
) -> bool {
    let (key, bytes) = (key.as_der(), signature.as_bytes());
    let rsa = || rsa::PublicKey::from_public_key_der(key).unwrap();
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => {
            let key = p256::ecdsa::VerifyingKey::from_public_key_der(key).unwrap();
            key.verify(message, &p256::ecdsa::Signature::from_der(bytes).unwrap()).is_ok()
        }
        SignatureAlgorithm::EcdsaP384Sha384 => {
            let key = p384::ecdsa::VerifyingKey::from_public_key_der(key).unwrap();
            key.verify(message, &p384::ecdsa::Signature::from_der(bytes).unwrap()).is_ok()
        }
        SignatureAlgorithm::EcdsaP521Sha512 => {
            let key = p521::ecdsa::VerifyingKey::from_public_key_der(key).unwrap();
            key.verify(message, &p521::ecdsa::Signature::from_der(bytes).unwrap()).is_ok()
        }
        SignatureAlgorithm::RsaPkcs1Sha256 => rsa::pkcs1v15::VerifyingKey::<Sha256>::new(rsa())
            .verify(message, &bytes.try_into().unwrap())
            .is_ok(),
        SignatureAlgorithm::RsaPkcs1Sha384 => rsa::pkcs1v15::VerifyingKey::<Sha384>::new(rsa())
            .verify(message, &bytes.try_into().unwrap())
            .is_ok(),
        SignatureAlgorithm::RsaPkcs1Sha512 => rsa::pkcs1v15::VerifyingKey::<Sha512>::new(rsa())
            .verify(message, &bytes.try_into().unwrap())
            .is_ok(),
        SignatureAlgorithm::RsaPssSha256 => {
            rsa::pss::VerifyingKey::<Sha256>::new(rsa()).verify(message, &bytes.try_into().unwrap()).is_ok()
        }
        SignatureAlgorithm::RsaPssSha384 => {
            rsa::pss::VerifyingKey::<Sha384>::new(rsa()).verify(message, &bytes.try_into().unwrap()).is_ok()
        }
        SignatureAlgorithm::RsaPssSha512 => {
            rsa::pss::VerifyingKey::<Sha512>::new(rsa()).verify(message, &bytes.try_into().unwrap()).is_ok()
        }
        SignatureAlgorithm::Ed25519 => unreachable!("no module at hand signs it"),
    }
}
