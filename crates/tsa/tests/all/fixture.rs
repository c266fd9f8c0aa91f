//! A root, an issuing CA and a TSU, made once by the openssl command; fakes of the ports.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use ndoba_tsa::{
    HighWater, JournalDone, JournalError, JournalRecord, JournalSink, Reply, SerialSource, Stamper,
    StamperParts, Unit, UnitParts, Verification,
};
use ndoba_types::{
    CertifiedTime, KeyLabel, Random, RandomUnavailable, SignError, SignReply, Signature, SignatureAlgorithm,
    SigningKey, Span, StampTime, SubjectPublicKeyInfo, TimeUnavailable, ToBeSigned, TrustedClock, UtcTime,
};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;

/// The moment the tests live in; the certificates are valid around it.
pub(crate) const NOW: &str = "2026-11-23T12:00:00.123456Z";

/// The files: `root.pem`, `issuing.pem`, `tsu.pem`, `tsu.key`.
pub(crate) struct Pki {
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(Pki::make);

impl Pki {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        let out =
            Command::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(self.path(name)).output();
        out.unwrap().stdout
    }

    fn make() -> Self {
        let pki = Self { folder: tempfile::tempdir().unwrap() };
        // privateKeyUsagePeriod: [0] 20260101000000Z, [1] 20271231000000Z.
        let period =
            "302280".to_owned() + "0f3230323630313031303030303030" + "5a810f32303237313233313030303030305a";
        let config = format!(
            "[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
             unique_subject=no\ndefault_md=sha256\npolicy=p\n[p]\ncountryName=supplied\n\
             organizationName=supplied\ncommonName=supplied\n\
             [root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
             [issuing]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
             subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n\
             [tsu]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n\
             subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n2.5.29.16=DER:{period}\n\
             [shared]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping,emailProtection\n\
             [endless]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
        );
        fs::write(pki.path("ca.cnf"), config).unwrap();
        fs::write(pki.path("index.txt"), "").unwrap();
        pki.issue("root", None, "root");
        pki.issue("issuing", Some("root"), "issuing");
        for name in ["tsu", "shared", "endless"] {
            pki.issue(name, Some("issuing"), name);
        }
        pki
    }

    fn issue(&self, name: &str, issuer: Option<&str>, extensions: &str) {
        self.issue_with_key(name, issuer, extensions, "EC -pkeyopt ec_paramgen_curve:P-256");
    }

    pub(crate) fn issue_with_key(&self, name: &str, issuer: Option<&str>, extensions: &str, key: &str) {
        // openssl's index is one file: certificates are made one after the other.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap();
        let cd = self.folder.path();
        run(cd, &format!("openssl genpkey -algorithm {key} -out {name}.key"));
        run(
            cd,
            &format!(
                "openssl req -new -config ca.cnf -key {name}.key -out {name}.csr -subj /C=GE/O=TEST/CN=TEST-{name}"
            ),
        );
        let by = match issuer {
            Some(issuer) => format!("-cert {issuer}.pem -keyfile {issuer}.key"),
            None => format!("-selfsign -keyfile {name}.key"),
        };
        // `ca` and not `x509 -req`: only it takes the dates, which must not depend on the day the tests run.
        run(
            cd,
            &format!(
                "openssl ca -batch -config ca.cnf -in {name}.csr {by} -out {name}.pem -notext -rand_serial \
                 -startdate 20260101000000Z -enddate 20360101000000Z -extensions {extensions}"
            ),
        );
    }
}

/// Runs `command`, words split at spaces; its output, both streams. Panics when it fails.
pub(crate) fn run(cd: &Path, command: &str) -> String {
    let (ok, text) = try_run(cd, command);
    assert!(ok, "{command}\n{text}");
    text
}

pub(crate) fn try_run(cd: &Path, command: &str) -> (bool, String) {
    let mut words = command.split_whitespace();
    let out = Command::new(words.next().unwrap()).args(words).current_dir(cd).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.success(), text)
}

pub(crate) fn unit_parts() -> UnitParts {
    UnitParts {
        name: "tsu".into(),
        certificate: PKI.der("tsu.pem"),
        chain: vec![PKI.der("issuing.pem")],
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        policy: "2.999.1.5".parse().unwrap(),
        accepted_policies: vec!["0.4.0.2023.1.1".parse().unwrap()],
        accuracy: Span::seconds(1),
        measured_accuracy: false,
        claim_eu_qtst: false,
    }
}

pub(crate) fn unit() -> Arc<Unit> {
    Arc::new(Unit::new(unit_parts()).unwrap())
}

