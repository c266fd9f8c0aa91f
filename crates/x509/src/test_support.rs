//! Keys for tests.

use ndoba_types::{Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;

use crate::{DistinguishedName, HttpUrl, IssuerFacts, IssuerUrls, KeyIdentifier};

/// From message to signature.
type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A key that signs in the test's own process.
pub(crate) struct TestKey {
    pub(crate) spki: SubjectPublicKeyInfo,
    pub(crate) algorithm: SignatureAlgorithm,
    signer: Signer,
}

impl TestKey {
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature::from_bytes((self.signer)(message))
    }
}

pub(crate) fn p256_key(seed: u8) -> TestKey {
    let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    let spki = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
    TestKey {
        spki: SubjectPublicKeyInfo::assertion(spki),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        signer: Box::new(move |message| {
            let signature: p256::ecdsa::Signature = key.sign(message);
            signature.to_der().as_bytes().to_vec()
        }),
    }
}

pub(crate) fn p384_key(seed: u8) -> TestKey {
    let key = p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap();
    let spki = p384::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
    TestKey {
        spki: SubjectPublicKeyInfo::assertion(spki),
        algorithm: SignatureAlgorithm::EcdsaP384Sha384,
        signer: Box::new(move |message| {
            let signature: p384::ecdsa::Signature = key.sign(message);
            signature.to_der().as_bytes().to_vec()
        }),
    }
}

/// A CA as issuer, with an empty key: for what is encoded and not verified.
pub(crate) fn issuer_facts() -> IssuerFacts {
    let url = || "http://pki.example.com/".parse::<HttpUrl>().unwrap();
    IssuerFacts {
        // CN=x.
        name: DistinguishedName::from_der(b"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x").unwrap(),
        ski: KeyIdentifier::from_bytes([7; 20]),
        spki: SubjectPublicKeyInfo::assertion(Vec::new()),
        not_before: UtcTime::from_unix_seconds(1_790_000_000).unwrap(),
        not_after: UtcTime::from_unix_seconds(1_990_000_000).unwrap(),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        urls: IssuerUrls { ca_issuers: url(), ocsp: url(), crl: url() },
    }
}

/// A temporary folder with files for `openssl`.
pub(crate) struct Bench(tempfile::TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    /// Runs `openssl` in the folder: whether it succeeded, and both outputs.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> (bool, String) {
        let output = std::process::Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .expect("openssl is installed");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// As [`Self::openssl`], and it must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let (good, text) = self.openssl(arguments);
        assert!(good, "openssl {arguments:?}: {text}");
        text
    }
}
