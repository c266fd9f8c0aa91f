//! Signed data that `openssl` makes, in each form that it knows.

use proptest::prelude::*;

use super::*;
use crate::test_support::Bench;

const KEYS: [&str; 3] = [
    "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
    "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
    "-newkey rsa:2048",
];
const CONTENT: &[u8] = b"what the subscriber agrees to";

struct Signer(Bench);

impl Signer {
    fn new(key: &str) -> Self {
        let signer = Self(Bench::new());
        signer.0.file("content", CONTENT);
        signer.openssl(&format!(
            "req -x509 -nodes -keyout k.pem -set_serial 77 -subj /CN=x -days 30 {key} -out c.pem"
        ));
        signer
    }

    fn openssl(&self, line: &str) {
        self.0.ok(&line.split(' ').collect::<Vec<_>>());
    }

    fn certificate(&self) -> Certificate {
        self.openssl("x509 -in c.pem -outform DER -out c.der");
        Certificate::from_der(&self.0.read("c.der")).unwrap()
    }

    fn sign(&self, options: &str) -> Vec<u8> {
        self.openssl(&format!(
            "cms -sign -binary -in content -signer c.pem -inkey k.pem -outform DER -out signed {options}"
        ));
        self.0.read("signed")
    }
}

fn verified(cms: &[u8], certificate: &Certificate, content: &[&[u8]]) -> Result<(), BadCms> {
    let signed = SignedData::from_der(cms)?;
    let [signer] = signed.signers() else { panic!("one signer") };
    signer.verify(certificate, oid::DATA, content)
}

#[test]
fn what_others_sign_holds_for_its_content_and_its_certificate() {
    for key in KEYS {
        let signer = Signer::new(key);
        let certificate = signer.certificate();
        for options in ["-md sha512", "-md sha512 -cades", "-md sha512 -nocerts"] {
            let cms = signer.sign(options);
            let case = format!("{key} {options}");
            assert_eq!(verified(&cms, &certificate, &[CONTENT]), Ok(()), "{case}");
            let (one, two) = CONTENT.split_at(7);
            assert_eq!(verified(&cms, &certificate, &[one, two]), Ok(()), "{case}");
            assert_eq!(verified(&cms, &certificate, &[one]), Err(BadCms::Content), "{case}");
            let mut turned = cms.clone();
            *turned.last_mut().unwrap() ^= 1;
            assert_eq!(verified(&turned, &certificate, &[CONTENT]), Err(BadCms::Signature), "{case}");

            let signed = SignedData::from_der(&cms).unwrap();
            assert_eq!((signed.content_type(), signed.content()), (oid::DATA, None), "{case}");
            let within = signed.certificate_of(&signed.signers()[0]);
            assert_eq!(within, Some(&certificate).filter(|_| !options.contains("nocerts")), "{case}");
        }
        let with_content = signer.sign("-nodetach");
        assert_eq!(SignedData::from_der(&with_content).unwrap().content(), Some(CONTENT), "{key}");
    }
}

/// Any hash stands beside any curve, and RSA is padded in either way.
#[test]
fn hashes_and_paddings() {
    let forms = [
        (KEYS[1], "-md sha256"),
        (KEYS[0], "-md sha384"),
        (KEYS[2], "-md sha256 -keyopt rsa_padding_mode:pss"),
    ];
    for (key, options) in forms {
        let signer = Signer::new(key);
        let options = options.replace("pss", "pss -keyopt rsa_pss_saltlen:digest");
        assert_eq!(verified(&signer.sign(&options), &signer.certificate(), &[CONTENT]), Ok(()), "{options}");
    }
}

#[test]
fn forms_that_are_not_read() {
    let signer = Signer::new(KEYS[0]);
    for options in ["-noattr", "-keyid", "-md sha1"] {
        assert_eq!(SignedData::from_der(&signer.sign(options)).err(), Some(BadCms::Unsupported), "{options}");
    }
    let plain = signer.sign("");
    assert_eq!(SignedData::from_der(&[&plain[..], &[0]].concat()).err(), Some(BadCms::Malformed));
    assert_eq!(SignedData::from_der(&plain[..plain.len() - 1]).err(), Some(BadCms::Malformed));
    // BER of indefinite length.
    assert_eq!(SignedData::from_der(&signer.sign("-stream -nodetach")).err(), Some(BadCms::Malformed));
}

/// The same key, issuer and number in another certificate: only signingCertificateV2 tells.
#[test]
fn a_signature_is_its_certificates_own() {
    let signer = Signer::new(KEYS[0]);
    let [bare, bound] = ["", "-cades"].map(|options| signer.sign(options));
    signer.openssl("req -x509 -new -key k.pem -set_serial 77 -subj /CN=x -days 60 -out c.pem");
    let other = signer.certificate();
    assert_eq!(verified(&bare, &other, &[CONTENT]), Ok(()));
    assert_eq!(verified(&bound, &other, &[CONTENT]), Err(BadCms::OtherCertificate));
    signer.openssl("req -x509 -new -key k.pem -set_serial 78 -subj /CN=x -days 60 -out c.pem");
    assert_eq!(verified(&bare, &signer.certificate(), &[CONTENT]), Err(BadCms::OtherCertificate));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SignedData::from_der(&bytes);
        let framed = encode::sequence(&[&encode::oid(&oid::SIGNED_DATA), &encode::context_constructed(0, &bytes)]);
        let _ = SignedData::from_der(&framed);
    }
}
