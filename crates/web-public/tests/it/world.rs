//! A server on free ports with records, key, clock and stamper that the test controls.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use actix_web::dev::ServerHandle;
use actix_web::web::Bytes;
use ndoba_ocsp::{
    AnswerPolicy, CertStatusFacts, FinalQuestion, FinalRecord, HashAlgorithm, KnownVersion, StatusError,
    StatusSnapshot, StatusSource, StatusVersion, StatusVersions,
};
use ndoba_types::{
    AnswerStatus, CaName, Clock, KeyLabel, SerialNumber, Sha256Digest, SignError, SignReply,
    SignatureAlgorithm, SigningKey, Span, SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use ndoba_web_public::{
    ClockStatements, OcspLimits, OcspService, PageFacts, PublicServer, PublicServices, PublishedFiles,
    ServerLimits, StampFuture, StampReply, StatusReaders, TimeStamper, TimeStamping,
};
use tempfile::TempDir;

use crate::pki::Pki;
use crate::requests::{request, sha1_id};

/// A page about two CAs.
pub(crate) fn page() -> PageFacts {
    PageFacts {
        base: "http://pki.example.com".into(),
        root: "root".parse().unwrap(),
        authorities: vec![
            ("root".parse().unwrap(), None),
            ("signature".parse().unwrap(), ndoba_types::CrlShards::new(16)),
        ],
    }
}

/// The machine's time, and as much later as the test wants.
#[derive(Default)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, span: Span) {
        self.0.fetch_add(span.as_micros(), SeqCst);
    }
}

impl Clock for TestClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "openssl judges freshness by the machine's clock, and so must we"
    )]
    fn now(&self) -> UtcTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let micros = i64::try_from(since.as_micros()).unwrap() + self.0.load(SeqCst);
        UtcTime::from_unix_micros(micros).unwrap()
    }
}

/// Status records in memory.
#[derive(Default)]
pub(crate) struct TestRecords {
    rows: Mutex<HashMap<SerialNumber, CertStatusFacts>>,
    version: AtomicU64,
    pub(crate) asked: AtomicU64,
    pub(crate) error: Mutex<Option<StatusError>>,
    pub(crate) finals: Mutex<HashMap<(SerialNumber, HashAlgorithm), FinalRecord>>,
    /// Whoever holds it keeps every look-up waiting.
    pub(crate) gate: Mutex<()>,
}

impl TestRecords {
    pub(crate) fn set(&self, serial: &SerialNumber, facts: CertStatusFacts) {
        self.rows.lock().unwrap().insert(serial.clone(), facts);
        self.version.fetch_add(1, SeqCst);
    }

    pub(crate) fn fail(&self, error: impl Into<Option<StatusError>>) {
        *self.error.lock().unwrap() = error.into();
    }

    pub(crate) fn away() -> StatusError {
        StatusError::Unavailable { reason: "the database is away".into() }
    }
}

impl StatusSource for TestRecords {
    fn statuses(&self, _: &CaName, serials: &[SerialNumber]) -> Result<StatusSnapshot, StatusError> {
        drop(self.gate.lock().unwrap());
        self.asked.fetch_add(1, SeqCst);
        if let Some(error) = self.error.lock().unwrap().clone() {
            return Err(error);
        }
        let version = StatusVersion(self.version.load(SeqCst));
        let rows = self.rows.lock().unwrap();
        let one = |serial| rows.get(serial).cloned().unwrap_or(CertStatusFacts::NotIssued);
        Ok(StatusSnapshot { version, facts: serials.iter().map(one).collect() })
    }

    fn final_answer(&self, question: &FinalQuestion) -> Result<Option<FinalRecord>, StatusError> {
        if let Some(error) = self.error.lock().unwrap().clone() {
            return Err(error);
        }
        let finals = self.finals.lock().unwrap();
        Ok(finals.get(&(question.serial.clone(), question.hash)).cloned())
    }
}

/// What the node's watcher knows; does not know anything new while the records fail.
struct TestVersions {
    records: Arc<TestRecords>,
    clock: Arc<TestClock>,
    as_of: Mutex<UtcTime>,
}

impl StatusVersions for TestVersions {
    fn known(&self, _: &CaName) -> Option<KnownVersion> {
        let mut as_of = self.as_of.lock().unwrap();
        if self.records.error.lock().unwrap().is_none() {
            *as_of = self.clock.now();
        }
        let version = StatusVersion(self.records.version.load(SeqCst));
        Some(KnownVersion { version, as_of: *as_of })
    }
}

/// A key that can be made to fail or to hang.
pub(crate) struct TestKey {
    pki: Arc<Pki>,
    pub(crate) signed: AtomicU64,
    pub(crate) error: Mutex<Option<SignError>>,
    pub(crate) hangs: AtomicBool,
    kept: Mutex<Vec<SignReply>>,
}

impl SigningKey<AnswerStatus> for TestKey {
    fn label(&self) -> &KeyLabel {
        self.pki.key.label()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.pki.key.algorithm()
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        self.pki.key.public_key()
    }

    fn submit(&self, message: ToBeSigned<AnswerStatus>, reply: SignReply) {
        if self.hangs.load(SeqCst) {
            self.kept.lock().unwrap().push(reply);
            return;
        }
        if let Some(error) = self.error.lock().unwrap().clone() {
            return reply(Err(error));
        }
        self.signed.fetch_add(1, SeqCst);
        self.pki.key.submit(message, reply);
    }
}

