//! The thread that owns C_Initialize and C_Finalize of one module, and the one that watches the clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use ndoba_types::SignError;

use crate::ckr::describe;
use crate::coordinator::{Coordinator, Errand};
use crate::health::TokenState;
use crate::module::Recovery;
use crate::token::Shared;

/// Initialises the module, and does so again when its tokens ask for it, until stopped; then finalises it.
pub(crate) fn supervise(
    pkcs11: &Pkcs11,
    coordinator: &Coordinator,
    tokens: &[Arc<Shared>],
    recovery: Recovery,
) {
    let mut pause = recovery.reinitialise_min;
    if !initialise(pkcs11, coordinator, tokens, recovery) {
        return;
    }
    let mut last = Instant::now();
    coordinator.open();
    loop {
        match coordinator.wait_errand(last + pause) {
            Errand::Stop => break,
            Errand::Reinitialise => {}
        }
        // Others of this module's tokens may be well; they are sent out for the moment it takes, ever more rarely
        // while it does not help. Not while a call hangs: they would wait for nothing.
        let hung = tokens.iter().any(|token| token.board.health().state == TokenState::Hung);
        if hung || !coordinator.close(recovery.hang_after) {
            tracing::error!("a call into the module hangs; it cannot be initialised anew");
            coordinator.open();
            (last, pause) = (Instant::now(), recovery.reinitialise_max);
            continue;
        }
        pause = if last.elapsed() > recovery.reinitialise_max {
            recovery.reinitialise_min
        } else {
            (pause * 2).min(recovery.reinitialise_max)
        };
        tracing::warn!("initialising the module anew");
        finalise(pkcs11);
        if !initialise(pkcs11, coordinator, tokens, recovery) {
            return;
        }
        last = Instant::now();
        coordinator.open();
    }
    if coordinator.close(Duration::from_secs(5)) {
        finalise(pkcs11);
    } else {
        tracing::error!("a call into the module hangs; it is left as it is");
    }
}

/// Tries until it works. `false`: stopped meanwhile.
fn initialise(
    pkcs11: &Pkcs11,
    coordinator: &Coordinator,
    tokens: &[Arc<Shared>],
    recovery: Recovery,
) -> bool {
    let mut pause = recovery.reinitialise_min;
    loop {
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => return true,
            Err(error) => {
                let reason = describe(&error);
                tracing::error!(reason, "the module cannot be initialised");
                for token in tokens {
                    token.board.lost(TokenState::Away, &reason);
                }
            }
        }
        coordinator.pause(pause);
        if coordinator.stopping() {
            return false;
        }
        pause = (pause * 2).min(recovery.reinitialise_max);
    }
}

fn finalise(pkcs11: &Pkcs11) {
    if let Err(error) = pkcs11.clone().finalize() {
        tracing::warn!(reason = describe(&error), "the module could not be finalised");
    }
}

/// How late an expired request may be answered, at most.
const WATCH_EVERY: Duration = Duration::from_millis(10);

/// Answers requests whose deadline has passed and marks tokens whose calls do not return. Never calls the module,
/// so that nothing the module does can stop it.
pub(crate) fn watch(tokens: &[Arc<Shared>], watching: &AtomicBool) {
    while watching.load(Ordering::Relaxed) {
        let now = Instant::now();
        for token in tokens {
            token.board.set_hung(token.calls.overdue(now));
            token.tickets.expire(now, &|| {
                let health = token.board.health();
                match health.state {
                    TokenState::Ready => SignError::Busy,
                    TokenState::Starting
                    | TokenState::Away
                    | TokenState::PinRefused
                    | TokenState::Hung
                    | TokenState::Stopped => SignError::Unavailable { reason: health.why() },
                }
            });
        }
        thread::sleep(WATCH_EVERY);
    }
}
