//! Full queues, deadlines, and calls that do not return.

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ndoba_types::{AnswerStatus, SignError, SigningKey, ToBeSigned};

use ndoba_hsm::TokenState;

use crate::world::{eventually, p256_key, ready, worlds};

worlds! {
    fn a_full_queue_is_busy_and_every_request_is_answered_once(world: &World) {
        let module = world.witness(|config| {
            config.tokens[0].limits.depth = NonZeroUsize::new(4).unwrap();
            config.tokens[0].limits.sessions = NonZeroUsize::new(1).unwrap();
            config.tokens[0].limits.deadline = Duration::from_millis(700);
        });
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        key.sign(ToBeSigned::assertion(vec![0])).unwrap();
        world.faults("C_Sign delay_ms=500 count=1000");
        let (sender, receiver) = mpsc::channel();
        let began = Instant::now();
        for n in 0..20_u8 {
            let sender = sender.clone();
            let reply = Box::new(move |outcome| sender.send((n, outcome, began.elapsed())).unwrap());
            key.submit(ToBeSigned::assertion(vec![n]), reply);
        }
        drop(sender);
        let answers: Vec<_> = receiver.iter().collect();
        assert_eq!(answers.len(), 20);
        assert!(answers.iter().all(|(_, _, after)| *after < Duration::from_millis(900)), "{answers:?}");
        let count = |wanted: fn(&Result<_, SignError>) -> bool| answers.iter().filter(|(_, o, _)| wanted(o)).count();
        assert_eq!(count(|o| o.is_ok()), 1, "{answers:?}");
        assert_eq!(count(|o| matches!(o, Err(SignError::InDoubt { .. }))), 1, "the token had it at the deadline");
        assert_eq!(count(|o| matches!(o, Err(SignError::Busy))), 18, "no room, or never handed over");
        world.faults("");
    }

    fn a_hung_call_is_noticed_and_answered_in_doubt(world: &World) {
        let module = world.witness(|config| {
            config.tokens[0].limits.deadline = Duration::from_millis(300);
            config.recovery.hang_after = Duration::from_millis(500);
        });
        let token = ready(&module, "alpha");
        let key = p256_key::<AnswerStatus>(&token, "signature/ocsp/1");
        key.sign(ToBeSigned::assertion(vec![0])).unwrap();
        world.faults("C_Sign delay_ms=1500 count=1");
        let began = Instant::now();
        assert!(matches!(key.sign(ToBeSigned::assertion(vec![1])), Err(SignError::InDoubt { .. })));
        assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
        eventually("marked", || token.health().state == TokenState::Hung);
        assert_eq!(ready(&module, "beta").health().state, TokenState::Ready);
        eventually("over", || token.health().state == TokenState::Ready);
        assert!(key.sign(ToBeSigned::assertion(vec![2])).is_ok());
        assert_eq!(key.metrics().sign_calls, 3, "the late signature is counted");
    }
}
