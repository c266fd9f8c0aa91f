//! Object identifiers: the one place where they are written.

pub use der::asn1::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {$(
        $(#[$doc])*
        pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);
    )*};
}

// Attributes of names (X.520; ETSI EN 319 412-1 for organizationIdentifier).
oids! {
    /// commonName.
    COMMON_NAME = "2.5.4.3";
    /// surname.
    SURNAME = "2.5.4.4";
    /// serialNumber, of a subject.
    SERIAL_NUMBER = "2.5.4.5";
    /// countryName.
    COUNTRY_NAME = "2.5.4.6";
    /// organizationName.
    ORGANIZATION_NAME = "2.5.4.10";
    /// givenName.
    GIVEN_NAME = "2.5.4.42";
    /// organizationIdentifier (C-33).
    ORGANIZATION_IDENTIFIER = "2.5.4.97";
}

// Extensions (RFC 5280, RFC 3739, RFC 6960, RFC 9608, X.509, EN 319 412-1).
oids! {
    /// subjectKeyIdentifier.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// keyUsage.
    KEY_USAGE = "2.5.29.15";
    /// privateKeyUsagePeriod.
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    /// subjectAltName.
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// basicConstraints.
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// cRLNumber.
    CRL_NUMBER = "2.5.29.20";
    /// reasonCode of a CRL entry.
    REASON_CODE = "2.5.29.21";
    /// invalidityDate of a CRL entry.
    INVALIDITY_DATE = "2.5.29.24";
    /// issuingDistributionPoint.
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// cRLDistributionPoints.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// certificatePolicies.
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// authorityKeyIdentifier.
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// extKeyUsage.
    EXT_KEY_USAGE = "2.5.29.37";
    /// noRevAvail (RFC 9608, C-112).
    NO_REV_AVAIL = "2.5.29.56";
    /// expiredCertsOnCRL (X.509, C-94).
    EXPIRED_CERTS_ON_CRL = "2.5.29.60";
    /// authorityInfoAccess.
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// qcStatements (RFC 3739).
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
    /// id-pkix-ocsp-nocheck.
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// ext-etsi-valassured-ST-certs (C-111).
    VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";
}

// Values inside extensions.
oids! {
    /// id-ad-ocsp.
    AD_OCSP = "1.3.6.1.5.5.7.48.1";
    /// id-ad-caIssuers.
    AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// id-qt-cps.
    QT_CPS = "1.3.6.1.5.5.7.2.1";
    /// anyPolicy.
    ANY_POLICY = "2.5.29.32.0";
    /// id-kp-timeStamping.
    KP_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// id-kp-OCSPSigning.
    KP_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
}

// qcStatements (RFC 3739 §3.2.6, EN 319 412-5, EN 319 412-1 §5.1; requirements §2.3, §2.4).
oids! {
    /// id-qcs-pkixQCSyntax-v2: carries the semantics identifier.
    QCS_PKIX_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
    /// QcCompliance.
    QCS_COMPLIANCE = "0.4.0.1862.1.1";
    /// QcLimitValue.
    QCS_LIMIT_VALUE = "0.4.0.1862.1.2";
    /// QcRetentionPeriod.
    QCS_RETENTION_PERIOD = "0.4.0.1862.1.3";
    /// QcSSCD.
    QCS_SSCD = "0.4.0.1862.1.4";
    /// QcPDS.
    QCS_PDS = "0.4.0.1862.1.5";
    /// QcType.
    QCS_TYPE = "0.4.0.1862.1.6";
    /// QcType: electronic signature.
    QCT_ESIGN = "0.4.0.1862.1.6.1";
    /// QcType: electronic seal.
    QCT_ESEAL = "0.4.0.1862.1.6.2";
    /// QcCClegislation.
    QCS_CC_LEGISLATION = "0.4.0.1862.1.7";
    /// QcQSCDlegislation.
    QCS_QSCD_LEGISLATION = "0.4.0.1862.1.9";
    /// Semantics of a natural person's serialNumber.
    SEMANTICS_NATURAL = "0.4.0.194121.1.1";
    /// Semantics of a legal person's organizationIdentifier.
    SEMANTICS_LEGAL = "0.4.0.194121.1.2";
}

