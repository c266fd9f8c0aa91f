//! 128-bit random identifiers, each its own type so that one cannot stand where another is meant.

use std::fmt;
use std::str::FromStr;

use crate::{Random, RandomUnavailable};

/// Text that is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 32 lower-case hexadecimal digits")]
pub struct BadId;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 16 octets from a cryptographic generator, written as 32 lower-case hexadecimal digits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Draws a new identifier.
            ///
            /// # Errors
            ///
            /// [`RandomUnavailable`] when the generator gives nothing.
            pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
                let mut bytes = [0; 16];
                random.fill(&mut bytes)?;
                Ok(Self(bytes))
            }

            /// Takes 16 octets that already are such an identifier.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 octets.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut bytes = [0; 16];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| BadId)?;
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(BadId);
                }
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

identifier! {
    /// Names one installation of the product, so that an order signed for one is refused by another.
    InstallationId
}
identifier! {
    /// Names an order: what officers sign and the CA carries out once.
    OrderId
}
identifier! {
    /// Names an officer in the register of grants; never reused, and says nothing of the person.
    OfficerId
}

identifier! {
    /// Names an event of the audit log; given when it happens, before the log has a place for it.
    EventId
}
identifier! {
    /// Names a record that holds personal data (an application, a revocation request) where only a name for it
    /// may appear: in the audit log and in traces.
    RecordId
}

identifier! {
    /// Names one session in which two security officers are there while a CA's key is used; drawn when it is opened, so
    /// that no signature serves a second one.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let id = OrderId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse::<OrderId>(), Err(BadId));
        assert_eq!("abab".parse::<OrderId>(), Err(BadId));
    }
}
