//! The pins of a configuration: the first ceremony's, and each that took another's place.

use ndoba_types::{InstallationId, Sha256Digest};

use crate::document::Malformed;
use crate::{GrantDocument, Pin, ReplacePin};

/// What a role that verifies orders is configured with: where the register of officers begins, and each document by which a
/// later ceremony pinned others. Trusted as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    first: Pin,
    replaced: Vec<ReplacePin>,
}

impl From<Pin> for Pins {
    fn from(first: Pin) -> Self {
        Self { first, replaced: Vec::new() }
    }
}

impl Pins {
    /// The same with another pin in the place of the newest.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it does not name the newest one, is of another installation, or stands before it in the chain.
    pub fn with(mut self, next: ReplacePin) -> Result<Self, Malformed> {
        let (newest, seq) = (self.digest()?, self.replaced.last().map_or(0, |last| last.seq));
        if next.installation != self.first.installation || next.pin != newest || next.seq <= seq {
            return Err(Malformed::rule("a pin names the one in whose place it comes"));
        }
        GrantDocument::ReplacePin(next.clone()).to_bytes()?;
        self.replaced.push(next);
        Ok(self)
    }

    /// A line of canonical JSON for each, the last one without an end. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a pin breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let mut bytes = self.first.to_bytes()?;
        for one in &self.replaced {
            bytes.push(b'\n');
            bytes.extend(GrantDocument::ReplacePin(one.clone()).to_bytes()?);
        }
        Ok(bytes)
    }

    /// Reads the pins.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the lines of pins, each in the place of the one before.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        // Canonical JSON has no end of line within.
        let mut lines = bytes.split(|octet| *octet == b'\n');
        let mut pins = Self::from(Pin::from_bytes(lines.next().unwrap_or_default())?);
        for line in lines {
            let GrantDocument::ReplacePin(next) = GrantDocument::from_bytes(line)? else {
                return Err(Malformed::rule("a pin is followed by pins only"));
            };
            pins = pins.with(next)?;
        }
        Ok(pins)
    }

    /// What people compare with the report of the last ceremony that pinned anybody. It stands for all of them: each names the
    /// one before.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a pin breaks a rule of the format.
    pub fn digest(&self) -> Result<Sha256Digest, Malformed> {
        match self.replaced.last() {
            None => self.first.digest(),
            Some(last) => Ok(Sha256Digest::of(&GrantDocument::ReplacePin(last.clone()).to_bytes()?)),
        }
    }

    /// How many of the documents that pinned others lie behind the pin of that digest: 0 for the first, none for no pin of these.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a pin breaks a rule of the format.
    pub fn place_of(&self, digest: Sha256Digest) -> Result<Option<usize>, Malformed> {
        if self.digest()? == digest {
            return Ok(Some(self.replaced.len()));
        }
        Ok(self.replaced.iter().position(|one| one.pin == digest))
    }

    /// For which installation.
    pub fn installation(&self) -> InstallationId {
        self.first.installation
    }

    /// The first ceremony's.
    pub fn first(&self) -> &Pin {
        &self.first
    }

    /// Those that took the place of others, in order.
    pub fn replaced(&self) -> &[ReplacePin] {
        &self.replaced
    }
}
