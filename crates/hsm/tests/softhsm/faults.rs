//! Return values at each call, and what is done about them.

use std::num::NonZeroUsize;
use std::time::Duration;

use ndoba_hsm::Key;
use ndoba_types::{IssueCertificates, SignError, Signature, SigningKey, ToBeSigned};

use crate::verify::verifies;
use crate::world::{World, p256_key, ready, worlds};

fn sign(key: &Key<IssueCertificates>) -> Result<Signature, SignError> {
    key.sign(ToBeSigned::assertion(b"message".to_vec()))
}

/// Signs under `faults`; the number of signatures that the token made meanwhile.
fn signatures_made(
    world: &World,
    key: &Key<IssueCertificates>,
    faults: &str,
) -> (Result<Signature, SignError>, usize) {
    let made = || world.witnessed().iter().filter(|line| line.2 != "-").count();
    let before = made();
    world.faults(faults);
    let outcome = sign(key);
    if let Ok(signature) = &outcome {
        assert!(verifies(key.public_key(), key.algorithm(), b"message", signature));
    }
    world.faults("");
    (outcome, made() - before)
}

worlds! {
    fn what_was_provably_not_signed_is_tried_again(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key(&token, "signature/ca/1");
        sign(&key).unwrap();
        for faults in [
            "C_SignInit CKR 0xb3 count=2",   // SESSION_HANDLE_INVALID
            "C_SignInit CKR 0x82 count=1",   // OBJECT_HANDLE_INVALID
            "C_SignInit CKR 0x90 count=1",   // OPERATION_ACTIVE
            "C_SignInit CKR 0x31 count=2",   // DEVICE_MEMORY
            "C_SignInit CKR 0x32 count=1",   // DEVICE_REMOVED: the token is connected again
            "C_SignInit CKR 0x101 count=1",  // USER_NOT_LOGGED_IN
            "C_SignInit CKR 0x5 count=2",    // GENERAL_ERROR, twice: the module is initialised again
            "C_SignInit CKR 0x80000001 count=1",
            "C_Sign CKR 0xb3 count=1",       // SESSION_HANDLE_INVALID at invocation
            "C_Sign CKR 0x91 count=1",       // OPERATION_NOT_INITIALIZED
            "C_SignInit CKR 0xb3 count=1\nC_OpenSession CKR 0x30 count=1\nC_FindObjectsInit CKR 0x30 count=1",
        ] {
            let (outcome, made) = signatures_made(world, &key, faults);
            assert!(outcome.is_ok(), "{faults}: {outcome:?}");
            assert_eq!(made, 1, "{faults}");
        }
        assert_eq!(key.metrics().in_doubt, 0);
    }

    fn a_session_finds_a_key_once_and_not_for_each_signature(world: &World) {
        let module = world.witness(|config| {
            config.tokens.iter_mut().for_each(|token| token.limits.sessions = NonZeroUsize::MIN);
        });
        let token = ready(&module, "alpha");
        let key = p256_key(&token, "signature/ca/1");
        sign(&key).unwrap();
        // From here on nothing can be looked for: who had to would fail.
        world.faults("C_FindObjectsInit CKR 0x6");
        for _ in 0..20 {
            sign(&key).unwrap();
        }
        assert_eq!(token.health().connections, 1);
        assert!(token.list().is_err(), "and looking for keys does fail");
    }

    fn what_may_have_been_signed_is_in_doubt_and_not_tried_again(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key(&token, "signature/ca/1");
        sign(&key).unwrap();
        for (faults, signatures) in [
            ("C_Sign CKR 0x32 count=1", 0),       // DEVICE_REMOVED
            ("C_Sign CKR 0x30 after count=1", 1), // DEVICE_ERROR, and it did sign
            ("C_Sign CKR 0x5 after count=1", 1),  // GENERAL_ERROR
            ("C_Sign CKR 0xb0 after count=1", 1), // SESSION_CLOSED during the call
            ("C_Sign CKR 0x6 count=1", 0),        // FUNCTION_FAILED
            ("C_Sign CKR 0x30 query count=1", 0), // at the length: indistinguishable, so in doubt
        ] {
            let (outcome, made) = signatures_made(world, &key, faults);
            assert!(matches!(outcome, Err(SignError::InDoubt { .. })), "{faults}: {outcome:?}");
            assert_eq!(made, signatures, "{faults}");
            assert!(token.wait_ready(Duration::from_secs(5)));
            assert!(sign(&key).is_ok(), "{faults}: and the next one is signed");
        }
        // Signatures never exceed what is accounted for.
        let made = world.witnessed().iter().filter(|line| line.2 != "-").count() as u64;
        assert!(made <= key.metrics().sign_calls, "{made} {:?}", key.metrics());
    }

    fn what_will_never_work_is_refused(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key(&token, "signature/ca/1");
        for faults in ["C_SignInit CKR 0x70 count=1", "C_SignInit CKR 0x68 count=1"] {
            let (outcome, made) = signatures_made(world, &key, faults);
            assert!(matches!(outcome, Err(SignError::Refused { .. })), "{faults}: {outcome:?}");
            assert_eq!(made, 0);
        }
        assert!(sign(&key).is_ok());
        assert_eq!(token.health().connections, 1, "and the connection was not blamed for it");
    }

    fn an_initialisation_that_fails_is_tried_again(world: &World) {
        world.faults("C_Initialize CKR 0x30 count=3");
        let module = world.witness(|_| {});
        let token = module.token("alpha").unwrap();
        let label = "signature/ca/1".parse().unwrap();
        assert!(token.list().is_err(), "away, and says so at once");
        assert!(token.wait_ready(Duration::from_secs(5)));
        assert!(token.generate(&label, ndoba_hsm::KeySpec::P256).is_ok());
    }

    fn a_request_that_kills_every_connection_is_answered(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key(&token, "signature/ca/1");
        let (outcome, made) = signatures_made(world, &key, "C_SignInit CKR 0x30");
        assert!(matches!(outcome, Err(SignError::Unavailable { .. })), "{outcome:?}");
        assert_eq!(made, 0);
        assert!(token.wait_ready(Duration::from_secs(5)));
        assert!(sign(&key).is_ok());
    }
}
