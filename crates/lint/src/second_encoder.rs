//! N-version check: the same plan through rcgen, an encoder that shares no code with ours, must give the same bytes.

use ndoba_types::{SerialNumber, SignatureAlgorithm, UtcTime};
use ndoba_x509::{CertificatePlan, Validity};
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, Issuer, PublicKeyData,
    SigningKey, SubjectPublicKeyInfo,
};

use crate::certificate::attributes;
use crate::der::{self, Tlv};

/// A planned certificate as plain parts, so that this module takes nothing from the encoder it checks.
#[derive(Clone, Copy, Debug)]
pub struct PlanParts<'a> {
    /// Its serial number.
    pub serial: &'a SerialNumber,
    /// How it will be signed.
    pub algorithm: SignatureAlgorithm,
    /// DER of the issuer's Name.
    pub issuer: &'a [u8],
    /// First second of validity.
    pub not_before: UtcTime,
    /// Last second of validity.
    pub not_after: UtcTime,
    /// DER of the subject's Name.
    pub subject: &'a [u8],
    /// DER of the SubjectPublicKeyInfo.
    pub spki: &'a [u8],
    /// In order.
    pub extensions: &'a [PlanExtension<'a>],
}

/// A planned extension.
#[derive(Clone, Copy, Debug)]
pub struct PlanExtension<'a> {
    /// Its identifier in dotted decimal.
    pub oid: &'a str,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// The DER inside the OCTET STRING.
    pub value: &'a [u8],
}

/// How the comparison ended well. Recorded with the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossCheck {
    /// Both encoders give the same bytes.
    Equal,
    /// The second encoder cannot express this plan; the reason goes into the audit log.
    NotCrossChecked(&'static str),
}

/// The two encoders disagree: a bug in one of them, and nothing may be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// Other bytes.
    #[error("the second encoder gives other bytes, from octet {at} on")]
    Bytes {
        /// The first that differs.
        at: usize,
    },
    /// It refuses what our encoder took.
    #[error("the second encoder refuses the plan: {0}")]
    Refused(String),
}

/// Encodes `plan` once more and compares with `tbs`, its own encoding.
///
/// # Errors
///
/// [`Disagreement`]: the order must stop before the key is reached.
pub fn compare_plan(tbs: &[u8], plan: &CertificatePlan) -> Result<CrossCheck, Disagreement> {
    let Validity { not_before, not_after } = plan.validity();
    let oids: Vec<String> = plan.extensions().iter().map(|extension| extension.oid.to_string()).collect();
    let extensions: Vec<PlanExtension<'_>> = plan
        .extensions()
        .iter()
        .zip(&oids)
        .map(|(extension, oid)| PlanExtension { oid, critical: extension.critical, value: &extension.value })
        .collect();
    compare(
        tbs,
        &PlanParts {
            serial: plan.serial(),
            algorithm: plan.algorithm(),
            issuer: plan.issuer().as_der(),
            not_before,
            not_after,
            subject: plan.subject().as_der(),
            spki: plan.spki().as_der(),
            extensions: &extensions,
        },
    )
}

/// Encodes the parts once more and compares with `tbs`.
///
/// # Errors
///
/// [`Disagreement`]: the order must stop before the key is reached.
pub fn compare(tbs: &[u8], plan: &PlanParts<'_>) -> Result<CrossCheck, Disagreement> {
    let refused = |why: &str| Disagreement::Refused(why.to_owned());
    let algorithm = match algorithm(plan.algorithm) {
        Some(algorithm) => algorithm,
        None => return Ok(CrossCheck::NotCrossChecked("rcgen has no RSASSA-PSS")),
    };
    let (Some(issuer), Some(subject)) = (name(plan.issuer), name(plan.subject)) else {
        return Ok(CrossCheck::NotCrossChecked(
            "rcgen has no names with repeated types, several values in an RDN, or other string types",
        ));
    };
    let spki = SubjectPublicKeyInfo::from_der(plan.spki)
        .map_err(|error| Disagreement::Refused(error.to_string()))?;

    let mut parameters = CertificateParams::default();
    parameters.not_before = plan.not_before.to_date_time();
    parameters.not_after = plan.not_after.to_date_time();
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(plan.serial.as_unsigned()));
    parameters.distinguished_name = subject;
    for extension in plan.extensions {
        let oid = arcs(extension.oid).ok_or_else(|| refused("malformed extension identifier"))?;
        let mut custom = CustomExtension::from_oid_content(&oid, extension.value.to_vec());
        custom.set_criticality(extension.critical);
        parameters.custom_extensions.push(custom);
    }
    let mut of_issuer = CertificateParams::default();
    of_issuer.distinguished_name = issuer;
    let issuer = Issuer::new(of_issuer, NoKey { algorithm });
    let certificate =
        parameters.signed_by(&spki, &issuer).map_err(|error| Disagreement::Refused(error.to_string()))?;

    let parts = Tlv::whole(certificate.der(), 0).and_then(|whole| whole.children());
    let theirs = parts.ok().and_then(|parts| parts.first().map(|tbs| tbs.place()));
    let theirs = theirs
        .and_then(|place| certificate.der().get(place))
        .ok_or_else(|| refused("its result is no DER"))?;
    if theirs == tbs {
        return Ok(CrossCheck::Equal);
    }
    let at = theirs.iter().zip(tbs).position(|(theirs, ours)| theirs != ours);
    Err(Disagreement::Bytes { at: at.unwrap_or_else(|| theirs.len().min(tbs.len())) })
}

