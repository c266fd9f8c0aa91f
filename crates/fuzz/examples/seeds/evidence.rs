//! A small audit log and a small journal.

use ndoba_audit::{Actor, Checkpoint, Event, EventKind, Frontier, Record, SignedCheckpoint};
use ndoba_tsa::{
    Chain, ClockStatement, ImprintHash, JournalId, JournalRecord, StatedAnswer, StatedMeasure, StatedSource,
    TokenSerial,
};
use ndoba_types::{
    EventId, InstallationId, Sha256Digest, Signature, SignatureAlgorithm, Span, SubjectPublicKeyInfo,
    UtcTime, canonical,
};

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;

use super::{Outcome, Seeds, testdata};

const INSTALLATION: InstallationId = InstallationId::from_bytes([9; 16]);

pub(super) fn make(seeds: &Seeds) -> Outcome {
    let now: UtcTime = "2026-11-24T12:00:00Z".parse()?;
    log(seeds, now)?;
    clock(seeds, now)?;
    journal(seeds, now)
}

/// Signed by the key whose public half lies in `testdata`: a fixed one, which signs nothing else.
fn clock(seeds: &Seeds, at: UtcTime) -> Outcome {
    let key = SigningKey::from_slice(&[0x0c; 32])?;
    let spki = key.verifying_key().to_public_key_der()?.into_vec();
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/clock.pub.der"), &spki)?;
    let spki = SubjectPublicKeyInfo::assertion(spki);
    let answer = StatedAnswer { offset_us: -90, bound_us: 1_000, age_us: 4_000_000, stratum: 1 };
    let source = |server: &str, answer: Option<StatedAnswer>| StatedSource {
        server: server.into(),
        verdict: if answer.is_some() { "agrees".into() } else { "silent".into() },
        answer,
    };
    for (name, distrusted) in [("believed", None), ("not-believed", Some("no-quorum".to_owned()))] {
        let statement = ClockStatement {
            installation: INSTALLATION,
            node: 3,
            at,
            expires: at.plus(Span::seconds(60)),
            mode: "quorum".into(),
            measured: distrusted.is_none().then_some(StatedMeasure { offset_us: -120, bound_us: 2_300 }),
            distrusted,
            sources: vec![source("ntp1.example:123", Some(answer)), source("ntp2.example:123", None)],
        };
        let unsigned = statement.prepare(SignatureAlgorithm::EcdsaP256Sha256, &spki)?;
        let signature: p256::ecdsa::DerSignature = key.sign(unsigned.message().as_bytes());
        let jws = unsigned.finish(&Signature::from_bytes(signature.as_bytes().to_vec()))?;
        seeds.add("clock_statement", name, &jws)?;
    }
    Ok(())
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
        seeds.add("audit_record", &format!("record-{number}"), &record.to_bytes())?;
        lines.push(record.to_bytes());
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