/// The TSU's key; can be told to fail.
pub(crate) struct Key {
    label: KeyLabel,
    key: p256::ecdsa::SigningKey,
    public: SubjectPublicKeyInfo,
    pub(crate) failure: Mutex<Option<SignError>>,
    pub(crate) signatures: AtomicUsize,
}

impl Key {
    pub(crate) fn new(file: &str, public: &SubjectPublicKeyInfo) -> Self {
        let pem = fs::read_to_string(PKI.path(&format!("{file}.key"))).unwrap();
        Self {
            label: "tsu/tsu/1".parse().unwrap(),
            key: p256::ecdsa::SigningKey::from_pkcs8_pem(&pem).unwrap(),
            public: public.clone(),
            failure: Mutex::new(None),
            signatures: AtomicUsize::new(0),
        }
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.key.sign(message);
        Signature::from_bytes(signature.to_der().as_bytes().to_vec())
    }
}

impl SigningKey<StampTime> for Key {
    fn label(&self) -> &KeyLabel {
        &self.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.public
    }

    fn submit(&self, message: ToBeSigned<StampTime>, reply: SignReply) {
        if let Some(error) = self.failure.lock().unwrap().clone() {
            return reply(Err(error));
        }
        self.signatures.fetch_add(1, Ordering::Relaxed);
        reply(Ok(self.sign_bytes(message.as_bytes())));
    }
}

/// A clock that is set by the test.
pub(crate) struct SetClock(pub Mutex<Result<CertifiedTime, TimeUnavailable>>);

impl SetClock {
    pub(crate) fn set(&self, time: &str) {
        *self.0.lock().unwrap() = Ok(at(time));
    }
}

impl TrustedClock for SetClock {
    fn certified_now(&self) -> Result<CertifiedTime, TimeUnavailable> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn at(time: &str) -> CertifiedTime {
    CertifiedTime { time: time.parse::<UtcTime>().unwrap(), bound: Span::millis(20) }
}

/// A journal in memory that can be told to fail.
#[derive(Default)]
pub(crate) struct MemoryJournal {
    pub(crate) records: Mutex<Vec<JournalRecord>>,
    pub(crate) failure: Mutex<Option<JournalError>>,
}

impl JournalSink for MemoryJournal {
    fn append(&self, record: JournalRecord, done: JournalDone) {
        if let Some(error) = self.failure.lock().unwrap().clone() {
            return done(Err(error));
        }
        self.records.lock().unwrap().push(record);
        done(Ok(()));
    }
}

/// Counts upwards: enough for serial numbers in tests.
#[derive(Default)]
pub(crate) struct Counting(AtomicUsize);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        let n = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        for (octet, value) in buffer.iter_mut().zip(n.iter().cycle()) {
            *octet = *value;
        }
        Ok(())
    }
}

/// A stamper and everything it works with.
pub(crate) struct Service {
    pub(crate) stamper: Stamper,
    pub(crate) key: Arc<Key>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) journal: Arc<MemoryJournal>,
}

impl Service {
    pub(crate) fn new(parts: UnitParts) -> Self {
        let unit = Arc::new(Unit::new(parts).unwrap());
        let key = Arc::new(Key::new("tsu", unit.public_key()));
        let clock = Arc::new(SetClock(Mutex::new(Ok(at(NOW)))));
        let journal = Arc::new(MemoryJournal::default());
        let random = Arc::new(Counting::default());
        let stamper = Stamper::new(StamperParts {
            unit,
            key: Arc::clone(&key) as _,
            clock: Arc::clone(&clock) as _,
            high_water: Arc::new(HighWater::new(None)),
            serials: Arc::new(SerialSource::new(1, random.as_ref()).unwrap()),
            journal: Arc::clone(&journal) as _,
            random,
            verification: Verification::Every,
        })
        .unwrap();
        Self { stamper, key, clock, journal }
    }

    pub(crate) fn stamp(&self, request: &[u8]) -> Reply {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.stamper.stamp(request, Box::new(move |reply| sender.send(reply).unwrap()));
        let reply = receiver.recv().unwrap();
        assert!(receiver.recv().is_err(), "called once");
        reply
    }
}

/// A request by the openssl command over some data, with further options.
pub(crate) fn query(folder: &Path, options: &str) -> Vec<u8> {
    fs::write(folder.join("data"), b"the contract").unwrap();
    run(folder, &format!("openssl ts -query -data data -out request.tsq {options}"));
    fs::read(folder.join("request.tsq")).unwrap()
}
