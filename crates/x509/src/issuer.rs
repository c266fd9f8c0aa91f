//! What a plan needs to know of the CA that will sign.

use ndoba_types::{SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};

use crate::{Certificate, DistinguishedName, HttpUrl, KeyIdentifier};

/// A CA as issuer of certificates and CRLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFacts {
    /// Its subject, byte for byte what issued certificates carry as issuer (C-04).
    pub name: DistinguishedName,
    /// Its subjectKeyIdentifier, the authorityKeyIdentifier of what it issues (C-05).
    pub ski: KeyIdentifier,
    /// Its public key.
    pub spki: SubjectPublicKeyInfo,
    /// Start of its certificate's validity.
    pub not_before: UtcTime,
    /// End of its certificate's validity, inclusive.
    pub not_after: UtcTime,
    /// How it signs.
    pub algorithm: SignatureAlgorithm,
    /// Where it publishes.
    pub urls: IssuerUrls,
}

/// The addresses that issued certificates carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerUrls {
    /// The CA's own certificate (AIA id-ad-caIssuers).
    pub ca_issuers: HttpUrl,
    /// The status service (AIA id-ad-ocsp).
    pub ocsp: HttpUrl,
    /// The CRL (cRLDistributionPoints).
    pub crl: HttpUrl,
}

impl IssuerFacts {
    /// The same CA, as the issuer of a certificate that is listed at `crl`: on a shard of its list.
    #[must_use]
    pub fn listing_at(&self, crl: HttpUrl) -> Self {
        Self { urls: IssuerUrls { crl, ..self.urls.clone() }, ..self.clone() }
    }

    /// Reads them from a CA's certificate.
    ///
    /// # Inputs
    ///
    /// - `certificate` – trusted by the caller: nothing is verified here.
    /// - `algorithm` – how its key signs; must fit the key.
    ///
    /// # Errors
    ///
    /// [`NotAnIssuer`] when the certificate is no CA's, has no 20-octet key identifier, or its key cannot make
    /// such signatures.
    pub fn from_certificate(
        certificate: &Certificate,
        algorithm: SignatureAlgorithm,
        urls: IssuerUrls,
    ) -> Result<Self, NotAnIssuer> {
        if !certificate.is_ca() {
            return Err(NotAnIssuer::NotCa);
        }
        let kind = certificate.key_kind().map_err(|_| NotAnIssuer::Key)?;
        if !kind.can_sign_with(algorithm) {
            return Err(NotAnIssuer::Key);
        }
        let ski = certificate.subject_key_identifier().ok_or(NotAnIssuer::KeyIdentifier)?;
        Ok(Self {
            name: certificate.subject().clone(),
            ski: KeyIdentifier::try_from(ski).map_err(|_| NotAnIssuer::KeyIdentifier)?,
            spki: certificate.spki().clone(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            algorithm,
            urls,
        })
    }
}

/// Why a certificate cannot be an issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIssuer {
    /// basicConstraints does not say that it is a CA (C-05).
    #[error("the certificate is not a CA's")]
    NotCa,
    /// The key is unknown or does not fit the signature algorithm.
    #[error("the certificate's key does not fit the signature algorithm")]
    Key,
    /// No subjectKeyIdentifier of 20 octets.
    #[error("the certificate has no subject key identifier of 20 octets")]
    KeyIdentifier,
}
