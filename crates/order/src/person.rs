//! Persons without their personal data.

use ndoba_types::{InstallationId, Sha256Digest};

/// The commitment to a person that grants and orders carry: equal for the same person in one installation, and
/// nothing to anyone who does not have the salt.
///
/// # Inputs
///
/// - `salt` – the installation's secret, at least 16 random octets, that lives with the personal records.
/// - `identifier` – the person's semantic identifier, such as `PNOGE-01001000001` (C-41).
pub fn person_commitment(installation: InstallationId, salt: &[u8], identifier: &str) -> Sha256Digest {
    let mut bytes = b"ndoba-person/1".to_vec();
    bytes.extend_from_slice(installation.as_bytes());
    // A hash per part, so that no boundary between salt and identifier can be moved.
    bytes.extend_from_slice(Sha256Digest::of(salt).as_bytes());
    bytes.extend_from_slice(Sha256Digest::of(identifier.as_bytes()).as_bytes());
    Sha256Digest::of(&bytes)
}
