//! The next generation of a CA: another key under the same name, and the moment from which it issues. Two security
//! officers decide it (EN 319 411-1 GEN-6.5.1-08, -09; ADR 0017).

use ndoba_types::{InstallationId, Sha256Digest, UtcTime};
use ndoba_x509::KeyIdentifier;
use serde::{Deserialize, Serialize};

use crate::document::Malformed;
use crate::{Register, RegisterRefusal, as_text};

/// From `from` on certificates are issued with the key `next`, and no more with the key `ca`, which goes on to sign the
/// lists and the answers about what it issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SucceedCa {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// The present CA key, by its subject key identifier.
    #[serde(with = "as_text")]
    pub ca: KeyIdentifier,
    /// The next one.
    #[serde(with = "as_text")]
    pub next: KeyIdentifier,
    /// From when on the next one issues.
    #[serde(with = "as_text")]
    pub from: UtcTime,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

impl SucceedCa {
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        if self.next == self.ca {
            return Err(Malformed::rule("a CA key is succeeded by another"));
        }
        if self.from < self.created {
            return Err(Malformed::rule("a CA key takes over when that is decided, or later"));
        }
        Ok(())
    }
}

impl Register {
    /// Whether the decision follows from those before it: generations stand in a row, and what has happened stays.
    pub(crate) fn check_succession(&self, new: &SucceedCa) -> Result<(), RegisterRefusal> {
        if self.is_terminated(new.next) {
            return Err(RegisterRefusal::CaTerminated);
        }
        if self.ca_revocation(new.next).is_some() {
            return Err(RegisterRefusal::CaRevoked);
        }
        // Until it takes effect two officers may decide otherwise.
        if self.issues_until(new.ca).is_some_and(|until| until <= new.created) {
            return Err(RegisterRefusal::CaSucceeded);
        }
        let stands_elsewhere = |one: &SucceedCa| one.ca == new.next || one.next == new.next;
        // What was to follow and has a follower of its own is not put aside any more.
        let before = self.successions().iter().find(|one| one.ca == new.ca).map(|one| one.next);
        if self.successions().iter().any(|one| one.ca != new.ca && stands_elsewhere(one))
            || before.is_some_and(|before| self.issues_until(before).is_some())
            || self.issues_from(new.ca).is_some_and(|begins| new.from <= begins)
        {
            return Err(RegisterRefusal::SuccessorUnfit);
        }
        Ok(())
    }

    /// From when on the key issues; none where nobody decided that it follows another.
    pub fn issues_from(&self, ca: KeyIdentifier) -> Option<UtcTime> {
        self.successions().iter().find(|one| one.next == ca).map(|one| one.from)
    }

    /// From when on the key issues no more; none while nobody decided that another follows it.
    pub fn issues_until(&self, ca: KeyIdentifier) -> Option<UtcTime> {
        self.successions().iter().find(|one| one.ca == ca).map(|one| one.from)
    }

    /// The generation of `ca` that issues at `at`: itself, or what had followed it by then.
    pub fn generation_at(&self, ca: KeyIdentifier, at: UtcTime) -> KeyIdentifier {
        let mut issuing = ca;
        // Each is followed by one, and none by one before it: this ends.
        while let Some(next) = self.successions().iter().find(|one| one.ca == issuing && one.from <= at) {
            issuing = next.next;
        }
        issuing
    }
}

#[cfg(test)]
mod tests {
    use ndoba_types::Span;

    use super::*;
    use crate::GrantDocument;
    use crate::test_support::{INSTALLATION, World, now};

    const KEYS: [KeyIdentifier; 4] = [
        KeyIdentifier::from_bytes([1; 20]),
        KeyIdentifier::from_bytes([2; 20]),
        KeyIdentifier::from_bytes([3; 20]),
        KeyIdentifier::from_bytes([4; 20]),
    ];

    /// Decided `written` days after the world's beginning, for `from` days after it.
    fn decide(
        world: &mut World,
        [ca, next]: [usize; 2],
        written: u32,
        from: u32,
    ) -> Result<(), RegisterRefusal> {
        let beginning = now();
        let document = GrantDocument::SucceedCa(SucceedCa {
            installation: INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            ca: KEYS[ca],
            next: KEYS[next],
            from: beginning.plus(Span::days(from)),
            created: beginning.plus(Span::days(written)),
        });
        let bytes = document.to_bytes()?;
        let (first, second) = (world.first.sign_grant(&bytes), world.second.sign_grant(&bytes));
        let alone = world.register.clone().append(&bytes, std::slice::from_ref(&first));
        if let Err(refusal @ RegisterRefusal::SignatureCount { .. }) = alone {
            assert_eq!(refusal, RegisterRefusal::SignatureCount { needed: 2, given: 1 });
        }
        world.register.append(&bytes, &[first, second]).map(drop)
    }

    #[test]
    fn generations_stand_in_a_row_and_take_over_when_it_was_decided() {
        let mut world = World::new();
        let day = |count| now().plus(Span::days(count));
        decide(&mut world, [0, 1], 0, 3).unwrap();
        // Not yet in effect: another moment, another successor.
        decide(&mut world, [0, 1], 1, 4).unwrap();
        decide(&mut world, [1, 2], 1, 6).unwrap();
        assert_eq!(world.register.generation_at(KEYS[0], day(4).minus(Span::seconds(1))), KEYS[0]);
        assert_eq!(world.register.generation_at(KEYS[0], day(4)), KEYS[1]);
        assert_eq!(world.register.generation_at(KEYS[0], day(6)), KEYS[2]);
        assert_eq!(world.register.issues_until(KEYS[0]), Some(day(4)));
        assert_eq!(world.register.issues_from(KEYS[1]), Some(day(4)));
        assert_eq!(world.register.issues_from(KEYS[0]), None);
        assert_eq!(world.register.issues_until(KEYS[2]), None);

        // No circle, no key in two places, none that ends before it began; what has happened stays.
        assert_eq!(decide(&mut world, [2, 0], 2, 8), Err(RegisterRefusal::SuccessorUnfit));
        assert_eq!(decide(&mut world, [3, 1], 2, 8), Err(RegisterRefusal::SuccessorUnfit));
        assert_eq!(decide(&mut world, [2, 3], 2, 6), Err(RegisterRefusal::SuccessorUnfit));
        assert_eq!(decide(&mut world, [0, 3], 4, 8), Err(RegisterRefusal::CaSucceeded));
        assert!(matches!(decide(&mut world, [2, 2], 4, 8), Err(RegisterRefusal::Malformed(_))));
        assert!(matches!(decide(&mut world, [2, 3], 5, 4), Err(RegisterRefusal::Malformed(_))));
        assert_eq!(world.register.generation_at(KEYS[0], day(100)), KEYS[2]);
    }

    #[test]
    fn a_decision_that_is_not_in_effect_is_replaced_by_another_successor() {
        let mut world = World::new();
        decide(&mut world, [0, 1], 0, 3).unwrap();
        decide(&mut world, [0, 2], 1, 5).unwrap();
        let later = now().plus(Span::days(100));
        assert_eq!(world.register.generation_at(KEYS[0], later), KEYS[2]);
        assert_eq!(world.register.issues_from(KEYS[1]), None);
        // A successor that has one already is not put aside: it would issue by nobody's decision.
        decide(&mut world, [2, 3], 2, 6).unwrap();
        assert_eq!(decide(&mut world, [0, 1], 3, 5), Err(RegisterRefusal::SuccessorUnfit));
    }
}
