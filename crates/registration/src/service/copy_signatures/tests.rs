//! Whose a certificate is, and whether it is good. That whole signatures are judged, the program's own tests show.

use ndoba_types::{Sha256Digest, Span};

use super::*;
use crate::fake::{clerk, municipality, person};
use crate::identifier::CountryNumber;

/// Nino Beridze, PNOGE-01001012345.
const PERSON: &[u8] = include_bytes!("../../../../testkit/testdata/sign.der");
/// Telavi, NTRGE-404123457.
const SEAL: &[u8] = include_bytes!("../../../../testkit/testdata/seal.der");
/// A responder's: digitalSignature.
const RESPONDER: &[u8] = include_bytes!("../../../../testkit/testdata/ocsp.der");

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der).unwrap()
}

fn signs(der: &[u8], content: &ApplicationContent) -> &'static str {
    match who(&certificate(der), content) {
        Who::Expected(signer) => signer,
        Who::NotKnown => "not known",
        Who::SomebodyElse => "somebody else",
    }
}

#[test]
fn applicants_representatives_and_organisations_sign() {
    let nino = person();
    assert_eq!((signs(PERSON, &nino), signs(SEAL, &nino)), ("applicant", "somebody else"));
    let mut other = person();
    let SubjectContent::NaturalPerson(natural) = &mut other.subject else { panic!("a person") };
    natural.personal_number = Some("01001012346".into());
    assert_eq!(signs(PERSON, &other), "somebody else");
    // Who gives a passport besides signs with the certificate of before.
    let mut abroad = person();
    let SubjectContent::NaturalPerson(natural) = &mut abroad.subject else { panic!("a person") };
    natural.passport = Some(CountryNumber { country: "TR".into(), number: "U12345678".into() });
    assert_eq!(signs(PERSON, &abroad), "applicant");
    let SubjectContent::NaturalPerson(natural) = &mut abroad.subject else { panic!("a person") };
    natural.personal_number = None;
    assert_eq!(signs(PERSON, &abroad), "somebody else");

    let mut telavi = municipality();
    assert_eq!((signs(PERSON, &telavi), signs(SEAL, &telavi)), ("somebody else", "somebody else"));
    let SubjectContent::LegalPerson(legal) = &mut telavi.subject else { panic!("an organisation") };
    legal.identification_code = Some("404123457".into());
    legal.representative.personal_number = Some("01001012345".into());
    assert_eq!((signs(PERSON, &telavi), signs(SEAL, &telavi)), ("representative", "organisation"));

    // The person's own part; the organisation's seal; and nobody entered who else signs for it.
    let mut both = clerk();
    assert_eq!(signs(SEAL, &both), "not known");
    let SubjectContent::NaturalPerson(natural) = &mut both.subject else { panic!("a person") };
    natural.personal_number = Some("01001012345".into());
    natural.organisation.as_mut().unwrap().identification_code = "404123457".into();
    assert_eq!((signs(PERSON, &both), signs(SEAL, &both)), ("applicant", "organisation"));
}

#[test]
fn a_certificate_is_good_now_and_for_signatures() {
    let now = certificate(PERSON).not_before();
    let row = |ledger, status| CertificateRecord {
        serial: certificate(PERSON).serial().clone(),
        ca: "signature".parse().unwrap(),
        profile: "sign".into(),
        profile_digest: Sha256Digest::of(b"sign"),
        lint: String::new(),
        order: None,
        application: None,
        opened_by: None,
        ledger,
        der: None,
        not_before: now,
        not_after: now,
        issued: None,
        status,
        clocks: Vec::new(),
    };
    let good = row(LedgerState::Issued, CertificateStatus::Good);
    let (before, within) = (now.minus(Span::minutes(1)), now.plus(Span::days(1)));
    let after = certificate(PERSON).not_after().plus(Span::minutes(1));
    let at = |time, row: &CertificateRecord, der| usable(row, &certificate(der), time).is_ok();
    assert!(at(within, &good, PERSON) && !at(within, &good, RESPONDER));
    assert!(!at(before, &good, PERSON) && !at(after, &good, PERSON));
    for bad in [
        row(LedgerState::Issued, CertificateStatus::Suspended { since: now }),
        row(LedgerState::Issued, CertificateStatus::Revoked { at: now, reason: "superseded".into() }),
        row(LedgerState::IssuedLost, CertificateStatus::Good),
        row(LedgerState::Signing, CertificateStatus::Good),
    ] {
        assert!(!at(within, &bad, PERSON), "{bad:?}");
    }
}
