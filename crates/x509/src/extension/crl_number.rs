//! cRLNumber (RFC 5280 §5.2.3, C-90).

use super::RawExtension;
use crate::crl::CrlNumber;
use crate::{encode, oid};

/// The extension, never critical.
pub fn crl_number(number: CrlNumber) -> RawExtension {
    RawExtension::plain(oid::CRL_NUMBER, encode::integer(number.get()))
}
