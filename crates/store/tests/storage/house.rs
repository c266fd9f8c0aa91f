//! The whole CA role on a real ledger, with a clock that is set by hand and keys in memory.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ndoba_ca::clocks::RevocationRule;
use ndoba_ca::ending::{EndError, Ending};
use ndoba_ca::ports::{AuthorityMark, CrlSummary};
use ndoba_ca::{
    Alone, Behind, CaParts, CaService, CrlDraft, CrlSink, CrlTiming, Epoch, Failpoints, IssuingCa, KeyWatch,
    NoFailpoints, Node, Octets, Overdue, PublishError, ReadSeek, RollbackWitness, SuspensionRule,
};
use ndoba_order::{MediaType, Order, OrderContent, Register};
use ndoba_registration::fake::{INSTALLATION, World};
use ndoba_registration::ports::{Act, OrderRecord, OrderState, Registry as _, SignatureRecord};
use ndoba_store::Store;
use ndoba_types::{
    Clock as _, CrlName, CrlShards, DigestToBeSigned, KeyLabel, OrderId, Purpose, Random, RandomUnavailable,
    Sha256Digest, SignError, SignReply, Signature, SignatureAlgorithm, SigningKey, Span,
    SubjectPublicKeyInfo, ToBeSigned,
};
use ndoba_x509::{
    Authority, AuthorityDraft, IssuerFacts, KeyIdentifier, Legislation, Profile, PublicUrls, assemble,
    certification_request_info,
};
use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::pkcs8::EncodePublicKey as _;

use crate::cluster::Database;
use crate::fixtures::{ca, event, fresh, whole};

/// A key in memory whose token can be away, be busy, or lose what it signed.
pub struct SoftKey {
    pub key: p256::ecdsa::SigningKey,
    pub label: KeyLabel,
    pub spki: SubjectPublicKeyInfo,
    pub away: AtomicBool,
    /// It takes so many requests and is too busy for those that follow, until it is asked again.
    pub patience: AtomicU64,
    pub loses: AtomicBool,
    /// What it signs next is not what it was asked for.
    pub errs: AtomicBool,
    pub signatures: AtomicU64,
    /// The digests that it was asked to sign and signed, whoever heard of it.
    pub signed: Mutex<Vec<Vec<u8>>>,
}

impl SoftKey {
    pub fn new(seed: u8, label: &str) -> Self {
        Self::of(&[seed; 32], label)
    }

    /// A subject's key, one for each number.
    pub fn numbered(number: u64) -> Self {
        Self::of(Sha256Digest::of(&number.to_be_bytes()).as_bytes(), "subject/key/1")
    }

    fn of(scalar: &[u8; 32], label: &str) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(scalar).unwrap();
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
        let spki = SubjectPublicKeyInfo::assertion(der);
        Self {
            key,
            label: label.parse().unwrap(),
            spki,
            away: AtomicBool::new(false),
            patience: AtomicU64::new(u64::MAX),
            loses: AtomicBool::new(false),
            errs: AtomicBool::new(false),
            signatures: AtomicU64::new(0),
            signed: Mutex::default(),
        }
    }

    /// What the token says to a digest: away, busy, lost, or a signature.
    fn answer(&self, digest: &[u8]) -> Result<Signature, SignError> {
        let gone = || "a test said so".to_owned();
        if self.away.load(Ordering::SeqCst) {
            return Err(SignError::Unavailable { reason: gone() });
        }
        let patient = |left: u64| (left > 0).then(|| left - 1);
        if self.patience.fetch_update(Ordering::SeqCst, Ordering::SeqCst, patient).is_err() {
            return Err(SignError::Busy);
        }
        self.signatures.fetch_add(1, Ordering::SeqCst);
        self.signed.lock().unwrap().push(digest.to_vec());
        if self.loses.swap(false, Ordering::SeqCst) {
            return Err(SignError::InDoubt { reason: gone() });
        }
        if self.errs.swap(false, Ordering::SeqCst) {
            return Ok(self.raw(b"something else"));
        }
        let signature: DerSignature = self.key.sign_prehash(digest).unwrap();
        Ok(Signature::from_bytes(signature.as_bytes().to_vec()))
    }

    pub fn raw(&self, message: &[u8]) -> Signature {
        let signature: DerSignature = self.key.sign(message);
        Signature::from_bytes(signature.as_bytes().to_vec())
    }

    pub fn csr(&self) -> Vec<u8> {
        let info = certification_request_info(&self.spki);
        assemble(&info, SignatureAlgorithm::EcdsaP256Sha256, &self.raw(&info))
    }
}

impl<P: Purpose> SigningKey<P> for SoftKey {
    fn label(&self) -> &KeyLabel {
        &self.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    fn submit(&self, message: ToBeSigned<P>, reply: SignReply) {
        reply(self.answer(&SignatureAlgorithm::EcdsaP256Sha256.digest(message.as_bytes())));
    }

    fn submit_digest(&self, message: DigestToBeSigned<P>, reply: SignReply) {
        reply(self.answer(message.digest()));
    }
}

impl KeyWatch for SoftKey {
    fn away(&self) -> Option<String> {
        self.away.load(Ordering::SeqCst).then(|| "a test said so".to_owned())
    }

