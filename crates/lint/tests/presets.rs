//! Every preset profile, planned and encoded by `x509`, before all three judges: the lint, the second encoder, and
//! pkilint with asn1crypto (K-C01, K-C02, K-C10 to K-C14, K-C25 to K-C28).

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use ndoba_lint::second_encoder::{CrossCheck, compare_plan};
use ndoba_lint::{
    CertificateKind, Context, CrlContext, Issuer, Jurisdiction, LintedTbs, Scope, lint_certificate, lint_crl,
};
use ndoba_testkit::{Document, Judge};
use ndoba_types::{SerialNumber, Sha256Digest, Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{
    Authority, AuthorityDraft, Certificate, CertificatePlan, IssueRequest, IssuerFacts, Legislation, Profile,
    PublicUrls, RootRequest, Subject, SubjectDraft, SubjectKey, VerifiedCsr, assemble,
};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;

const PERSON: &str = r#"{"type":"natural-person","country":"GE","given_name":"ნინო","surname":"ბერიძე",
    "serial_number":"PNOGE-01001012345","common_name":"ნინო ბერიძე",
    "second_script":{"given_name":"Nino","surname":"Beridze","common_name":"Nino Beridze"},"email":"nino@example.ge"}"#;
const TOWN: &str = r#"{"type":"legal-person","country":"GE","organization":"თელავის მუნიციპალიტეტის მერია",
    "organization_identifier":"NTRGE-404123456","common_name":"თელავის მერია"}"#;
const CLERK: &str = r#"{"type":"natural-person","country":"GE","given_name":"გიორგი","surname":"კალანდაძე",
    "serial_number":"PNOGE-01001012346","common_name":"გიორგი კალანდაძე",
    "organization":"თელავის მუნიციპალიტეტის მერია","organization_identifier":"NTRGE-404123456"}"#;
/// A foreigner with a Georgian tax number.
const TRAVELLER: &str = r#"{"type":"natural-person","country":"TR","given_name":"Ayşe","surname":"Yılmaz",
    "serial_number":"TINGE-123456789","common_name":"Ayşe Yılmaz"}"#;
const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::EcdsaP384Sha384;

fn now() -> UtcTime {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn subject(json: &str) -> Subject {
    serde_json::from_str::<SubjectDraft>(json).unwrap().try_into().unwrap()
}

fn authority(common_name: &str) -> Authority {
    let draft = AuthorityDraft {
        country: "GE".into(),
        organization: "ნდობის სააგენტო".into(),
        organization_identifier: "NTRGE-202456789".into(),
        common_name: common_name.into(),
    };
    draft.try_into().unwrap()
}

struct CaKey(p384::ecdsa::SigningKey);

impl CaKey {
    fn new(seed: u8) -> Self {
        Self(p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap())
    }

    fn spki(&self) -> SubjectPublicKeyInfo {
        let der = p384::PublicKey::from(self.0.verifying_key()).to_public_key_der().unwrap();
        SubjectPublicKeyInfo::assertion(der.into_vec())
    }

    fn sign(&self, message: &[u8]) -> Signature {
        let signature: p384::ecdsa::Signature = self.0.sign(message);
        Signature::from_bytes(signature.to_der().as_bytes().to_vec())
    }
}

fn leaf_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn leaf_spki() -> SubjectPublicKeyInfo {
    let der = p256::PublicKey::from(leaf_key().verifying_key()).to_public_key_der().unwrap();
    SubjectPublicKeyInfo::assertion(der.into_vec())
}

/// A CSR of an empty subject for the leaf's key.
fn csr() -> VerifiedCsr {
    let spki = leaf_spki();
    let mut info = vec![0x30, u8::try_from(7 + spki.as_der().len()).unwrap(), 2, 1, 0, 0x30, 0];
    info.extend_from_slice(spki.as_der());
    info.extend([0xa0, 0]);
    let signature: p256::ecdsa::Signature = leaf_key().sign(&info);
    let signature = Signature::from_bytes(signature.to_der().as_bytes().to_vec());
    VerifiedCsr::parse(&assemble(&info, SignatureAlgorithm::EcdsaP256Sha256, &signature)).unwrap()
}

/// Lints as the CA would, compares encoders, signs, and lets the foreign judges see the result.
fn judged(plan: &CertificatePlan, context: &Context<'_>, key: &CaKey, document: Document) -> Certificate {
    let tbs = plan.to_tbs();
    let linted = LintedTbs::check(tbs.clone(), context).unwrap();
    assert_eq!(linted.warnings(), [], "{document:?}");
    assert_eq!(compare_plan(&tbs, plan), Ok(CrossCheck::Equal), "{document:?}");
    let der = assemble(linted.as_der(), ALGORITHM, &key.sign(linted.as_der()));
    assert_eq!(lint_certificate(&der, context), []);
    Judge::shared().assert_clean(document, &der);
    Certificate::from_der(&der).unwrap()
}

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_unsigned(&[0x5a, n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).unwrap()
}

fn context<'a>(kind: CertificateKind, issuer: &'a IssuerFacts, qscd: Option<bool>) -> Context<'a> {
    Context {
        kind,
        scope: Scope::Ours,
        jurisdiction: Jurisdiction::GEORGIA,
        issued_at: now(),
        issuer: Some(Issuer {
            name: issuer.name.as_der(),
            key_identifier: issuer.ski.as_bytes(),
            not_after: issuer.not_after,
        }),
        crl: None,
        qscd,
    }
}

