//! CRLs: ours in parts, and one that openssl made.

use ndoba_types::UtcTime;

use super::{issuer_name, oid, seq, tlv};
use crate::rules::oid as known;
use crate::{CrlContext, Finding, Issuer, Scope, lint_crl};

struct Sample {
    version: Vec<u8>,
    next_update: Vec<u8>,
    /// None: the field is absent.
    entries: Option<Vec<Vec<u8>>>,
    extensions: Vec<Vec<u8>>,
    is_last: bool,
}

fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    seq(&[oid(id), tlv(0x04, value)])
}

fn entry(serial: u8, date: &[u8], reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|reason| seq(&[extension(known::REASON_CODE, &tlv(0x0a, &[reason]))]));
    seq(&[tlv(0x02, &[serial]), tlv(0x17, date), reason.unwrap_or_default()])
}

impl Sample {
    fn good() -> Self {
        Self {
            version: tlv(0x02, &[1]),
            next_update: tlv(0x17, b"261125000000Z"),
            entries: Some(vec![entry(1, b"261123000000Z", Some(1)), entry(2, b"261123000000Z", None)]),
            extensions: vec![
                extension(known::AUTHORITY_KEY_IDENTIFIER, &seq(&[tlv(0x80, &[5; 20])])),
                extension(known::CRL_NUMBER, &tlv(0x02, &[7])),
                extension(known::EXPIRED_CERTS_ON_CRL, &tlv(0x18, b"20261101000000Z")),
            ],
            is_last: false,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let tbs = seq(&[
            self.version.clone(),
            seq(&[oid("1.2.840.10045.4.3.3")]),
            issuer_name(0x0c),
            tlv(0x17, b"261124000000Z"),
            self.next_update.clone(),
            self.entries.as_ref().map(|entries| seq(entries)).unwrap_or_default(),
            tlv(0xa0, &seq(&self.extensions)),
        ]);
        // 2026-11-24T00:00:00Z.
        let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
        let name = issuer_name(0x0c);
        let issuer = Issuer { name: &name, key_identifier: &[5; 20], not_after: UtcTime::NO_END };
        lint_crl(
            &tbs,
            &CrlContext {
                scope: Scope::Ours,
                issuer: Some(issuer),
                now,
                lists_cas: false,
                is_last: self.is_last,
            },
        )
    }

    #[track_caller]
    fn must_find(&self, rule: &str) {
        let findings = self.findings();
        assert!(
            findings.iter().any(|finding| finding.rule == rule),
            "{rule} is silent; others: {findings:?}"
        );
    }
}

#[test]
fn good_with_and_without_entries_and_the_last() {
    let mut sample = Sample::good();
    assert_eq!(sample.findings(), []);
    sample.entries = None;
    assert_eq!(sample.findings(), []);
    sample.is_last = true;
    sample.must_find("crl-times");
    sample.next_update = tlv(0x18, b"99991231235959Z");
    assert_eq!(sample.findings(), []);
    sample.is_last = false;
    sample.must_find("crl-times");
}

#[test]
fn bad_form_times_and_extensions() {
    let mut sample = Sample::good();
    sample.version = Vec::new();
    sample.must_find("crl-form");
    for bad in
        [Vec::new(), tlv(0x17, b"261127000000Z"), tlv(0x17, b"261123000000Z"), tlv(0x18, b"20261125000000Z")]
    {
        let mut sample = Sample::good();
        sample.next_update = bad;
        sample.must_find("crl-times");
    }
    for gone in 0..2 {
        let mut sample = Sample::good();
        sample.extensions.remove(gone);
        sample.must_find("crl-extensions");
    }
    let mut sample = Sample::good();
    // The CA's own AKI in place of its SKI.
    sample.extensions[0] = extension(known::AUTHORITY_KEY_IDENTIFIER, &seq(&[tlv(0x80, &[6; 20])]));
    sample.must_find("crl-extensions");
}

#[test]
fn bad_entries() {
    for bad in [
        vec![],
        vec![entry(1, b"261123000000Z", None), entry(1, b"261123000000Z", None)],
        vec![entry(1, b"261125000000Z", None)],
        vec![entry(1, b"261123000000Z", Some(0))],
        vec![entry(1, b"261123000000Z", Some(8))],
    ] {
        let mut sample = Sample::good();
        sample.entries = Some(bad);
        sample.must_find("crl-entries");
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
        let _ = lint_crl(&bytes, &CrlContext { scope: Scope::Ours, issuer: None, now, lists_cas: true, is_last: false });
    }
}
