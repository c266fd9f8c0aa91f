//! CRLs: ours in parts, and one that openssl made.

use ndoba_types::UtcTime;
use ndoba_x509::HttpUrl;

use super::{issuer_name, oid, seq, tlv};
use crate::rules::oid as known;
use crate::{CrlContext, CrlLint, Finding, Issuer, Scope, lint_crl};

const SHARD: &str = "http://pki.example.com/crl/seal.3.crl";

struct Sample {
    version: Vec<u8>,
    next_update: Vec<u8>,
    /// None: the field is absent.
    entries: Option<Vec<Vec<u8>>>,
    extensions: Vec<Vec<u8>>,
    is_last: bool,
    /// Of a shard.
    addresses: Vec<HttpUrl>,
}

fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    seq(&[oid(id), tlv(0x04, value)])
}

/// issuingDistributionPoint with these fields.
fn point(critical: bool, fields: &[Vec<u8>]) -> Vec<u8> {
    let critical = if critical { tlv(0x01, &[0xff]) } else { Vec::new() };
    seq(&[oid(known::ISSUING_DISTRIBUTION_POINT), critical, tlv(0x04, &seq(fields))])
}

/// Its distributionPoint with a full name of these addresses.
fn full_name(addresses: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = addresses.iter().flat_map(|one| tlv(0x86, one.as_bytes())).collect();
    tlv(0xa0, &tlv(0xa0, &names))
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
            addresses: Vec::new(),
        }
    }

    /// The third of its shards.
    fn shard() -> Self {
        let mut sample = Self::good();
        sample.extensions.push(point(true, &[full_name(&[SHARD])]));
        sample.addresses.push(SHARD.parse().unwrap());
        sample
    }

    fn tbs(&self) -> Vec<u8> {
        seq(&[
            self.version.clone(),
            seq(&[oid("1.2.840.10045.4.3.3")]),
            issuer_name(0x0c),
            tlv(0x17, b"261124000000Z"),
            self.next_update.clone(),
            self.entries.as_ref().map(|entries| seq(entries)).unwrap_or_default(),
            tlv(0xa0, &seq(&self.extensions)),
        ])
    }

    fn findings(&self) -> Vec<Finding> {
        self.judged(Scope::Ours, usize::MAX)
    }

    /// As they come in pieces of `length` octets.
    fn judged(&self, scope: Scope, length: usize) -> Vec<Finding> {
        // 2026-11-24T00:00:00Z.
        let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
        let name = issuer_name(0x0c);
        let issuer = Issuer { name: &name, key_identifier: &[5; 20], not_after: UtcTime::NO_END };
        let (issuer, is_last) = (Some(issuer), self.is_last);
        let mut lint = CrlLint::new(CrlContext {
            scope,
            issuer,
            now,
            lists_cas: false,
            is_last,
            addresses: &self.addresses,
        });
        self.tbs().chunks(length).for_each(|piece| lint.push(piece));
        lint.finish()
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
fn a_shard_says_what_its_certificates_say() {
    let mut sample = Sample::shard();
    assert_eq!(sample.findings(), []);
    assert_eq!(sample.judged(Scope::Anyone, usize::MAX), []);
    // An address that older certificates name beside it.
    let older = "http://old.example.com/crl/seal.3.crl";
    sample.addresses.push(older.parse().unwrap());
    sample.must_find("crl-distribution-point");
    sample.extensions[3] = point(true, &[full_name(&[SHARD, older])]);
    assert_eq!(sample.findings(), []);

    for bad in [
        // Not critical: whoever does not know it takes the shard for the whole (RFC 5280 §5.2.5).
        point(false, &[full_name(&[SHARD])]),
        // Another shard's, in full and with more.
        point(true, &[full_name(&["http://pki.example.com/crl/seal.4.crl"])]),
        point(true, &[full_name(&[SHARD, "http://pki.example.com/crl/seal.4.crl"])]),
        // No address, no name, nothing; a field that we do not have; one that is written though it is the default.
        point(true, &[full_name(&[])]),
        point(true, &[tlv(0xa0, &[])]),
        point(true, &[]),
        point(true, &[full_name(&[SHARD]), tlv(0x81, &[0xff])]),
        point(true, &[full_name(&[SHARD]), tlv(0x84, &[0])]),
    ] {
        let mut sample = Sample::shard();
        sample.extensions[3] = bad;
        sample.must_find("crl-distribution-point");
    }
    // A shard without its scope would pass for the whole list, and the whole list has none.
    let mut sample = Sample::shard();
    sample.extensions.pop();
    sample.must_find("crl-distribution-point");
    let mut sample = Sample::shard();
    sample.addresses.clear();
    sample.must_find("crl-distribution-point");
}

#[test]
fn strangers_lists_have_scopes_of_their_own() {
    let mut sample = Sample::good();
    for good in [
        point(true, &[full_name(&[SHARD]), tlv(0x81, &[0xff]), tlv(0x84, &[0xff])]),
        point(true, &[tlv(0x82, &[0xff])]),
        point(true, &[full_name(&["ldap://ldap.example.com/cn=crl"]), tlv(0x83, &[1, 0xfe])]),
    ] {
        sample.extensions.truncate(3);
        sample.extensions.push(good);
        assert_eq!(sample.judged(Scope::Anyone, usize::MAX), []);
    }
    for bad in [
        point(false, &[full_name(&[SHARD])]),
        point(true, &[]),
        point(true, &[tlv(0x81, &[0])]),
        // Of users and of CAs alone.
        point(true, &[tlv(0x81, &[0xff]), tlv(0x82, &[0xff])]),
        point(true, &[tlv(0x82, &[0xff]), full_name(&[SHARD])]),
    ] {
        sample.extensions.truncate(3);
        sample.extensions.push(bad);
        let found = sample.judged(Scope::Anyone, usize::MAX);
        assert!(found.iter().any(|finding| finding.rule == "crl-distribution-point"), "{found:?}");
    }
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

#[test]
fn ours_ascend_and_strangers_need_not() {
    let mut sample = Sample::good();
    sample.entries = Some(vec![entry(2, b"261123000000Z", None), entry(1, b"261123000000Z", None)]);
    sample.must_find("crl-entries");
    assert_eq!(sample.judged(Scope::Anyone, usize::MAX), []);
    let again = [2, 1, 2].map(|serial| entry(serial, b"261123000000Z", None));
    sample.entries = Some(again.to_vec());
    assert_eq!(sample.judged(Scope::Anyone, usize::MAX)[0].rule, "crl-entries");
}

/// Longer than any piece that is held; the one bad entry is found where it stands.
#[test]
fn however_it_comes_the_judgement_is_the_same() {
    let long = |serial: u16| {
        seq(&[tlv(0x02, &[&[1], &serial.to_be_bytes()[..]].concat()), tlv(0x17, b"261123000000Z")])
    };
    let mut sample = Sample::good();
    let mut entries: Vec<_> = (0..9000).map(long).collect();
    entries[7000] = seq(&[tlv(0x02, &[1, 0x1b, 0x58]), tlv(0x17, b"261125000000Z")]);
    sample.entries = Some(entries);
    sample.version = Vec::new();
    sample.extensions.remove(1);
    let whole = sample.judged(Scope::Ours, usize::MAX);
    assert_eq!(
        whole.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        ["crl-form", "crl-extensions", "crl-entries"]
    );
    let place = whole[2].place.clone().unwrap();
    assert_eq!(sample.tbs()[place][..5], [0x02, 3, 1, 0x1b, 0x58]);
    for length in [1, 7, 1000, 1 << 16, 70_000] {
        assert_eq!(sample.judged(Scope::Ours, length), whole, "{length}");
    }
}

/// Cut off anywhere, or with an octet too many, it is none.
#[test]
fn half_a_list_is_none() {
    let tbs = Sample::good().tbs();
    let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
    let context = CrlContext {
        scope: Scope::Ours,
        issuer: None,
        now,
        lists_cas: false,
        is_last: false,
        addresses: &[],
    };
    let rule = |octets: &[u8]| lint_crl(octets, &context).first().map(|finding| finding.rule);
    assert_eq!(rule(&tbs), None);
    for end in 0..tbs.len() {
        assert_eq!(rule(&tbs[..end]), Some("crl-readable"), "{end}");
    }
    assert_eq!(rule(&[&tbs[..], &[0]].concat()), Some("crl-readable"));
}

proptest::proptest! {
    #[test]
    fn pieces_of_anything_are_judged_alike(at in proptest::num::usize::ANY, octet: u8, length in 1usize..50) {
        let mut tbs = Sample::good().tbs();
        let at = at % tbs.len();
        tbs[at] = octet;
        let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
        let context = CrlContext { scope: Scope::Ours, issuer: None, now, lists_cas: false, is_last: false, addresses: &[] };
        let mut lint = CrlLint::new(context);
        tbs.chunks(length).for_each(|piece| lint.push(piece));
        let rules = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.rule).collect::<Vec<_>>();
        proptest::prop_assert_eq!(rules(lint.finish()), rules(lint_crl(&tbs, &context)));
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let now = UtcTime::from_unix_seconds(1_795_478_400).unwrap();
        let _ = lint_crl(&bytes, &CrlContext { scope: Scope::Ours, issuer: None, now, lists_cas: true, is_last: false, addresses: &[] });
    }
}
