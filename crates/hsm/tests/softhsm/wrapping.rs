//! Keys that wrap data keys, in a real module (ADR 0020).

use std::fs;

use ndoba_hsm::KeyError;
use ndoba_types::KeyLabel;
use zeroize::Zeroizing;

use crate::world::{eventually, ready, worlds};

worlds! {
    fn what_was_wrapped_comes_out_for_its_context_only(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let label: KeyLabel = "registration/data/1".parse().unwrap();
        let made = token.generate_wrapping(&label).unwrap();
        assert_eq!(made.offending(), [""; 0]);
        assert_eq!(made.stated().count(), 14, "SoftHSM says everything that is asked");
        assert_eq!(token.inspect_wrapping(&label).unwrap(), made);
        assert_eq!(token.generate_wrapping(&label), Err(KeyError::Exists { label: label.clone() }));

        let secret = || Zeroizing::new(vec![0x5a; 32]);
        let wrapped = token.wrap(&label, b"home 1", [1; 12], secret()).unwrap();
        assert_eq!(wrapped.len(), 12 + 32 + 16);
        assert!(!wrapped.windows(8).any(|some| some == [0x5a; 8]));
        assert_eq!(token.unwrap(&label, b"home 1", &wrapped).unwrap(), secret());
        assert!(token.unwrap(&label, b"home 2", &wrapped).is_err());
        for at in [0, 12, 40, 59] {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(token.unwrap(&label, b"home 1", &changed).is_err(), "{at}");
        }
        for short in [&[][..], &wrapped[..11], &wrapped[..27]] {
            assert!(matches!(token.unwrap(&label, b"home 1", short), Err(KeyError::Refused { .. })));
        }
        let other: KeyLabel = "registration/data/2".parse().unwrap();
        assert_eq!(token.unwrap(&other, b"home 1", &wrapped).unwrap_err(), KeyError::NotFound { label: other });
    }

    fn a_key_that_was_imported_wraps_nothing(world: &World) {
        fs::write(world.path("aes"), [7; 32]).unwrap();
        let file = world.path("aes");
        world.tool("softhsm2-util", &[
            "--import", file.to_str().unwrap(), "--aes", "--token", "alpha", "--pin", crate::world::PIN,
            "--label", "registration/data/1", "--id", "ab",
        ]);
        let module = world.softhsm();
        let label: KeyLabel = "registration/data/1".parse().unwrap();
        let wrapped = ready(&module, "alpha").wrap(&label, b"home", [1; 12], Zeroizing::new(vec![1; 32]));
        let Err(KeyError::Refused { reason }) = wrapped else { panic!("{wrapped:?}") };
        assert!(reason.contains("CKA_LOCAL"), "{reason}");
    }

    fn a_token_that_lost_its_wrapping_key_is_away_until_it_is_back(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let label: KeyLabel = "registration/data/1".parse().unwrap();
        token.generate_wrapping(&label).unwrap();
        let wrapped = token.wrap(&label, b"home", [1; 12], Zeroizing::new(vec![1; 32])).unwrap();
        token.unwrap(&label, b"home", &wrapped).unwrap();
        let (folder, aside) = (world.token_folder("alpha"), world.path("aside"));
        fs::rename(&folder, &aside).unwrap();
        eventually("the key is missed", || token.unwrap(&label, b"home", &wrapped).is_err());
        fs::rename(&aside, &folder).unwrap();
        eventually("the key is back", || token.unwrap(&label, b"home", &wrapped).is_ok());
    }
}
