//! Finished certificates that openssl made (testkit's testdata): what another encoder does right is right here.

use ndoba_types::UtcTime;

use crate::{CertificateKind, Context, Jurisdiction, Scope, lint_certificate};

const SIGN: &[u8] = include_bytes!("../../../testkit/testdata/sign.der");

fn context(kind: CertificateKind) -> Context<'static> {
    let issued_at = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
    Context {
        kind,
        scope: Scope::Ours,
        jurisdiction: Jurisdiction::GEORGIA,
        issued_at,
        issuer: None,
        crl: None,
        qscd: None,
    }
}

#[test]
fn openssls_are_clean_but_for_what_it_left_out() {
    for (kind, der) in [
        (CertificateKind::NaturalPerson, SIGN),
        (CertificateKind::LegalPerson, include_bytes!("../../../testkit/testdata/seal.der")),
        (CertificateKind::TimeStampingUnit, include_bytes!("../../../testkit/testdata/tsu.der")),
        (CertificateKind::OcspResponder, include_bytes!("../../../testkit/testdata/ocsp.der")),
    ] {
        assert_eq!(lint_certificate(der, &context(kind)), [], "{kind:?}");
    }
    // The CA certificate was made without policies, AIA and CDP.
    let ca = lint_certificate(
        include_bytes!("../../../testkit/testdata/ca.der"),
        &context(CertificateKind::IssuingCa),
    );
    let rules: Vec<&str> = ca.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["policies", "authority-info-access", "crl-distribution-points"]);
}

#[test]
fn places_point_into_the_certificate() {
    let mut der = SIGN.to_vec();
    // The algorithm outside becomes another: its last octet is 30 octets or more before the end, after the TBS.
    let algorithm = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
    let at = der.windows(algorithm.len()).rposition(|window| window == algorithm).unwrap();
    der[at + 9] = 2;
    let findings = lint_certificate(&der, &context(CertificateKind::NaturalPerson));
    assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["outer-algorithm"]);
    assert_eq!(findings[0].place, Some(at - 2..at + 10));

    let context = Context { kind: CertificateKind::LegalPerson, ..context(CertificateKind::NaturalPerson) };
    let finding = lint_certificate(SIGN, &context).into_iter().find(|finding| finding.rule == "key-usage");
    assert_eq!(finding, None);
    let finding =
        lint_certificate(SIGN, &context).into_iter().find(|finding| finding.rule == "qc-type").unwrap();
    // The statement's SEQUENCE with QcType's identifier.
    assert_eq!(
        SIGN[finding.place.unwrap()][..10],
        [0x30, 0x13, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06]
    );
}

proptest::proptest! {
    #[test]
    fn never_panics(at in 0_usize..2000, octet: u8) {
        let mut der = SIGN.to_vec();
        let at = at % der.len();
        der[at] = octet;
        let _ = lint_certificate(&der, &context(CertificateKind::NaturalPerson));
    }
}