/// Says back what it was asked, and its own word; "busy" is more than it can take, "slow" takes half a second.
struct Parrot(&'static [u8]);

fn parrot(name: &str, word: &'static [u8]) -> TimeStamping {
    TimeStamping { name: name.into(), longest_request: 64 * 1024, stamper: Arc::new(Parrot(word)) }
}

/// A clock's statement that the test puts there.
pub(crate) struct Statement(pub(crate) Mutex<Option<Bytes>>);

impl ClockStatements for Statement {
    fn current(&self) -> Option<Bytes> {
        self.0.lock().unwrap().clone()
    }
}

impl TimeStamper for Parrot {
    fn stamp(self: Arc<Self>, request: Bytes) -> StampFuture {
        Box::pin(async move {
            match request.as_ref() {
                b"busy" => StampReply::Overloaded { retry_after: Span::seconds(3) },
                b"slow" => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    StampReply::Answered { body: b"slowly".to_vec(), outcome: "granted" }
                }
                other => StampReply::Answered { body: [other, self.0].concat(), outcome: "granted" },
            }
        })
    }

    fn certificates(&self) -> Vec<u8> {
        [b"certificates", self.0].concat()
    }
}

pub(crate) struct World {
    pub(crate) pki: Arc<Pki>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) records: Arc<TestRecords>,
    pub(crate) key: Arc<TestKey>,
    pub(crate) service: Arc<OcspService>,
    pub(crate) statement: Arc<Statement>,
    pub(crate) dir: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) handle: ServerHandle,
    server: Option<JoinHandle<()>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(OcspLimits::default(), ServerLimits::default(), None)
    }

    pub(crate) fn with(limits: OcspLimits, server: ServerLimits, tls: Option<rustls::ServerConfig>) -> Self {
        let clock = Arc::new(TestClock::default());
        let pki = Arc::new(Pki::at(clock.now()));
        let records = Arc::new(TestRecords::default());
        let key = Arc::new(TestKey {
            pki: Arc::clone(&pki),
            signed: AtomicU64::new(0),
            error: Mutex::new(None),
            hangs: AtomicBool::new(false),
            kept: Mutex::new(Vec::new()),
        });
        let as_of = Mutex::new(clock.now());
        let versions = TestVersions { records: Arc::clone(&records), clock: Arc::clone(&clock), as_of };
        let source: Arc<dyn StatusSource> = Arc::clone(&records) as _;
        let service = OcspService::new(
            StatusReaders::start(source, 2, 4).unwrap(),
            Arc::new(versions),
            Arc::clone(&clock) as _,
            limits,
        );
        let probes = ("signature".parse().unwrap(), vec![b"crt.sh".to_vec()]);
        let service = service.with_known_probes(HashMap::from([probes]));
        service.activate(vec![(pki.responder(AnswerPolicy::default()), Arc::clone(&key) as _)], &[]).unwrap();

        let service = Arc::new(service);
        let statement = Arc::new(Statement(Mutex::new(None)));
        let dir = TempDir::new().unwrap();
        let services = PublicServices {
            ocsp: Some(Arc::clone(&service)),
            time_stamping: vec![parrot("tsu", b""), parrot("other", b" to the other")],
            clock: Some(Arc::clone(&statement) as _),
            certificates: Some(Arc::new(Shown) as _),
            published: PublishedFiles::new(dir.path().to_owned()),
            page: page(),
        };
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let any = "127.0.0.1:0".parse().unwrap();
                let tls = tls.map(|config| (any, config));
                let server = PublicServer::bind(services, server, &[any], tls).unwrap();
                sender.send((server.addresses().to_vec(), server.handle())).unwrap();
                server.into_server().await.unwrap();
            });
        });
        let (addresses, handle) = receiver.recv().unwrap();
        Self {
            pki,
            clock,
            records,
            key,
            service,
            statement,
            dir,
            address: addresses[0],
            tls_address: addresses.get(1).copied(),
            handle,
            server: Some(thread),
        }
    }

    /// Issues a certificate: its serial and a plain request about it.
    pub(crate) fn issue(&self, serial: &str) -> (SerialNumber, Vec<u8>) {
        let serial: SerialNumber = serial.parse().unwrap();
        let certificate = Sha256Digest::of(serial.as_unsigned());
        self.records.set(&serial, CertStatusFacts::Good { certificate });
        let asked = request(&[sha1_id(&self.pki.ca, &serial.to_der_content())], &[]);
        (serial, asked)
    }

    pub(crate) fn signed(&self) -> u64 {
        self.key.signed.load(SeqCst)
    }

    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Stops the server, letting what is in flight end, and waits for it.
    pub(crate) fn stop(&mut self) {
        // The order is given when `stop` is called; the future only tells of its end.
        drop(self.handle.stop(true));
        if let Some(server) = self.server.take() {
            server.join().unwrap();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

/// Shows one certificate, to nobody who asks too often.
pub(crate) struct Shown;

/// The one that is shown.
pub(crate) const SHOWN: &str = "5f0102";
/// What nobody can say of.
pub(crate) const IN_DOUBT: &str = "5f0103";
/// From here it was asked too often.
pub(crate) const TOO_OFTEN: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

impl ndoba_web_public::ShownCertificates for Shown {
    fn admit(&self, from: std::net::IpAddr) -> Result<(), u32> {
        if from == TOO_OFTEN { Err(17) } else { Ok(()) }
    }

    fn shown(&self, serial: &SerialNumber) -> Result<Option<Vec<u8>>, ndoba_web_public::NotNow> {
        match serial.to_string().as_str() {
            SHOWN => Ok(Some(b"DER".to_vec())),
            IN_DOUBT => Err(ndoba_web_public::NotNow),
            _ => Ok(None),
        }
    }
}