// Certificate policies (requirements §2.5).
oids! {
    /// NCP (EN 319 411-1).
    POLICY_NCP = "0.4.0.2042.1.1";
    /// NCP+, with a secure cryptographic device.
    POLICY_NCP_PLUS = "0.4.0.2042.1.2";
    /// QCP-n: EU qualified, natural person.
    POLICY_QCP_N = "0.4.0.194112.1.0";
    /// QCP-l: EU qualified, legal person.
    POLICY_QCP_L = "0.4.0.194112.1.1";
    /// QCP-n-qscd.
    POLICY_QCP_N_QSCD = "0.4.0.194112.1.2";
    /// QCP-l-qscd.
    POLICY_QCP_L_QSCD = "0.4.0.194112.1.3";
    /// The arc of all QCP policies, every one of them a claim of EU status (requirements §0.3).
    POLICY_ARC_QCP = "0.4.0.194112.1";
}

// Keys, hashes and signatures (RFC 3279, 4055, 5480, 5758, 8410).
oids! {
    /// rsaEncryption.
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    /// id-mgf1.
    MGF1 = "1.2.840.113549.1.1.8";
    /// id-RSASSA-PSS.
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    /// sha256WithRSAEncryption.
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    /// sha384WithRSAEncryption.
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    /// sha512WithRSAEncryption.
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    /// id-ecPublicKey.
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// secp256r1, P-256.
    SECP256R1 = "1.2.840.10045.3.1.7";
    /// secp384r1, P-384.
    SECP384R1 = "1.3.132.0.34";
    /// secp521r1, P-521.
    SECP521R1 = "1.3.132.0.35";
    /// ecdsa-with-SHA256.
    ECDSA_SHA256 = "1.2.840.10045.4.3.2";
    /// ecdsa-with-SHA384.
    ECDSA_SHA384 = "1.2.840.10045.4.3.3";
    /// ecdsa-with-SHA512.
    ECDSA_SHA512 = "1.2.840.10045.4.3.4";
    /// id-Ed25519.
    ED25519 = "1.3.101.112";
    /// id-sha256.
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// id-sha384.
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// id-sha512.
    SHA512 = "2.16.840.1.101.3.4.2.3";
}

// PKCS#9 and CMS.
oids! {
    /// extensionRequest attribute of a PKCS#10 request.
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// challengePassword attribute of a PKCS#10 request.
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
    /// id-signedData.
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// id-data.
    DATA = "1.2.840.113549.1.7.1";
    /// contentType, a signed attribute.
    CMS_CONTENT_TYPE = "1.2.840.113549.1.9.3";
    /// messageDigest, a signed attribute.
    CMS_MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    /// signingCertificateV2, a signed attribute (RFC 5035).
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
    /// id-ct-TSTInfo: what a time-stamp signs (RFC 3161).
    TST_INFO = "1.2.840.113549.1.9.16.1.4";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_as_requirements_print_them() {
        // Requirements §2.2 C-33, §2.3, §2.4, §2.5, §2.9 C-94, without tag and length.
        for (oid, hex) in [
            (ORGANIZATION_IDENTIFIER, "550461"),
            (SEMANTICS_NATURAL, "04008bec490101"),
            (SEMANTICS_LEGAL, "04008bec490102"),
            (QC_STATEMENTS, "2b06010505070103"),
            (QCS_COMPLIANCE, "04008e460101"),
            (POLICY_NCP, "04008f7a0101"),
            (POLICY_NCP_PLUS, "04008f7a0102"),
            (POLICY_QCP_N, "04008bec400100"),
            (EXPIRED_CERTS_ON_CRL, "551d3c"),
        ] {
            assert_eq!(hex::encode(oid.as_bytes()), hex, "{oid}");
        }
    }
}
