//! A long CRL is made, recorded and published in memory that does not grow with it. A program of its own: the memory of
//! tests that run beside it would count.

#![expect(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test binary")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use ndoba_ca::ports::Ledger as _;
use ndoba_ca::{CeremonyDesk, CrlTiming, Epoch, IssuingCa, KeyWatch, NoFailpoints, Node};
use ndoba_store::{Engine, PublishedFiles, Store};
use ndoba_types::{
    CaName, Clock, CrlName, DigestToBeSigned, InstallationId, IssueCertificates, KeyLabel, PublishCrls,
    Random, RandomUnavailable, Sha256Digest, SignError, SignReply, Signature, SignatureAlgorithm, SigningKey,
    Span, SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use ndoba_x509::{CrlReader, DistinguishedName, IssuerFacts, KeyIdentifier, PublicUrls};
use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::pkcs8::EncodePublicKey as _;

const ENTRIES: u64 = 200_000;
/// Less than the list itself has, which is about ten.
const MOST_MIB: u64 = 8;

struct World(AtomicU64);

impl Clock for World {
    fn now(&self) -> UtcTime {
        UtcTime::from_unix_seconds(1_795_000_000).unwrap()
    }
}

impl Random for World {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for octet in bytes {
            *octet = self.0.fetch_add(1, Ordering::Relaxed) as u8;
        }
        Ok(())
    }
}

/// The CA's key, in memory: it signs digests and nothing else.
struct Key {
    key: p256::ecdsa::SigningKey,
    label: KeyLabel,
    spki: SubjectPublicKeyInfo,
    signatures: AtomicU64,
}

impl Key {
    fn new() -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
        let (label, spki) = ("seal/ca/1".parse().unwrap(), SubjectPublicKeyInfo::assertion(der));
        Self { key, label, spki, signatures: AtomicU64::new(0) }
    }
}

macro_rules! signs_digests {
    ($purpose:ty) => {
        impl SigningKey<$purpose> for Key {
            fn label(&self) -> &KeyLabel {
                &self.label
            }

            fn algorithm(&self) -> SignatureAlgorithm {
                SignatureAlgorithm::EcdsaP256Sha256
            }

            fn public_key(&self) -> &SubjectPublicKeyInfo {
                &self.spki
            }

            fn submit(&self, _: ToBeSigned<$purpose>, reply: SignReply) {
                reply(Err(SignError::Refused { reason: "the whole list was held".into() }));
            }

            fn submit_digest(&self, message: DigestToBeSigned<$purpose>, reply: SignReply) {
                self.signatures.fetch_add(1, Ordering::Relaxed);
                let signature: DerSignature = self.key.sign_prehash(message.digest()).unwrap();
                reply(Ok(Signature::from_bytes(signature.as_bytes().to_vec())));
            }
        }
    };
}

signs_digests!(PublishCrls);
signs_digests!(IssueCertificates);

impl KeyWatch for Key {
    fn away(&self) -> Option<String> {
        None
    }

    fn signatures(&self) -> u64 {
        self.signatures.load(Ordering::Relaxed)
    }
}

fn issuing_ca(name: &CaName, urls: &PublicUrls) -> IssuingCa {
    let key = Arc::new(Key::new());
    let facts = IssuerFacts {
        // CN=x.
        name: DistinguishedName::from_der(b"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x").unwrap(),
        ski: KeyIdentifier::of(&key.spki).unwrap(),
        spki: key.spki.clone(),
        not_before: UtcTime::from_unix_seconds(1_790_000_000).unwrap(),
        not_after: UtcTime::from_unix_seconds(1_890_000_000).unwrap(),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        urls: urls.of_issuer(name.as_str()).unwrap(),
    };
    IssuingCa {
        name: name.clone(),
        facts,
        certify: Arc::clone(&key) as _,
        revoke: Arc::clone(&key) as _,
        watch: key,
        certifies_cas: false,
        shards: None,
        crl: CrlTiming { validity: Span::hours(24), interval: Span::hours(12) },
    }
}

/// Rows as the ledger has them, but for the certificates that they are of.
fn revoke(database: &Path, from: u64, to: u64) {
    let mut connection = SqliteConnection::establish(&database.display().to_string()).unwrap();
    let script = format!(
        "PRAGMA foreign_keys = OFF;
         WITH RECURSIVE n(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {to} - 1)
         INSERT INTO certificate_status (ca, serial, state, certificate, revoked, reason)
         SELECT 'seal', CAST(printf('A%015d', n) AS BLOB), 'issued', x'00', 1794000000000000, 'superseded' FROM n;"
    );
    connection.batch_execute(&script).unwrap();
}

/// What the process had at most since the last look, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().trim_end_matches(" kB").parse().unwrap();
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

#[test]
fn memory_does_not_grow_with_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("ndoba.sqlite");
    let engine = Engine::Sqlite { path: database.clone() };
    let now = UtcTime::from_unix_seconds(1_795_000_000).unwrap();
    let store = Store::create(&engine, 2, InstallationId::from_bytes([7; 16]), now).unwrap();
    let files = PublishedFiles::open(&folder.path().join("published")).unwrap();
    let urls = PublicUrls {
        base: "http://pki.example".parse().unwrap(),
        documents: "https://docs.example".parse().unwrap(),
    };
    let seal: CaName = "seal".parse().unwrap();
    let ca = issuing_ca(&seal, &urls);
    let world = Arc::new(World(AtomicU64::new(0)));
    let epoch = Epoch::draw(&*world).unwrap();
    let desk = CeremonyDesk {
        node: Arc::new(Node::begin("node-1", epoch, Arc::clone(&world) as _, world)),
        ledger: Arc::new(store.clone()),
        sink: Arc::new(files.clone()),
        failpoints: Arc::new(NoFailpoints),
        urls,
        plan: Sha256Digest::of(b"plan"),
    };
    // A short list first: whatever is loaded once is loaded.
    revoke(&database, 0, 10);
    desk.publish_crl(&ca).unwrap();
    revoke(&database, 10, ENTRIES);
    peak();
    let before = peak();
    // From a short list to a long one, and from the long one to the next, with which it is compared entry by entry.
    for number in 2..=3 {
        assert_eq!(desk.publish_crl(&ca).unwrap(), number);
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < MOST_MIB << 10, "{grown} KiB");

    let path = files.crl_path(&CrlName::whole(&seal));
    let length = fs::metadata(&path).unwrap().len();
    assert!(length > 40 * ENTRIES, "{length}");
    let mut online = CrlReader::open(File::open(&path).unwrap()).unwrap();
    assert_eq!(online.number().get(), 3);
    assert_eq!(online.entries().unwrap().map(Result::unwrap).count() as u64, ENTRIES);
    // What is recorded is what is online, in parts.
    let parts: Vec<_> = (0..).map_while(|part| store.crl_part(&seal, 3, part).unwrap()).collect();
    assert!(parts.len() > 1);
    assert!(parts.concat() == fs::read(&path).unwrap());
}