/// Stands where rcgen wants a CA's key: its signature is empty and thrown away with the certificate around it.
struct NoKey {
    algorithm: &'static rcgen::SignatureAlgorithm,
}

impl PublicKeyData for NoKey {
    fn der_bytes(&self) -> &[u8] {
        &[]
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for NoKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

fn algorithm(algorithm: SignatureAlgorithm) -> Option<&'static rcgen::SignatureAlgorithm> {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => Some(&rcgen::PKCS_ECDSA_P256_SHA256),
        SignatureAlgorithm::EcdsaP384Sha384 => Some(&rcgen::PKCS_ECDSA_P384_SHA384),
        SignatureAlgorithm::EcdsaP521Sha512 => Some(&rcgen::PKCS_ECDSA_P521_SHA512),
        SignatureAlgorithm::RsaPkcs1Sha256 => Some(&rcgen::PKCS_RSA_SHA256),
        SignatureAlgorithm::RsaPkcs1Sha384 => Some(&rcgen::PKCS_RSA_SHA384),
        SignatureAlgorithm::RsaPkcs1Sha512 => Some(&rcgen::PKCS_RSA_SHA512),
        SignatureAlgorithm::Ed25519 => Some(&rcgen::PKCS_ED25519),
        SignatureAlgorithm::RsaPssSha256
        | SignatureAlgorithm::RsaPssSha384
        | SignatureAlgorithm::RsaPssSha512 => None,
    }
}

/// The name in rcgen's terms; none when it has none for it (its names are maps: a second value replaces the first).
fn name(name: &[u8]) -> Option<DistinguishedName> {
    let attributes = attributes(&Tlv::whole(name, 0).ok()?)?;
    let mut result = DistinguishedName::new();
    for (at, attribute) in attributes.iter().enumerate() {
        let earlier = &attributes[..at];
        if earlier.iter().any(|earlier| earlier.oid == attribute.oid || earlier.rdn == attribute.rdn) {
            return None;
        }
        let text = attribute.value.text()?;
        let value = match attribute.value.tag {
            der::UTF8_STRING => DnValue::Utf8String(text.to_owned()),
            der::PRINTABLE_STRING => DnValue::PrintableString(PrintableString::try_from(text).ok()?),
            der::IA5_STRING => DnValue::Ia5String(Ia5String::try_from(text).ok()?),
            _ => return None,
        };
        result.push(DnType::CustomDnType(arcs(&attribute.oid)?), value);
    }
    Some(result)
}

fn arcs(oid: &str) -> Option<Vec<u64>> {
    oid.split('.').map(|arc| arc.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Sample;

    fn compare_sample(sample: &Sample, change: impl Fn(&mut Vec<u8>)) -> Result<CrossCheck, Disagreement> {
        let serial = SerialNumber::from_der_content(&sample.serial).unwrap();
        let extensions = sample.all_extensions();
        let extensions: Vec<PlanExtension<'_>> = extensions
            .iter()
            .map(|(oid, critical, value)| PlanExtension { oid, critical: *critical, value })
            .collect();
        let mut tbs = sample.build();
        change(&mut tbs);
        compare(
            &tbs,
            &PlanParts {
                serial: &serial,
                algorithm: SignatureAlgorithm::EcdsaP384Sha384,
                issuer: &sample.issuer,
                // 2026-11-24 and 2028-11-24, as the samples have them.
                not_before: UtcTime::from_unix_seconds(1_795_478_400).unwrap(),
                not_after: UtcTime::from_unix_seconds(1_858_636_800).unwrap(),
                subject: &sample.subject,
                spki: &sample.spki,
                extensions: &extensions,
            },
        )
    }

    #[test]
    fn two_encoders_agree() {
        for sample in [Sample::person(), Sample::organisation(), Sample::responder(), Sample::tsu()] {
            assert_eq!(compare_sample(&sample, |_| ()), Ok(CrossCheck::Equal));
        }
    }

    #[test]
    fn a_single_bit_is_seen() {
        let disagreement = compare_sample(&Sample::person(), |tbs| tbs[100] ^= 1).unwrap_err();
        assert_eq!(disagreement, Disagreement::Bytes { at: 100 });
    }

    #[test]
    fn what_rcgen_cannot_say_is_said() {
        let mut sample = Sample::person();
        sample.subject = crate::tests::name(&[("2.5.4.11", 0x0c, "A"), ("2.5.4.11", 0x0c, "B")]);
        assert!(matches!(compare_sample(&sample, |_| ()), Ok(CrossCheck::NotCrossChecked(_))));
    }
}
