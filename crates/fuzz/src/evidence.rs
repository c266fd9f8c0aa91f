//! What auditors and archives get: exports, records, checkpoints, the time-stamping journal.

use ndoba_audit::{Record, SignedCheckpoint, verify_export};
use ndoba_tsa::{Chain, ClockStatement};
use ndoba_types::{SignatureAlgorithm, SubjectPublicKeyInfo};

/// A whole export, line by line. No signature holds here, so a good one fails at its first checkpoint.
pub(crate) fn audit_export(bytes: &[u8]) -> bool {
    let trusting = |_: &SubjectPublicKeyInfo, _: SignatureAlgorithm, _: &[u8], _: &[u8]| true;
    verify_export(
        bytes.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()),
        &trusting,
        &|_: &[u8], _| true,
        &[],
        None,
    )
    .is_ok()
}

/// One record of the log.
pub(crate) fn audit_record(bytes: &[u8]) -> bool {
    let Ok(record) = Record::from_bytes(bytes) else { return false };
    assert_eq!(record.to_bytes(), bytes, "a record came back changed");
    true
}

/// A signed checkpoint, as it is published.
pub(crate) fn checkpoint(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedCheckpoint::from_bytes(bytes) else { return false };
    assert_eq!(signed.to_bytes(), bytes, "a checkpoint came back changed");
    true
}

/// The public key of the seeds' clock: what every statement is judged by.
const CLOCK_KEY: &[u8] = include_bytes!("../testdata/clock.pub.der");

/// A clock's statement, as it is published.
pub(crate) fn clock_statement(bytes: &[u8]) -> bool {
    let key = SubjectPublicKeyInfo::assertion(CLOCK_KEY.to_vec());
    let Ok(statement) = ClockStatement::verify(bytes, &key) else { return false };
    assert_eq!(ClockStatement::verify(bytes, &key).as_ref(), Ok(&statement));
    // What was signed is what would be signed again.
    let again = statement.prepare(SignatureAlgorithm::EcdsaP256Sha256, &key).map(|one| one.message());
    let (header, payload) = (r#""protected":""#, r#""payload":""#);
    let text = String::from_utf8_lossy(bytes);
    let member = |name: &str| text.split(name).nth(1).and_then(|rest| rest.split('"').next());
    let signed = member(header).zip(member(payload)).map(|(header, payload)| format!("{header}.{payload}"));
    assert_eq!(
        again.map(|message| message.as_bytes().to_vec()).ok(),
        signed.map(String::into_bytes),
        "a statement came back changed"
    );
    true
}

/// A segment of the journal of granted tokens.
pub(crate) fn journal(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    let Some(Ok(mut chain)) = lines.next().map(Chain::open) else { return false };
    let mut records = 0;
    for line in lines {
        if chain.verify(line).is_err() {
            return false;
        }
        records += 1;
    }
    assert_eq!(chain.len(), records);
    records > 0
}
