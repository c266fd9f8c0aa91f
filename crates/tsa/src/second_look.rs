//! Which signatures are verified before their tokens leave.
//!
//! A token module that signs wrongly makes tokens that no court accepts, and who asked for them may look only years
//! later. So each signature is looked at again while there is time for that. Under more load than the key keeps up
//! with, the look costs others their tokens (it is as dear as the signature): there a sample must do (ADR 0030).

use std::iter::Sum;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use ndoba_types::SignatureAlgorithm;

/// How many tokens wait for the key when it no longer keeps up: more than a module has sessions for, as a rule.
const BUSY: usize = 8;
/// Of so many signatures one is verified whatever the load is.
const SAMPLE: u64 = 64;

/// Which signatures of a unit are verified before their tokens leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Each one while the key keeps up with the requests, else one of sixty-four. With other keys than ECDSA's each
    /// one, and each one from the first that did not hold until the process ends.
    AsLoadAllows,
    /// Each one, whatever that costs.
    Every,
}

/// How many signatures were looked at since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerificationCount {
    /// Verified, and held.
    pub held: u64,
    /// Verified, and did not hold: their tokens did not leave.
    pub failed: u64,
    /// Not verified.
    pub unverified: u64,
}

impl Sum for VerificationCount {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            held: sum.held + one.held,
            failed: sum.failed + one.failed,
            unverified: sum.unverified + one.unverified,
        })
    }
}

/// Decides for one unit, signature by signature.
pub(crate) struct SecondLook {
    every: bool,
    /// Asked of the key and not answered.
    waiting: AtomicUsize,
    /// Answered with a signature.
    signed: AtomicU64,
    held: AtomicU64,
    failed: AtomicU64,
    unverified: AtomicU64,
}

impl SecondLook {
    pub(crate) fn new(verification: Verification, algorithm: SignatureAlgorithm) -> Self {
        // One faulty signature gives an RSA key away (CRT), two over one message an Ed25519 key: those never leave
        // unverified. With RSA it also costs a fraction of signing.
        let is_ecdsa = matches!(
            algorithm,
            SignatureAlgorithm::EcdsaP256Sha256
                | SignatureAlgorithm::EcdsaP384Sha384
                | SignatureAlgorithm::EcdsaP521Sha512
        );
        let every = verification == Verification::Every || !is_ecdsa;
        Self {
            every,
            waiting: AtomicUsize::new(0),
            signed: AtomicU64::new(0),
            held: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            unverified: AtomicU64::new(0),
        }
    }

    /// The key is asked for a signature; [`Self::answered`] must follow.
    pub(crate) fn asked(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// The key answered, with a signature or without.
    pub(crate) fn answered(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Verifies a signature with `holds`, or leaves it; whether its token may leave.
    pub(crate) fn admits(&self, holds: impl FnOnce() -> bool) -> bool {
        let place = self.signed.fetch_add(1, Ordering::Relaxed);
        let is_due = self.every
            || place.is_multiple_of(SAMPLE)
            || self.waiting.load(Ordering::Relaxed) < BUSY
            || self.failed.load(Ordering::Relaxed) > 0;
        if !is_due {
            self.unverified.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let holds = holds();
        let counted = if holds { &self.held } else { &self.failed };
        counted.fetch_add(1, Ordering::Relaxed);
        holds
    }

    pub(crate) fn count(&self) -> VerificationCount {
        VerificationCount {
            held: self.held.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            unverified: self.unverified.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the stamper uses it: `others` wait for the key meanwhile. Whether the signature was looked at.
    fn looked_at(look: &SecondLook, others: usize, holds: bool) -> bool {
        let mut seen = false;
        (0..=others).for_each(|_| look.asked());
        look.answered();
        let admitted = look.admits(|| {
            seen = true;
            holds
        });
        (0..others).for_each(|_| look.answered());
        assert_eq!(admitted, holds || !seen);
        seen
    }

    #[test]
    fn each_signature_while_the_key_keeps_up() {
        let look = SecondLook::new(Verification::AsLoadAllows, SignatureAlgorithm::EcdsaP256Sha256);
        assert!((0..200).all(|_| looked_at(&look, BUSY - 1, true)));
        assert_eq!(look.count(), VerificationCount { held: 200, failed: 0, unverified: 0 });
    }

    #[test]
    fn a_sample_when_it_does_not() {
        let look = SecondLook::new(Verification::AsLoadAllows, SignatureAlgorithm::EcdsaP256Sha256);
        let seen = (0..640).filter(|_| looked_at(&look, BUSY, true)).count();
        assert_eq!(seen, 10);
        assert_eq!(look.count(), VerificationCount { held: 10, failed: 0, unverified: 630 });
        assert!(looked_at(&look, 0, true), "and each one as soon as it does again");
    }

    #[test]
    fn each_one_after_one_that_did_not_hold() {
        let look = SecondLook::new(Verification::AsLoadAllows, SignatureAlgorithm::EcdsaP256Sha256);
        assert!(looked_at(&look, BUSY, false), "the first one is always in the sample");
        assert!((0..200).all(|_| looked_at(&look, BUSY, true)));
        assert_eq!(look.count(), VerificationCount { held: 200, failed: 1, unverified: 0 });
    }

    #[test]
    fn each_one_where_that_is_configured_and_with_rsa() {
        for (verification, algorithm) in [
            (Verification::Every, SignatureAlgorithm::EcdsaP256Sha256),
            (Verification::AsLoadAllows, SignatureAlgorithm::RsaPkcs1Sha256),
        ] {
            let look = SecondLook::new(verification, algorithm);
            assert!((0..200).all(|_| looked_at(&look, BUSY, true)), "{verification:?} {algorithm:?}");
        }
    }
}
