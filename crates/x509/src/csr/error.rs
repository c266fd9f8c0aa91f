//! What is wrong with a request.

use crate::{BadKey, BadPem};

/// Why a certificate request is refused. Each has a stable code and a sentence for a registration officer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Over the limit for requests.
    #[error("the certificate request is larger than any honest one; check that the right file was chosen")]
    TooLarge,
    /// Not DER, and not PEM either.
    #[error("the file is no certificate request in PEM or DER")]
    Pem(#[source] BadPem),
    /// Not PKCS#10.
    #[error("the certificate request is not well-formed PKCS#10 (RFC 2986)")]
    Malformed,
    /// The key is not usable.
    #[error("the key in the certificate request is not usable")]
    Key(#[source] BadKey),
    /// RSA below every limit.
    #[error("the RSA key has {bits} bits; at least 2048 are needed, and 3072 from 2027 on")]
    RsaTooShort {
        /// The modulus' bits.
        bits: u16,
    },
    /// The signature's algorithm is weak or unknown.
    #[error(
        "the certificate request is signed with an algorithm that is not accepted; use SHA-256, SHA-384 or SHA-512"
    )]
    SignatureAlgorithm,
    /// The proof of possession fails (C-73).
    #[error(
        "the signature of the certificate request does not match its key: the applicant has not shown that the private key is theirs"
    )]
    Signature,
    /// An attribute asks for something that the certificate will not have.
    #[error("the certificate request has the attribute {name}, which is not honoured; make it without")]
    Attribute {
        /// The attribute's name, or its identifier in dotted form.
        name: String,
    },
    /// A requested extension.
    #[error(
        "the certificate request asks for the extension {name}; the profile alone decides on extensions, so make it without"
    )]
    Extension {
        /// The extension's name, or its identifier in dotted form.
        name: String,
    },
}

impl CsrError {
    /// The sentence for a registration officer, with the cause where the key is to blame: it is all that the officer
    /// sees, and the cause is what the applicant must mend.
    pub fn sentence(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        format!("{self}{}", cause.unwrap_or_default())
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "csr-too-large",
            Self::Pem(_) => "csr-not-pem",
            Self::Malformed => "csr-malformed",
            Self::Key(bad) => bad.code(),
            Self::RsaTooShort { .. } => "key-rsa-too-short",
            Self::SignatureAlgorithm => "csr-signature-algorithm",
            Self::Signature => "csr-signature",
            Self::Attribute { .. } => "csr-attribute",
            Self::Extension { .. } => "csr-extension",
        }
    }
}
