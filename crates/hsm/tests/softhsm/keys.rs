//! Making, judging and destroying keys (requirements P-41, K-P09).

use std::path::Path;
use std::time::Duration;

use ndoba_hsm::{
    KeyError, KeySpec, KeyVerdict, Module, OpenError, StartError, TokenSelector, subject_key_identifier,
};
use ndoba_types::{
    AnswerStatus, IssueCertificates, KeyLabel, SignError, SignatureAlgorithm, SigningKey, StampTime,
    ToBeSigned,
};

use crate::world::{PIN, SOFTHSM, p256_key, ready, worlds};

const P256: SignatureAlgorithm = SignatureAlgorithm::EcdsaP256Sha256;

worlds! {
    fn a_new_key_has_the_fixed_attributes(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        for (spec, label) in [(KeySpec::P384, "root/ca/1"), (KeySpec::Rsa3072, "root/ca/2")] {
            let label: KeyLabel = label.parse().unwrap();
            let made = token.generate(&label, spec).unwrap();
            assert_eq!(made, token.inspect(&label).unwrap());
            assert_eq!(made.offending(), Vec::<&str>::new());
            assert_eq!(made.spec, Some(spec));
            let ski = subject_key_identifier(made.public_key.as_ref().unwrap()).unwrap();
            assert!(made.id_is_ski());
            assert_eq!(made.id, ski);
            assert_eq!((made.decrypt, made.unwrap, made.derive), (Some(false), Some(false), Some(false)));
            assert_eq!(token.generate(&label, spec), Err(KeyError::Exists { label }), "a label is never used twice");
        }
        let listed: Vec<_> = token.list().unwrap().into_iter().map(|key| key.label_text).collect();
        assert_eq!(listed, ["root/ca/1", "root/ca/2"]);
        let info = token.info().unwrap();
        assert!(info.is_softhsm());
        assert_eq!(info.label, "alpha");
        assert!(!info.serial.is_empty() && !info.firmware.is_empty() && !info.model.is_empty());
    }

    fn an_imported_key_is_refused_by_name_of_its_attributes(world: &World) {
        let file = world.path("imported.pem");
        let file = file.to_str().unwrap();
        world.tool("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file]);
        world.tool("softhsm2-util", &[
            "--import", file, "--token", "alpha", "--pin", PIN, "--label", "signature/ca/1", "--id", "ab",
        ]);
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let label: KeyLabel = "signature/ca/1".parse().unwrap();
        let Err(OpenError::NotConforming { attributes, .. }) = token.open::<IssueCertificates>(&label, P256) else {
            panic!("an imported key was opened");
        };
        for name in ["CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE", "CKA_LOCAL"] {
            assert!(attributes.contains(&name), "{attributes:?}");
        }
        // Not even when its public half is what was expected.
        let public = token.inspect(&label).unwrap().public_key.unwrap();
        let key = token.open_expecting::<IssueCertificates>(&label, P256, public).unwrap();
        let Err(SignError::Refused { reason }) = key.sign(ToBeSigned::assertion(vec![1])) else { panic!("it signed") };
        assert!(reason.contains("CKA_LOCAL"), "{reason}");
    }

    fn a_key_is_for_one_purpose_and_one_algorithm(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let label = key.label();
        assert_eq!(
            token.open::<IssueCertificates>(label, P256).unwrap_err(),
            OpenError::WrongPurpose { label: label.clone(), wanted: "certificate" }
        );
        assert_eq!(
            token.open::<AnswerStatus>(label, SignatureAlgorithm::RsaPssSha256).unwrap_err(),
            OpenError::WrongAlgorithm { label: label.clone() }
        );
        let missing: KeyLabel = "tsu/tsu/1".parse().unwrap();
        assert_eq!(token.open::<StampTime>(&missing, P256).unwrap_err(), OpenError::NotFound { label: missing });
    }

    fn another_key_under_the_label_is_not_used(world: &World) {
        let module = world.softhsm();
        let alpha = ready(&module, "alpha");
        let beta = ready(&module, "beta");
        let expected = p256_key::<StampTime>(&alpha, "tsu/tsu/1").public_key().clone();
        let label: KeyLabel = "tsu/tsu/1".parse().unwrap();
        beta.generate(&label, KeySpec::P256).unwrap();
        let key = beta.open_expecting::<StampTime>(&label, P256, expected.clone()).unwrap();
        assert!(matches!(key.sign(ToBeSigned::assertion(vec![1])), Err(SignError::Refused { .. })));
        assert!(matches!(beta.open::<StampTime>(&label, P256), Err(OpenError::OtherKey { .. })));
    }

    fn a_destroyed_key_is_gone_and_its_neighbour_is_not(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let neighbour = p256_key::<AnswerStatus>(&token, "signature/ocsp/2");
        let sign = |key: &ndoba_hsm::Key<AnswerStatus>| key.sign(ToBeSigned::assertion(vec![1]));
        assert!(sign(&key).is_ok());
        token.destroy(key.label()).unwrap();
        assert!(matches!(sign(&key), Err(SignError::Refused { .. })));
        assert!(sign(&neighbour).is_ok());
        assert_eq!(token.destroy(key.label()), Err(KeyError::NotFound { label: key.label().clone() }));
        assert_eq!(token.list().unwrap().len(), 1);
    }

    fn one_context_per_module(world: &World) {
        let module = world.softhsm();
        let again = Module::start(world.config(Path::new(SOFTHSM)));
        assert!(matches!(again, Err(StartError::AlreadyStarted { .. })));
        ready(&module, "beta");
        module.stop();
        let module = world.softhsm();
        let token = ready(&module, "beta");
        assert!(token.wait_ready(Duration::ZERO));
        drop(module);
        assert!(matches!(token.list(), Err(KeyError::Unavailable { .. })));
    }

    fn a_missing_library_is_reported(world: &World) {
        let config = world.config(Path::new("/nowhere/libnone.so"));
        assert!(matches!(Module::start(config), Err(StartError::NotLoaded { .. })));
    }

    fn a_key_that_someone_else_destroyed_is_refused_and_its_neighbour_is_not(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let neighbour = p256_key::<AnswerStatus>(&token, "signature/ocsp/2");
        let sign = |key: &ndoba_hsm::Key<AnswerStatus>| key.sign(ToBeSigned::assertion(vec![1]));
        assert!(sign(&key).is_ok());
        for kind in ["privkey", "pubkey"] {
            world.tool("pkcs11-tool", &[
                "--module", SOFTHSM, "--token-label", "alpha", "--login", "--pin", PIN,
                "--delete-object", "--type", kind, "--label", "signature/ocsp/1",
            ]);
        }
        let Err(SignError::Refused { reason }) = sign(&key) else { panic!("signed with a key that is gone") };
        assert!(reason.contains("not in the token"), "{reason}");
        assert!(sign(&neighbour).is_ok());
    }

    fn a_key_signs_only_in_the_tokens_that_it_is_held_to(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let key = p256_key::<IssueCertificates>(&token, "signature/ca/1");
        let neighbour = p256_key::<IssueCertificates>(&token, "seal/ca/1");
        let sign = |key: &ndoba_hsm::Key<IssueCertificates>| key.sign(ToBeSigned::assertion(vec![1]));
        let serial = token.info().unwrap().serial;
        let hold = |homes: &[&str]| {
            let homes: Vec<_> = homes.iter().map(|home| (*home).to_owned()).collect();
            token.keep_to(key.label(), &homes);
        };
        let verdict = || {
            let judged = token.judged_keys().into_iter().find(|one| one.label == *key.label());
            judged.unwrap().verdict
        };
        assert!(sign(&key).is_ok());
        hold(&[&serial]);
        assert!(sign(&key).is_ok());
        // Also where it has signed before, and with its handle at hand.
        hold(&["another"]);
        let Err(SignError::Refused { reason }) = sign(&key) else { panic!("it signed elsewhere") };
        assert!(reason.contains(&serial) && reason.contains("where nobody put it"), "{reason}");
        assert_eq!(key.away().as_ref(), Some(&reason));
        assert_eq!(verdict(), KeyVerdict::Refused { code: "key-elsewhere" });
        assert!(sign(&neighbour).is_ok());
        hold(&["another", &serial]);
        assert_eq!(key.away(), None);
        assert!(sign(&key).is_ok());
        assert_eq!(verdict(), KeyVerdict::Opened);
    }

    fn a_key_that_is_held_to_another_token_is_judged_so_when_its_own_connects(world: &World) {
        let public = {
            let module = world.softhsm();
            p256_key::<IssueCertificates>(&ready(&module, "alpha"), "signature/ca/1").public_key().clone()
        };
        let module = world.softhsm();
        let token = module.token("alpha").unwrap();
        let label: KeyLabel = "signature/ca/1".parse().unwrap();
        let key = token.open_expecting::<IssueCertificates>(&label, P256, public).unwrap();
        token.keep_to(&label, &["another".to_owned()]);
        let Err(SignError::Refused { reason }) = key.sign(ToBeSigned::assertion(vec![1])) else {
            panic!("it signed elsewhere")
        };
        assert!(reason.contains("where nobody put it"), "{reason}");
        assert_eq!(key.metrics().sign_calls, 0, "the token was not asked");
    }

    fn a_token_may_be_chosen_by_its_slot(world: &World) {
        let slot = {
            let module = world.softhsm();
            ready(&module, "beta").info().unwrap().slot
        };
        let module = world.witness(|config| config.tokens[0].selector = TokenSelector::Slot(slot));
        assert_eq!(ready(&module, "alpha").info().unwrap().label, "beta");
    }
}
