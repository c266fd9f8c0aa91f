//! Tokens that go and come back, under load, without a restart (requirements K-P10).

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ndoba_hsm::{Key, KeySpec, TokenState};
use ndoba_types::{AnswerStatus, SignError, SigningKey, ToBeSigned};

use crate::verify::verifies;
use crate::world::{eventually, p256_key, ready, worlds};

/// What four threads that sign as fast as they can were answered.
#[derive(Debug, Default)]
struct Tally {
    signed: usize,
    wrong: usize,
    failed: Vec<SignError>,
    slowest: Duration,
}

/// Signs from four threads while `happens` happens.
fn under_load(key: &Key<AnswerStatus>, happens: impl FnOnce()) -> Tally {
    let done = AtomicBool::new(false);
    let work = |thread: u8| {
        let mut tally = Tally::default();
        let mut n = 0_u32;
        while !done.load(Ordering::Relaxed) {
            n += 1;
            let message = [&[thread], &n.to_be_bytes()[..]].concat();
            let began = Instant::now();
            match key.sign(ToBeSigned::assertion(message.clone())) {
                // Verifying each costs more than signing; a sample of the quiet, all of the first.
                Ok(signature)
                    if !n.is_multiple_of(8)
                        || verifies(key.public_key(), key.algorithm(), &message, &signature) =>
                {
                    tally.signed += 1;
                }
                Ok(_) => tally.wrong += 1,
                Err(error) => tally.failed.push(error),
            }
            tally.slowest = tally.slowest.max(began.elapsed());
        }
        tally
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || work(thread))).collect();
        happens();
        done.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(Tally::default(), |mut sum, tally| {
            sum.signed += tally.signed;
            sum.wrong += tally.wrong;
            sum.failed.extend(tally.failed);
            sum.slowest = sum.slowest.max(tally.slowest);
            sum
        })
    })
}

worlds! {
    fn sessions_closed_behind_us_are_opened_again(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let tally = under_load(&key, || {
            for n in 1..=4 {
                thread::sleep(Duration::from_millis(300));
                world.faults("C_SignInit close_all count=1");
                // Not faster than it recovers: a request that each of four connections dies under is given up.
                eventually("connected again", || token.health().connections > n);
            }
            thread::sleep(Duration::from_millis(300));
        });
        // A session closed between SignInit and Sign is in doubt by the book only where the book says so.
        assert_eq!((tally.wrong, tally.failed.len()), (0, 0), "{tally:?}");
        assert!(tally.signed > 100 && token.health().connections > 1, "{tally:?}");
    }

    fn a_token_that_is_gone_for_a_second_comes_back(world: &World) {
        let module = world.softhsm();
        let token = ready(&module, "alpha");
        let beta = ready(&module, "beta");
        token.generate(&"canary/canary/1".parse().unwrap(), KeySpec::P256).unwrap();
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let other = p256_key::<AnswerStatus>(&beta, "seal/ocsp/1");
        let (folder, aside) = (world.token_folder("alpha"), world.path("aside"));
        let tally = under_load(&key, || {
            thread::sleep(Duration::from_millis(300));
            fs::rename(&folder, &aside).unwrap();
            eventually("noticed", || token.health().state == TokenState::Away);
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(1) {
                // Sent out for a moment whenever the module is initialised anew, the other token signs on.
                other.sign(ToBeSigned::assertion(vec![1])).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
            fs::rename(&aside, &folder).unwrap();
            assert!(token.wait_ready(Duration::from_secs(10)), "{:?}", token.health());
            thread::sleep(Duration::from_millis(300));
        });
        println!("{} signed, slowest {:?}", tally.signed, tally.slowest);
        assert_eq!((tally.wrong, tally.failed.len()), (0, 0), "{tally:?}");
        assert!(tally.signed > 100, "{tally:?}");
        assert!(beta.health().connections > 1, "the module was initialised anew");
    }

    fn a_removed_token_is_noticed_without_load_and_reported(world: &World) {
        let module = world.witness(|config| config.tokens[0].limits.deadline = Duration::from_millis(500));
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        key.sign(ToBeSigned::assertion(vec![1])).unwrap();
        let (folder, aside) = (world.token_folder("alpha"), world.path("aside"));
        fs::rename(&folder, &aside).unwrap();
        let began = Instant::now();
        eventually("noticed", || token.health().state == TokenState::Away);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        eventually("said at once", || {
            let began = Instant::now();
            let outcome = key.sign(ToBeSigned::assertion(vec![1]));
            assert!(matches!(outcome, Err(SignError::Unavailable { .. })), "{outcome:?}");
            began.elapsed() < Duration::from_millis(50)
        });
        assert!(token.list().is_err());
        fs::rename(&aside, &folder).unwrap();
        assert!(token.wait_ready(Duration::from_secs(10)), "{:?}", token.health());
        assert!(key.sign(ToBeSigned::assertion(vec![1])).is_ok());
    }

    fn a_token_that_is_away_at_the_start_stops_nothing(world: &World) {
        let public = {
            let module = world.softhsm();
            p256_key::<AnswerStatus>(&ready(&module, "alpha"), "signature/ocsp/1").public_key().clone()
        };
        let (folder, aside) = (world.token_folder("alpha"), world.path("aside"));
        fs::rename(&folder, &aside).unwrap();
        let module = world.softhsm();
        let token = module.token("alpha").unwrap();
        ready(&module, "beta");
        assert!(!token.wait_ready(Duration::from_millis(100)));
        assert_eq!(token.health().state, TokenState::Starting);
        let label = "signature/ocsp/1".parse().unwrap();
        let key: Key<AnswerStatus> = token
            .open_expecting(&label, ndoba_types::SignatureAlgorithm::EcdsaP256Sha256, public)
            .unwrap();
        fs::rename(&aside, &folder).unwrap();
        assert!(token.wait_ready(Duration::from_secs(10)), "{:?}", token.health());
        assert!(key.sign(ToBeSigned::assertion(vec![1])).is_ok());
    }

    fn a_token_removed_again_and_again_under_load(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        let tally = under_load(&key, || {
            for _ in 0..4 {
                world.faults("C_SignInit CKR 0x32");
                thread::sleep(Duration::from_millis(250));
                world.faults("");
                assert!(token.wait_ready(Duration::from_secs(10)), "{:?}", token.health());
                thread::sleep(Duration::from_millis(200));
            }
        });
        assert_eq!(tally.wrong, 0);
        assert!(tally.failed.iter().all(|error| matches!(error, SignError::Unavailable { .. })), "{tally:?}");
        assert!(tally.signed > 100, "{tally:?}");
        let made = world.witnessed().iter().filter(|line| line.2 != "-").count();
        assert_eq!(made, tally.signed, "nothing was signed twice, nothing unaccounted");
    }

    fn health_is_the_canarys_business(world: &World) {
        let module = world.witness(|_| {});
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        token.generate(&"canary/canary/1".parse().unwrap(), KeySpec::P256).unwrap();
        eventually("the canary signs", || world.witnessed().len() > 2);
        assert_eq!(key.metrics().sign_calls, 0, "a service key does not");
        world.faults("C_Sign CKR 0x30");
        eventually("its silence is noticed", || token.health().state == TokenState::Away);
        world.faults("");
        assert!(token.wait_ready(Duration::from_secs(5)));
    }
}
