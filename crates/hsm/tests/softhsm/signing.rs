//! Signatures of every algorithm, and the witness's account of them.

use std::collections::BTreeSet;
use std::sync::mpsc;

use ndoba_hsm::KeySpec;
use ndoba_types::{IssueCertificates, PublishCrls, SignatureAlgorithm, SigningKey, ToBeSigned};

use crate::verify::verifies;
use crate::world::{p256_key, ready, worlds};

worlds! {
    fn every_algorithm_verifies(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let cases: [(KeySpec, &[SignatureAlgorithm]); 5] = [
            (KeySpec::P256, &[SignatureAlgorithm::EcdsaP256Sha256]),
            (KeySpec::P384, &[SignatureAlgorithm::EcdsaP384Sha384]),
            (KeySpec::P521, &[SignatureAlgorithm::EcdsaP521Sha512]),
            (KeySpec::Rsa3072, &[
                SignatureAlgorithm::RsaPkcs1Sha256,
                SignatureAlgorithm::RsaPkcs1Sha384,
                SignatureAlgorithm::RsaPkcs1Sha512,
                SignatureAlgorithm::RsaPssSha256,
                SignatureAlgorithm::RsaPssSha384,
                SignatureAlgorithm::RsaPssSha512,
            ]),
            (KeySpec::Rsa4096, &[SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha512]),
        ];
        for (generation, (spec, algorithms)) in (1..).zip(cases) {
            let label = format!("signature/ca/{generation}").parse().unwrap();
            token.generate(&label, spec).unwrap();
            for &algorithm in algorithms {
                let key = token.open::<IssueCertificates>(&label, algorithm).unwrap();
                assert_eq!((key.label(), key.algorithm(), key.spec()), (&label, algorithm, spec));
                for message in [&b""[..], b"to be signed", &[7; 100_000]] {
                    let signature = key.sign(ToBeSigned::assertion(message.to_vec())).unwrap();
                    assert!(verifies(key.public_key(), algorithm, message, &signature), "{algorithm:?}");
                }
            }
        }
    }

    fn no_signature_lacks_a_line(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key::<IssueCertificates>(&token, "signature/ca/1");
        let same = token.open::<PublishCrls>(key.label(), key.algorithm()).unwrap();
        let (sender, receiver) = mpsc::channel();
        for n in 0..200_u32 {
            let sender = sender.clone();
            let message = n.to_be_bytes().to_vec();
            let reply = Box::new(move |outcome| sender.send((n, outcome)).unwrap());
            if n % 2 == 0 {
                key.submit(ToBeSigned::assertion(message), reply);
            } else {
                same.submit(ToBeSigned::assertion(message), reply);
            }
        }
        let lines = || world.witnessed().into_iter().filter(|(_, rv, _)| rv == "0x0").map(|line| line.2);
        let mut made = BTreeSet::new();
        for (n, outcome) in receiver.iter().take(200) {
            let signature = outcome.unwrap();
            assert!(verifies(key.public_key(), key.algorithm(), &n.to_be_bytes(), &signature));
            let raw = p256::ecdsa::Signature::from_der(signature.as_bytes()).unwrap().to_bytes();
            made.insert(raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        assert_eq!(lines().collect::<BTreeSet<_>>(), made, "each signature has its line and each line its signature");
        assert_eq!(lines().count(), 200);
        let metrics = key.metrics();
        assert_eq!((metrics.sign_calls, metrics.signed), (200, 200), "both purposes are one key");
        assert_eq!(token.metrics().queue_depth, 0);
    }
}
