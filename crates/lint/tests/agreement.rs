//! The lint beside pkilint, on certificates that openssl made and this test damaged in every way it could think of.
//!
//! Both need not say the same words, but one that refuses what the other lets pass is a disagreement, and each kind of
//! disagreement stands in `docs/reference/lint.md` with its reason. Neither may be silent there about one that occurs.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod mutation;

use std::collections::{BTreeMap, BTreeSet};

use ndoba_lint::{CertificateKind, Context, Jurisdiction, Scope, Severity, lint_certificate};
use ndoba_testkit::{Document, Judge};

const TABLE: &str = include_str!("../../../docs/reference/lint.md");

/// How many certificates must have been compared for the agreement to mean something (issue of the lint).
const AT_LEAST: usize = 500;

struct Original {
    name: &'static str,
    kind: CertificateKind,
    document: Document,
    der: &'static [u8],
}

const ORIGINALS: [Original; 5] = [
    Original {
        name: "sign",
        kind: CertificateKind::NaturalPerson,
        document: Document::PersonQscd,
        der: include_bytes!("../../testkit/testdata/sign.der"),
    },
    Original {
        name: "seal",
        kind: CertificateKind::LegalPerson,
        document: Document::Organisation,
        der: include_bytes!("../../testkit/testdata/seal.der"),
    },
    Original {
        name: "tsu",
        kind: CertificateKind::TimeStampingUnit,
        document: Document::Tsu,
        der: include_bytes!("../../testkit/testdata/tsu.der"),
    },
    Original {
        name: "ocsp",
        kind: CertificateKind::OcspResponder,
        document: Document::Responder,
        der: include_bytes!("../../testkit/testdata/ocsp.der"),
    },
    Original {
        name: "ca",
        kind: CertificateKind::IssuingCa,
        document: Document::Ca,
        der: include_bytes!("../../testkit/testdata/ca.der"),
    },
];

/// The rules that refuse it.
fn ours(original: &Original, der: &[u8]) -> BTreeSet<String> {
    let context = Context {
        kind: original.kind,
        scope: Scope::Ours,
        jurisdiction: Jurisdiction::GEORGIA,
        // 2026-11-24, when the originals begin.
        issued_at: ndoba_types::UtcTime::from_unix_seconds(1_795_478_400).unwrap(),
        issuer: None,
        crl: None,
        qscd: None,
    };
    let findings = lint_certificate(der, &context).into_iter();
    findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.rule.to_owned())
        .collect()
}

/// pkilint's codes that refuse it, and asn1crypto's; one of its own when they cannot read it.
fn theirs(original: &Original, der: &[u8]) -> BTreeSet<String> {
    match Judge::shared().try_findings(original.document, der) {
        Ok(findings) => findings
            .into_iter()
            .filter(|finding| finding.severity != "WARNING" && finding.accepted.is_none())
            .map(|finding| finding.code)
            .collect(),
        Err(_) => BTreeSet::from(["unreadable".to_owned()]),
    }
}

/// The rows of the table that begin with `side`: the rule or code, and its reason.
fn reasons(side: &str) -> BTreeMap<&'static str, &'static str> {
    let rows = TABLE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        (cells.next()? == side).then_some((cells.next()?.trim_matches('`'), cells.next()?))
    });
    rows.collect()
}

#[test]
fn damaged_certificates_are_refused_by_both_or_for_a_reason_in_the_table() {
    let (mut compared, mut agreed) = (0_usize, 0_usize);
    let (mut only_ours, mut only_theirs) = (BTreeMap::new(), BTreeMap::new());
    for original in &ORIGINALS {
        // The CA of openssl lacks three things that ours have: what is wrong before the damage is no damage.
        let before = ours(original, original.der);
        for damaged in mutation::all(original.der) {
            compared += 1;
            let (ours, theirs) = (&ours(original, &damaged.der) - &before, theirs(original, &damaged.der));
            let how = || format!("{}: {}", original.name, damaged.how);
            match (ours.is_empty(), theirs.is_empty()) {
                (true, false) => theirs.into_iter().for_each(|code| {
                    only_theirs.entry(code).or_insert_with(how);
                }),
                (false, true) => ours.into_iter().for_each(|rule| {
                    only_ours.entry(rule).or_insert_with(how);
                }),
                (true, true) | (false, false) => agreed += 1,
            }
        }
    }
    println!("{compared} certificates compared, {agreed} judged alike");
    assert!(compared >= AT_LEAST, "only {compared} certificates");
    assert_table("pkilint", &only_theirs);
    assert_table("ours", &only_ours);
}

/// Each disagreement has its reason, and each reason its disagreement.
#[track_caller]
fn assert_table(side: &str, found: &BTreeMap<String, String>) {
    let reasons = reasons(side);
    let unexplained: Vec<String> = found
        .iter()
        .filter(|(rule, _)| !reasons.contains_key(rule.as_str()))
        .map(|(rule, how)| format!("| {side} | `{rule}` | ({how})"))
        .collect();
    assert!(unexplained.is_empty(), "without a reason in the table:\n{}", unexplained.join("\n"));
    let stale: Vec<&&str> = reasons.keys().filter(|rule| !found.contains_key(**rule)).collect();
    assert!(stale.is_empty(), "in the table of {side}, and nothing shows it: {stale:?}");
    assert!(reasons.values().all(|reason| reason.len() > 20), "a row of {side} gives no reason");
}

#[test]
fn every_rule_is_in_the_reference_as_it_describes_itself() {
    for rule in ndoba_lint::rules() {
        let since = rule.effective.as_deref().unwrap_or("always");
        let row = format!("| `{}` | {} | {} | {since} |", rule.id, rule.about, rule.clause);
        assert!(TABLE.lines().any(|line| line == row), "docs/reference/lint.md lacks the row\n{row}");
    }
}
