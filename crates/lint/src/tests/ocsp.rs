//! OCSP answers: ours in parts, and one that openssl made.

use ndoba_types::UtcTime;

use super::{oid, seq, tlv};
use crate::rules::oid as known;
use crate::{Finding, OcspContext, Scope, lint_ocsp_response};

/// `openssl ocsp -index … -resp_key_id -rmd sha256 -nmin 60`: see testkit's testdata.
const BY_OPENSSL: &[u8] = include_bytes!("../../../testkit/testdata/ocsp-response.der");

fn now() -> OcspContext {
    // 2030: after openssl's answer was made.
    OcspContext { scope: Scope::Ours, now: UtcTime::from_unix_seconds(1_893_456_000).unwrap() }
}

struct Sample {
    responder: Vec<u8>,
    produced_at: &'static [u8],
    status: Vec<u8>,
    next_update: Vec<u8>,
    certificates: Vec<u8>,
}

impl Sample {
    fn good() -> Self {
        Self {
            responder: tlv(0xa2, &tlv(0x04, &[1; 20])),
            produced_at: b"20261124000000Z",
            status: tlv(0x80, &[]),
            next_update: tlv(0xa0, &tlv(0x18, b"20261124010000Z")),
            certificates: tlv(0xa0, &seq(&[])),
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let single =
            seq(&[seq(&[]), self.status.clone(), tlv(0x18, b"20261124000000Z"), self.next_update.clone()]);
        let data = seq(&[self.responder.clone(), tlv(0x18, self.produced_at), seq(&[single])]);
        let basic =
            seq(&[data, seq(&[oid("1.2.840.10045.4.3.2")]), tlv(0x03, &[0, 1]), self.certificates.clone()]);
        let bytes = seq(&[oid(known::OCSP_BASIC), tlv(0x04, &basic)]);
        lint_ocsp_response(&seq(&[tlv(0x0a, &[0]), tlv(0xa0, &bytes)]), &now())
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
fn good_revoked_unknown_and_openssls() {
    let mut sample = Sample::good();
    let revoked = [tlv(0x18, b"20261123000000Z"), tlv(0xa0, &tlv(0x0a, &[1]))].concat();
    for status in [tlv(0x80, &[]), tlv(0xa1, &revoked), tlv(0x82, &[])] {
        sample.status = status;
        assert_eq!(sample.findings(), []);
    }
    assert_eq!(lint_ocsp_response(BY_OPENSSL, &now()), []);
    // An error is its status alone.
    assert_eq!(lint_ocsp_response(&seq(&[tlv(0x0a, &[1])]), &now()), []);
}

#[test]
fn bad() {
    let by_name = Sample { responder: tlv(0xa1, &seq(&[])), ..Sample::good() };
    by_name.must_find("ocsp-responder");
    Sample { certificates: Vec::new(), ..Sample::good() }.must_find("ocsp-responder");
    Sample { produced_at: b"20261124000000.5Z", ..Sample::good() }.must_find("ocsp-singles");
    Sample { produced_at: b"20261123000000Z", ..Sample::good() }.must_find("ocsp-singles");
    Sample { next_update: Vec::new(), ..Sample::good() }.must_find("ocsp-singles");
    Sample { status: tlv(0xa0, &tlv(0x05, &[])), ..Sample::good() }.must_find("ocsp-singles");
    assert!(!lint_ocsp_response(&seq(&[tlv(0x0a, &[0])]), &now()).is_empty());
    assert!(!lint_ocsp_response(&seq(&[tlv(0x0a, &[4])]), &now()).is_empty());
}

proptest::proptest! {
    #[test]
    fn never_panics(at in 0_usize..1000, octet: u8) {
        let mut bytes = BY_OPENSSL.to_vec();
        let at = at % bytes.len();
        bytes[at] = octet;
        let _ = lint_ocsp_response(&bytes, &now());
    }
}
