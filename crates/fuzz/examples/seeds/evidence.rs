//! A small audit log and a small journal.

use ndoba_audit::{Actor, Checkpoint, Event, EventKind, Frontier, Record, SignedCheckpoint};
use ndoba_tsa::{Chain, ImprintHash, JournalId, JournalRecord, TokenSerial};
use ndoba_types::{
    EventId, InstallationId, Sha256Digest, Signature, SignatureAlgorithm, Span, SubjectPublicKeyInfo,
    UtcTime, canonical,
};

use super::{Outcome, Seeds, testdata};

const INSTALLATION: InstallationId = InstallationId::from_bytes([9; 16]);

pub(super) fn make(seeds: &Seeds) -> Outcome {
    let now: UtcTime = "2026-11-24T12:00:00Z".parse()?;
    log(seeds, now)?;
    journal(seeds, now)
}

fn log(seeds: &Seeds, now: UtcTime) -> Outcome {
    let key = ndoba_x509::Certificate::from_der(&testdata("tsu.der")?)?.spki().clone();
    let mut lines = vec![header(&key)?];
    let mut frontier = Frontier::default();
    let (mut before, mut last) = (None, None);
    for number in 0..3_u8 {
        let what = EventKind::ServiceStarted {
            role: "ca".into(),
            version: "0.1.0".into(),
            node: "node-1".into(),
            epoch: "7".into(),
        };
        let id = EventId::from_bytes([number; 16]);
        let event = Event { id, at: now, actor: Actor::Role("ca".into()), what };
        let record = Record::new(number.into(), &event.to_bytes(), before)?;
        before = Some(record.hash());
        frontier.push(record.hash());
        seeds.add("audit_record", &format!("record-{number}"), &record.to_bytes()?)?;
        lines.push(record.to_bytes()?);
        if number == 1 {
            continue;
        }
        let checkpoint = Checkpoint {
            installation: INSTALLATION,
            number: u64::from(number / 2),
            size: frontier.size(),
            root: frontier.root(),
            at: now.plus(Span::seconds(number.into())),
            previous: last,
        };
        let signed = SignedCheckpoint {
            checkpoint,
            key: key.fingerprint(),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            signature: Signature::from_bytes(vec![0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
            token: (number == 2).then(|| vec![0x30, 0x00]),
        };
        last = Some(signed.digest());
        seeds.add("checkpoint", &format!("checkpoint-{number}"), &signed.to_bytes())?;
        lines.push(signed.to_bytes());
    }
    seeds.add("audit_export", "small", &lines.join(&b'\n'))
}

fn header(key: &SubjectPublicKeyInfo) -> Outcome<Vec<u8>> {
    // Base64 without the crate for it: `openssl` wrote the same key as PEM.
    let pem = ndoba_x509::to_pem(ndoba_x509::PemLabel::PublicKey, key.as_der());
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let value = serde_json::json!({
        "format": "ndoba-audit-export/1",
        "installation": INSTALLATION.to_string(),
        "keys": [base64],
    });
    Ok(canonical::encode(&value)?)
}

fn journal(seeds: &Seeds, now: UtcTime) -> Outcome {
    let (mut chain, mut text) = Chain::begin(JournalId { installation: INSTALLATION, node: 1 });
    for number in 1..=3_u8 {
        let record = JournalRecord {
            unit: "tsu".into(),
            serial: TokenSerial::from_hex(&format!("{number:040x}")).ok_or("a serial number")?,
            hash: ImprintHash::Sha256,
            digest: Sha256Digest::of(&[number]).as_bytes().to_vec(),
            gen_time: now.plus(Span::millis(number.into())),
            bound: Span::millis(20),
        };
        text.extend(chain.append(&record));
    }
    seeds.add("journal", "three-tokens", &text)?;
    seeds.add("journal", "next-segment", &chain.next_segment().1)
}
