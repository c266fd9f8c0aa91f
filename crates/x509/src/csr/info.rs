//! What a key signs to ask for a certificate.

use ndoba_types::SubjectPublicKeyInfo;

use crate::encode;

/// A CertificationRequestInfo (RFC 2986 §4.1) with an empty name and no attributes: the name is said by whoever
/// entitles to the certificate, and the profile says the rest. [`assemble`](crate::assemble) puts the signature to it.
///
/// ```text
/// SEQUENCE { version INTEGER 0, subject Name, subjectPKInfo, attributes [0] SET }
/// ```
pub fn certification_request_info(spki: &SubjectPublicKeyInfo) -> Vec<u8> {
    encode::sequence(&[
        &encode::integer(0),
        &encode::sequence(&[]),
        spki.as_der(),
        &encode::context_constructed(0, &[]),
    ])
}

#[cfg(test)]
mod tests {
    use ndoba_types::{Signature, SignatureAlgorithm};
    use p256::ecdsa::signature::Signer as _;
    use p256::pkcs8::EncodePublicKey as _;

    use super::*;
    use crate::{VerifiedCsr, assemble};

    #[test]
    fn a_request_that_its_own_key_signed_is_verified() {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
        let spki = SubjectPublicKeyInfo::assertion(der);
        let info = certification_request_info(&spki);
        let signature: p256::ecdsa::DerSignature = key.sign(&info);
        let signature = Signature::from_bytes(signature.as_bytes().to_vec());
        let der = assemble(&info, SignatureAlgorithm::EcdsaP256Sha256, &signature);
        let csr = VerifiedCsr::parse(&der).unwrap();
        assert_eq!(csr.spki(), &spki);
        assert!(csr.subject().is_empty());
    }
}
