//! keyUsage (RFC 5280 §4.2.1.3; EN 319 412-2 NAT-4.3.2, C-05, C-30).

use super::RawExtension;
use crate::oid;

/// The sets of bits that occur here. Named by EN 319 412-2's letters where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUsage {
    /// Type A: nonRepudiation.
    A,
    /// Type B: nonRepudiation and digitalSignature.
    B,
    /// digitalSignature: responders and TSUs (type C).
    C,
    /// Type F: nonRepudiation, digitalSignature and keyEncipherment.
    F,
    /// keyCertSign and cRLSign: CAs.
    Ca,
}

/// The extension, critical. Bits without trailing zeros (C-07).
pub fn key_usage(usage: KeyUsage) -> RawExtension {
    let (unused, bits) = match usage {
        KeyUsage::A => (6, 0x40),
        KeyUsage::B => (6, 0xc0),
        KeyUsage::C => (7, 0x80),
        KeyUsage::F => (5, 0xe0),
        KeyUsage::Ca => (1, 0x06),
    };
    RawExtension::critical(oid::KEY_USAGE, vec![0x03, 0x02, unused, bits])
}