    fn signatures(&self) -> u64 {
        self.signatures.load(Ordering::SeqCst)
    }
}

/// Nothing is published and nothing remembered.
#[derive(Default)]
pub struct Nowhere(Mutex<BTreeMap<CrlName, Vec<u8>>>);

impl Nowhere {
    /// The whole list that is online.
    pub fn list(&self) -> Option<Vec<u8>> {
        self.list_of(&whole("seal"))
    }

    /// A list that is online.
    pub fn list_of(&self, list: &CrlName) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(list).cloned()
    }

    /// Another whole list is online.
    pub fn put(&self, der: Vec<u8>) {
        self.put_as(&whole("seal"), der);
    }

    /// Another list is online.
    pub fn put_as(&self, list: &CrlName, der: Vec<u8>) {
        self.0.lock().unwrap().insert(list.clone(), der);
    }
}

impl CrlSink for Nowhere {
    fn alone(&self, _: &CrlName) -> Result<Box<dyn Alone>, PublishError> {
        Ok(Box::new(()))
    }

    fn draft(&self, _: &CrlName) -> Result<Box<dyn CrlDraft>, PublishError> {
        Ok(Box::new(Vec::new()))
    }

    fn publish(&self, list: &CrlName, der: &dyn Octets) -> Result<(), PublishError> {
        let mut octets = Vec::new();
        der.read()?.read_to_end(&mut octets)?;
        self.put_as(list, octets);
        Ok(())
    }

    fn online(&self, list: &CrlName) -> Result<Option<Box<dyn ReadSeek>>, PublishError> {
        Ok(self.list_of(list).map(|der| Box::new(Cursor::new(der)) as Box<dyn ReadSeek>))
    }
}

impl RollbackWitness for Nowhere {
    fn check(&self, _: &[AuthorityMark], _: u64) -> Result<(), Behind> {
        Ok(())
    }

    fn advance(&self, _: &[AuthorityMark], _: u64) -> Result<(), PublishError> {
        Ok(())
    }
}

/// The number of a subject's key that nobody is certified for.
pub const BLOCKED: u64 = 999_999;

/// The CA role, its officers, its key and its ledger.
pub struct House<'d> {
    pub store: &'d Store,
    pub world: World,
    pub service: CaService,
    pub ca_key: Arc<SoftKey>,
    pub enrolment: SoftKey,
    pub published: Arc<Nowhere>,
    /// As the next process is configured.
    pub shards: Option<CrlShards>,
}

impl<'d> House<'d> {
    pub fn new(database: &'d Database) -> Self {
        Self::with_shards(database, None)
    }

    /// One whose certificates are dealt into so many shards.
    pub fn with_shards(database: &'d Database, shards: Option<CrlShards>) -> Self {
        let world = World::new();
        let store = &database.store;
        for grant in world.registry.tables().grants.iter() {
            store.append_grant(grant, Act { events: &[event()], receipt: None }).unwrap();
        }
        let ca_key = Arc::new(SoftKey::new(50, "seal/ca/1"));
        let published = Arc::new(Nowhere::default());
        let service = service(store, &world, &ca_key, &published, Arc::new(NoFailpoints), shards);
        // Its first CRL: what follows is about responders only.
        let enrolment = SoftKey::new(60, "seal/enrolment/1");
        let mut house = Self { store, world, service, ca_key, enrolment, published, shards };
        house.steps();
        house
    }

    pub fn steps(&mut self) {
        while self.service.step().unwrap().worked() {}
    }

    /// The process ends and another begins, with these failpoints.
    pub fn restart(&mut self, failpoints: Arc<dyn Failpoints>) {
        // What the token counts, it counts from a process's start.
        self.ca_key.signatures.store(0, Ordering::SeqCst);
        self.service = self.another(failpoints);
    }

    /// Another process of the role, or a command.
    pub fn another(&self, failpoints: Arc<dyn Failpoints>) -> CaService {
        service(self.store, &self.world, &self.ca_key, &self.published, failpoints, self.shards)
    }

    /// A command that ends the CA, by the register as it is.
    pub fn end_ca(&self) -> Result<Vec<(CrlName, CrlSummary)>, EndError> {
        let ending = Ending {
            node: node(&self.world),
            ledger: Arc::new(self.store.clone()),
            sink: Arc::clone(&self.published) as _,
            failpoints: Arc::new(NoFailpoints),
        };
        let chain = self.store.grants().unwrap();
        let chain = chain.iter().map(|grant| (grant.document.clone(), grant.signatures.clone()));
        let register = Register::replay(&self.world.pin().into(), chain).unwrap();
        ending.end(&issuing_ca(&self.world, &self.ca_key, self.shards), &register)
    }

