//! A CA, its responder and certificates, made with an encoder that is not ours.

use ndoba_ocsp::{AnswerPolicy, Responder};
use ndoba_types::{
    AnswerStatus, KeyLabel, SerialNumber, SignReply, Signature, SignatureAlgorithm, SigningKey, Span,
    SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use ndoba_x509::Certificate;
use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::DecodePrivateKey;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData,
};

/// One CA with a responder. Certificates are valid from a year before `now`.
pub(crate) struct Pki {
    /// When the test happens.
    pub(crate) now: UtcTime,
    /// The CA's certificate, DER.
    pub(crate) ca: Vec<u8>,
    /// The responder's certificate, DER.
    pub(crate) responder: Vec<u8>,
    /// The responder's key.
    pub(crate) key: SoftKey,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl Pki {
    /// A PKI for a test that happens at `now`; the responder's certificate is valid for 14 days from an hour
    /// before.
    pub(crate) fn at(now: UtcTime) -> Self {
        Self::named("TEST CA", now)
    }

    /// As [`Self::at`], with a CA of that name.
    pub(crate) fn named(name: &str, now: UtcTime) -> Self {
        let mut params = params(name, now.minus(Span::days(365)), now.plus(Span::days(3650)));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&ca_key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, ca_key);

        let key = KeyPair::generate().unwrap();
        let params = responder_params(now.minus(Span::hours(1)), now.plus(Span::days(14)));
        let responder = params.signed_by(&key, &issuer).unwrap().der().to_vec();
        Self { now, ca, responder, key: SoftKey::new(&key), issuer }
    }

    /// A certificate for a person, DER, with that serial.
    pub(crate) fn person(&self, serial: &SerialNumber) -> Vec<u8> {
        let mut params = params("A Person", self.now.minus(Span::days(1)), self.now.plus(Span::days(730)));
        params.serial_number = Some(serial.as_unsigned().to_vec().into());
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().to_vec()
    }

    /// The responder with this policy.
    pub(crate) fn responder(&self, policy: AnswerPolicy) -> Responder {
        let ca = "signature".parse().unwrap();
        let [issuer, responder] = [&self.ca, &self.responder].map(|der| Certificate::from_der(der).unwrap());
        Responder::new(ca, &issuer, &responder, SignatureAlgorithm::EcdsaP256Sha256, policy).unwrap()
    }
}

/// What a responder's certificate looks like (O-18, O-19).
pub(crate) fn responder_params(not_before: UtcTime, not_after: UtcTime) -> CertificateParams {
    let mut params = params("TEST responder", not_before, not_after);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let nocheck = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], vec![5, 0]);
    params.custom_extensions = vec![nocheck];
    params
}

fn params(name: &str, not_before: UtcTime, not_after: UtcTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = not_before.floor_to_second().to_date_time();
    params.not_after = not_after.floor_to_second().to_date_time();
    params.use_authority_key_identifier_extension = true;
    params
}

/// A P-256 key in memory.
pub(crate) struct SoftKey {
    label: KeyLabel,
    pub(crate) public: SubjectPublicKeyInfo,
    key: p256::ecdsa::SigningKey,
}

impl SoftKey {
    fn new(pair: &KeyPair) -> Self {
        Self {
            label: KeyLabel::new("signature", "ocsp", 1).unwrap(),
            public: SubjectPublicKeyInfo::assertion(pair.subject_public_key_info()),
            key: p256::ecdsa::SigningKey::from_pkcs8_der(&pair.serialize_der()).unwrap(),
        }
    }
}

impl SigningKey<AnswerStatus> for SoftKey {
    fn label(&self) -> &KeyLabel {
        &self.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.public
    }

    fn submit(&self, message: ToBeSigned<AnswerStatus>, reply: SignReply) {
        let signature: DerSignature = self.key.sign(message.as_bytes());
        reply(Ok(Signature::from_bytes(signature.as_bytes().to_vec())));
    }
}