/// Under whose law a preset makes certificates.
fn law(profile: &str) -> Jurisdiction {
    match Profile::preset(profile).unwrap().legislation() {
        Legislation::Georgia => Jurisdiction::GEORGIA,
        Legislation::EuropeanUnion => Jurisdiction::EuropeanUnion,
    }
}

#[test]
fn every_preset_before_three_judges() {
    let urls = PublicUrls {
        base: "http://pki.example.com".parse().unwrap(),
        documents: "https://pki.example.com/documents".parse().unwrap(),
    };
    let (root_key, ca_key) = (CaKey::new(1), CaKey::new(2));
    let root_plan = CertificatePlan::root(&RootRequest {
        profile: &Profile::preset("root").unwrap(),
        subject: &authority("Ndoba TEST Root CA"),
        key: &root_key.spki(),
        algorithm: ALGORITHM,
        serial: &serial(1),
        now: now(),
        days: 9131,
    })
    .unwrap();
    let nobody = Context {
        kind: CertificateKind::Root,
        scope: Scope::Ours,
        jurisdiction: Jurisdiction::GEORGIA,
        issued_at: now(),
        issuer: None,
        crl: None,
        qscd: None,
    };
    let root = judged(&root_plan, &nobody, &root_key, Document::Ca);
    let by_root = IssuerFacts::from_certificate(&root, ALGORITHM, urls.of_issuer("root").unwrap()).unwrap();

    let plan = |profile: &str, subject: &Subject, key: SubjectKey<'_>, issuer: &IssuerFacts, days: u32| {
        CertificatePlan::new(&IssueRequest {
            profile: &Profile::preset(profile).unwrap(),
            subject,
            key,
            issuer,
            documents: &urls.documents,
            device_evidence: Some(Sha256Digest::of(b"a device")),
            serial: &serial(9),
            now: now(),
            days,
        })
        .unwrap()
    };
    let ca_spki = ca_key.spki();
    let ca_subject = Subject::Authority(authority("Ndoba TEST Signature CA"));
    let ca_plan = plan("issuing-ca", &ca_subject, SubjectKey::Token(&ca_spki), &by_root, 5479);
    let ca_context = context(CertificateKind::IssuingCa, &by_root, None);
    let ca = judged(&ca_plan, &ca_context, &root_key, Document::Ca);
    let issuer = IssuerFacts::from_certificate(&ca, ALGORITHM, urls.of_issuer("signature").unwrap()).unwrap();

    let (csr, spki) = (csr(), leaf_spki());
    for (profile, subject, kind, qscd, document, days) in [
        (
            "person-signature",
            subject(PERSON),
            CertificateKind::NaturalPerson,
            Some(false),
            Document::Person,
            730,
        ),
        // No QcSSCD, because the device is recognised in Georgia only: pkilint's QSCD type does not see it so.
        (
            "person-signature-qscd",
            subject(PERSON),
            CertificateKind::NaturalPerson,
            Some(true),
            Document::PersonQscd,
            730,
        ),
        (
            "organisation-seal",
            subject(TOWN),
            CertificateKind::LegalPerson,
            Some(false),
            Document::Organisation,
            730,
        ),
        (
            "organisation-seal-qscd",
            subject(TOWN),
            CertificateKind::LegalPerson,
            Some(true),
            Document::OrganisationQscd,
            730,
        ),
        (
            "person-signature-short-term",
            subject(PERSON),
            CertificateKind::NaturalPerson,
            Some(false),
            Document::PersonShortTerm,
            1,
        ),
        (
            "person-in-organisation",
            subject(CLERK),
            CertificateKind::NaturalPerson,
            Some(false),
            Document::Person,
            730,
        ),
        (
            "person-signature",
            subject(TRAVELLER),
            CertificateKind::NaturalPerson,
            Some(false),
            Document::Person,
            730,
        ),
        (
            "organisation-seal",
            subject(&TOWN.replace("NTRGE", "VATGE")),
            CertificateKind::LegalPerson,
            Some(false),
            Document::Organisation,
            730,
        ),
        (
            "eu-person-signature",
            subject(PERSON),
            CertificateKind::NaturalPerson,
            Some(false),
            Document::Person,
            730,
        ),
        (
            "eu-person-signature-qscd",
            subject(PERSON),
            CertificateKind::NaturalPerson,
            Some(true),
            Document::EuPersonQscd,
            730,
        ),
        (
            "eu-organisation-seal",
            subject(TOWN),
            CertificateKind::LegalPerson,
            Some(false),
            Document::Organisation,
            730,
        ),
        (
            "eu-organisation-seal-qscd",
            subject(TOWN),
            CertificateKind::LegalPerson,
            Some(true),
            Document::OrganisationQscd,
            730,
        ),
        (
            "ocsp-responder",
            Subject::Authority(authority("Ndoba TEST OCSP 1")),
            CertificateKind::OcspResponder,
            None,
            Document::Responder,
            14,
        ),
        (
            "tsu",
            Subject::Authority(authority("Ndoba TEST TSU 1")),
            CertificateKind::TimeStampingUnit,
            None,
            Document::Tsu,
            4382,
        ),
        (
            "tsu-qc",
            Subject::Authority(authority("Ndoba TEST TSU 2")),
            CertificateKind::TimeStampingUnit,
            None,
            Document::Tsu,
            4382,
        ),
    ] {
        let key = if kind.is_subscriber() { SubjectKey::Requested(&csr) } else { SubjectKey::Token(&spki) };
        judged(
            &plan(profile, &subject, key, &issuer, days),
            &Context { jurisdiction: law(profile), ..context(kind, &issuer, qscd) },
            &ca_key,
            document,
        );
    }

    lists(&issuer, &ca_key);
}

