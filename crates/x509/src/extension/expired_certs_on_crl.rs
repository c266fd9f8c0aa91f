//! expiredCertsOnCRL (X.509 §9.5.2.8, C-94): expired certificates stay on the list.

use ndoba_types::UtcTime;

use super::RawExtension;
use crate::oid;
use crate::time::generalized_time_der;

/// The extension, never critical. `since` – certificates that expired at or after it are kept; the CA's notBefore
/// says that all are.
pub fn expired_certs_on_crl(since: UtcTime) -> RawExtension {
    RawExtension::plain(oid::EXPIRED_CERTS_ON_CRL, generalized_time_der(since))
}
