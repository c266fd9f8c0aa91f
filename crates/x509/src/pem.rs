//! PEM (RFC 7468) in and out.

use der::pem::{self, LineEnding};

/// What a PEM block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemLabel {
    /// `CERTIFICATE`
    Certificate,
    /// `CERTIFICATE REQUEST`; `NEW CERTIFICATE REQUEST` is read as the same.
    CertificateRequest,
    /// `X509 CRL`
    Crl,
    /// `PKCS7`
    Pkcs7,
    /// `PUBLIC KEY`: a SubjectPublicKeyInfo.
    PublicKey,
}

impl PemLabel {
    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "CERTIFICATE",
            Self::CertificateRequest => "CERTIFICATE REQUEST",
            Self::Crl => "X509 CRL",
            Self::Pkcs7 => "PKCS7",
            Self::PublicKey => "PUBLIC KEY",
        }
    }

    fn reads(self, label: &str) -> bool {
        label == self.name() || (self == Self::CertificateRequest && label == "NEW CERTIFICATE REQUEST")
    }
}

/// Writes one block, lines ended by LF.
///
/// # Panics
///
/// Only when memory cannot hold the text.
#[expect(clippy::expect_used, reason = "see the comment on unwrap safety")]
pub fn to_pem(label: PemLabel, der: &[u8]) -> String {
    // Unwrap safety: fails only for lengths that overflow usize.
    pem::encode_string(label.name(), LineEnding::LF, der).expect("DER in memory fits PEM in memory")
}

/// Reads the first block, which must be of this label. Text before and after it is passed over.
///
/// # Errors
///
/// [`BadPem`]
pub fn from_pem(label: PemLabel, text: &[u8]) -> Result<Vec<u8>, BadPem> {
    from_pem_all(label, text)?.into_iter().next().ok_or(BadPem::NoBlock)
}

/// Reads every block, all of which must be of this label, in their order: a chain.
///
/// # Errors
///
/// [`BadPem`]
pub fn from_pem_all(label: PemLabel, text: &[u8]) -> Result<Vec<Vec<u8>>, BadPem> {
    let wanted = |(found, der): (String, Vec<u8>)| {
        if label.reads(&found) { Ok(der) } else { Err(BadPem::OtherLabel { wanted: label.name() }) }
    };
    blocks(text)?.into_iter().map(wanted).collect()
}

/// Reads every block, whatever its label, in their order.
///
/// # Errors
///
/// [`BadPem`]
pub fn from_pem_any(text: &[u8]) -> Result<Vec<Vec<u8>>, BadPem> {
    Ok(blocks(text)?.into_iter().map(|(_, der)| der).collect())
}

/// Every block with its label.
fn blocks(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, BadPem> {
    let text = std::str::from_utf8(text).map_err(|_| BadPem::NoBlock)?;
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find("-----BEGIN ") {
        let end = rest[begin..].find("-----END ").ok_or(BadPem::Malformed)? + begin;
        let after = rest[end + 9..].find("-----").ok_or(BadPem::Malformed)? + end + 9 + 5;
        let (label, der) = pem::decode_vec(&rest.as_bytes()[begin..after]).map_err(|_| BadPem::Malformed)?;
        blocks.push((label.to_owned(), der));
        rest = &rest[after..];
    }
    Ok(blocks)
}

/// Why text is not the PEM that was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPem {
    /// There is no block.
    #[error("there is no PEM block")]
    NoBlock,
    /// A block is of another kind.
    #[error("the PEM block is no {wanted}")]
    OtherLabel {
        /// The label that is wanted.
        wanted: &'static str,
    },
    /// Not RFC 7468.
    #[error("the PEM block is not well-formed")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chains_round_trip() {
        let text = format!(
            "subject=…\n{}issuer\n{}",
            to_pem(PemLabel::Certificate, &[1; 100]),
            to_pem(PemLabel::Certificate, &[2; 3])
        );
        let blocks = from_pem_all(PemLabel::Certificate, text.as_bytes()).unwrap();
        assert_eq!(blocks, [vec![1; 100], vec![2; 3]]);
        assert_eq!(from_pem(PemLabel::Crl, text.as_bytes()), Err(BadPem::OtherLabel { wanted: "X509 CRL" }));
        assert_eq!(from_pem(PemLabel::Crl, b"nothing"), Err(BadPem::NoBlock));
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(from_pem_all(PemLabel::Certificate, crlf.as_bytes()).unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(-----BEGIN |-----END |CERTIFICATE|-----|\n|AAAA|\\PC){0,12}") {
            let _ = from_pem_all(PemLabel::Certificate, text.as_bytes());
        }
    }
}