/// An empty CRL and one with entries, before the lint and pkilint.
fn lists(issuer: &IssuerFacts, key: &CaKey) {
    use ndoba_types::Span;
    use ndoba_x509::{CrlNumber, CrlPlan, RevocationReason, RevokedEntry};

    let revoked = RevokedEntry {
        serial: serial(9),
        revoked_at: now().minus(Span::hours(1)),
        reason: RevocationReason::KeyCompromise,
        invalidity_date: Some(now().minus(Span::hours(2))),
    };
    let shard = ["http://pki.example.com/crl/seal.3.crl".parse().unwrap()];
    for (entries, addresses) in [(vec![], &[][..]), (vec![revoked], &[]), (vec![], &shard)] {
        let plan = CrlPlan {
            issuer,
            number: CrlNumber::new(7),
            this_update: now(),
            next_update: now().plus(Span::hours(24)),
            expired_certs_on_crl: Some(issuer.not_before),
            addresses,
        };
        let tbs = plan.to_tbs(entries);
        let facts = Issuer {
            name: issuer.name.as_der(),
            key_identifier: issuer.ski.as_bytes(),
            not_after: issuer.not_after,
        };
        let context = CrlContext {
            scope: Scope::Ours,
            issuer: Some(facts),
            now: now(),
            lists_cas: false,
            is_last: false,
            addresses,
        };
        assert_eq!(lint_crl(&tbs, &context), []);
        Judge::shared().assert_clean(Document::Crl, &assemble(&tbs, ALGORITHM, &key.sign(&tbs)));
    }
}
