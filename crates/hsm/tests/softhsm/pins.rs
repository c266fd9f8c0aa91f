//! A wrong PIN is tried once, not even a restart tries it again.

use std::fs;
use std::time::Duration;

use ndoba_hsm::{TokenState, clear_pin_lock};

use crate::world::{PIN, eventually, ready, worlds};

worlds! {
    fn a_refused_pin_waits_for_an_operator(world: &World) {
        world.write_pin("alpha", "wrong");
        // Fails the test should C_Login be called more often than beta and alpha need.
        world.faults("C_Login delay_ms=0 count=2\nC_Login CKR 0x5");
        let module = world.witness(|_| {});
        let alpha = module.token("alpha").unwrap();
        eventually("the PIN is refused", || alpha.health().state == TokenState::PinRefused);
        assert!(ready(&module, "beta").info().is_some(), "another token of the module is not concerned");
        let lock = || fs::read_dir(world.state()).unwrap().filter_map(Result::ok).map(|entry| entry.file_name()).collect::<Vec<_>>();
        assert_eq!(lock().len(), 1, "{:?}", lock());
        let name = lock().remove(0).into_string().unwrap();
        let serial = name.strip_prefix("pin-refused.").unwrap().to_owned();
        let text = fs::read_to_string(world.state().join(&name)).unwrap();
        assert!(!text.contains("wrong") && text.contains("PinIncorrect"), "{text}");

        // Not by a restart, not with the right PIN either, until the lock is cleared.
        module.stop();
        world.faults("C_Login delay_ms=0 count=1\nC_Login CKR 0x5");
        world.write_pin("alpha", PIN);
        let module = world.witness(|_| {});
        let alpha = module.token("alpha").unwrap();
        ready(&module, "beta");
        eventually("the lock holds", || alpha.health().state == TokenState::PinRefused);
        let reason = alpha.health().reason.unwrap();
        assert!(reason.contains(&name), "{reason}");

        world.faults("");
        assert!(clear_pin_lock(&world.state(), &serial).unwrap());
        assert!(alpha.wait_ready(Duration::from_secs(5)), "{:?}", alpha.health());
        assert_eq!(lock().len(), 0);
    }
}