    /// Puts an order before the CA, signed by these two in its two roles.
    pub fn put(&self, id: OrderId, content: OrderContent, csr: Vec<u8>, signers: [&str; 2]) {
        let now = self.world.clock.now();
        let order = Order {
            installation: INSTALLATION,
            order_id: id,
            ca: KeyIdentifier::of(&self.ca_key.spki).unwrap(),
            created: now,
            expires: now.plus(Span::days(1)),
            content,
        };
        let bytes = order.to_bytes().unwrap();
        let mut signatures: Vec<SignatureRecord> = Vec::new();
        for (name, role) in signers.into_iter().zip(order.kind().signers()) {
            let officer = self.world.officer(name);
            let over = signatures.first().map(|first| first.jws.clone());
            let jws = officer.sign(MediaType::Order, &bytes, *role, over.as_deref(), now);
            signatures.push(SignatureRecord {
                role: role.name().into(),
                officer: officer.id,
                jws,
                added: now,
            });
        }
        let second = signatures.pop().unwrap();
        let record = OrderRecord {
            id: order.order_id,
            kind: order.kind(),
            digest: Sha256Digest::of(&bytes),
            content: bytes,
            ca: ca("seal"),
            csr: Some(csr),
            application: None,
            target: None,
            drafted_by: signatures[0].officer,
            created: order.created,
            expires: order.expires,
            state: OrderState::Open,
            signatures,
        };
        self.store.queue_unit_order(&record, &second, &event()).unwrap();
    }
}

/// A process of the role.
fn service(
    store: &Store,
    world: &World,
    ca_key: &Arc<SoftKey>,
    published: &Arc<Nowhere>,
    failpoints: Arc<dyn Failpoints>,
    shards: Option<CrlShards>,
) -> CaService {
    CaService::new(CaParts {
        node: node(world),
        ledger: Arc::new(store.clone()),
        sink: Arc::clone(published) as _,
        witness: Arc::clone(published) as _,
        failpoints,
        authorities: vec![issuing_ca(world, ca_key, shards)],
        profiles: Profile::presets(Legislation::Georgia).unwrap(),
        devices: BTreeMap::new(),
        blocked_keys: [SoftKey::numbered(BLOCKED).spki.fingerprint()].into(),
        urls: urls(),
        installation: INSTALLATION,
        pins: world.pin().into(),
        doubt_after: Span::minutes(5),
        revocation: RevocationRule { aim: Span::minutes(60), limit: Span::hours(24) },
        suspension: SuspensionRule {
            allowed: true,
            max: Span::days(30),
            overdue: Overdue::Revoke,
            by_code: 100,
        },
        lanes: NonZeroUsize::new(3).unwrap(),
    })
    .unwrap()
}

fn urls() -> PublicUrls {
    PublicUrls {
        base: "http://pki.example".parse().unwrap(),
        documents: "https://docs.example".parse().unwrap(),
    }
}

fn issuing_ca(world: &World, ca_key: &Arc<SoftKey>, shards: Option<CrlShards>) -> IssuingCa {
    let facts = IssuerFacts {
        name: name("TEST CA").distinguished_name(),
        ski: KeyIdentifier::of(&ca_key.spki).unwrap(),
        spki: ca_key.spki.clone(),
        not_before: world.clock.now().minus(Span::days(1)),
        not_after: world.clock.now().plus(Span::days(100)),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        urls: urls().of_issuer("seal").unwrap(),
    };
    IssuingCa {
        name: ca("seal"),
        facts,
        certify: Arc::clone(ca_key) as _,
        revoke: Arc::clone(ca_key) as _,
        watch: Arc::clone(ca_key) as _,
        certifies_cas: false,
        shards,
        crl: CrlTiming { validity: Span::hours(24), interval: Span::hours(12) },
    }
}

fn node(world: &World) -> Node {
    let random: Arc<dyn Random> = Arc::new(OwnRandom { process: fresh(), count: AtomicU64::new(0) });
    let epoch = Epoch::draw(&*random).unwrap();
    Node::begin("node-a", epoch, Arc::clone(&world.clock) as _, random)
}

/// Octets that no other process of a test draws: not an epoch, not a serial number.
struct OwnRandom {
    process: u64,
    count: AtomicU64,
}

impl Random for OwnRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in buffer.chunks_mut(32) {
            let count = self.count.fetch_add(1, Ordering::SeqCst);
            let seed = [self.process.to_be_bytes(), count.to_be_bytes()].concat();
            chunk.copy_from_slice(&Sha256Digest::of(&seed).as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

pub fn name(common_name: &str) -> Authority {
    Authority::try_from(AuthorityDraft {
        country: "GE".into(),
        organization: "TEST Provider".into(),
        organization_identifier: "NTRGE-404123456".into(),
        common_name: common_name.into(),
    })
    .unwrap()
}
