//! Extensions, one file each. Each function gives one whole extension with its criticality decided by the clause
//! that the file cites; profiles choose among them and cannot invent others.

mod aia;
mod aki;
mod basic_constraints;
mod cdp;
mod certificate_policies;
mod crl_number;
mod expired_certs_on_crl;
mod ext_key_usage;
mod invalidity_date;
mod issuing_distribution_point;
mod key_usage;
mod no_rev_avail;
mod ocsp_nocheck;
mod private_key_usage_period;
mod qc_statements;
mod reason_code;
mod san;
mod ski;
mod validity_assured;

use der::asn1::ObjectIdentifier;

pub use aia::{AccessLocations, authority_info_access};
pub use aki::authority_key_identifier;
pub use basic_constraints::basic_constraints_ca;
pub use cdp::crl_distribution_points;
pub(crate) use cdp::read_distribution_point;
pub use certificate_policies::certificate_policies;
pub use crl_number::crl_number;
pub use expired_certs_on_crl::expired_certs_on_crl;
pub use ext_key_usage::{ocsp_signing, time_stamping};
pub use invalidity_date::invalidity_date;
pub use issuing_distribution_point::issuing_distribution_point;
pub(crate) use issuing_distribution_point::read_addresses;
pub use key_usage::{KeyUsage, key_usage};
pub use no_rev_avail::no_rev_avail;
pub use ocsp_nocheck::ocsp_nocheck;
pub use private_key_usage_period::private_key_usage_period;
pub use qc_statements::{LimitValue, QcStatement, Semantics, qc_statements};
pub use reason_code::reason_code;
pub use san::subject_alt_name;
pub use ski::subject_key_identifier;
pub use validity_assured::validity_assured_short_term;

use crate::encode;

/// One extension as it goes into a certificate or CRL, or came out of one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawExtension {
    /// extnID.
    pub oid: ObjectIdentifier,
    /// Whether software that does not know it must reject the whole.
    pub critical: bool,
    /// The content of extnValue: usually DER.
    pub value: Vec<u8>,
}

impl RawExtension {
    pub(crate) fn critical(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { oid, critical: true, value }
    }

    /// Extensions are not critical unless their standard says so (C-20).
    pub(crate) fn plain(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { oid, critical: false, value }
    }

    /// The DER `Extension`.
    pub fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical { encode::boolean_true() } else { Vec::new() };
        encode::sequence(&[&encode::oid(&self.oid), &critical, &encode::octet_string(&self.value)])
    }
}

impl std::fmt::Debug for RawExtension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may hold a name, which is personal data.
        write!(f, "RawExtension({}, critical: {}, {} octets)", self.oid, self.critical, self.value.len())
    }
}

/// The DER `Extensions`.
pub(crate) fn extensions_der(extensions: &[RawExtension]) -> Vec<u8> {
    encode::sequence_of(&extensions.iter().map(RawExtension::to_der).collect::<Vec<_>>())
}
