//! Subscribers' certificates that third parties may see, at the public address.

use std::net::IpAddr;
use std::time::Instant;

use ndoba_store::Store;
use ndoba_types::SerialNumber;
use ndoba_web_officer::{TooMany, Tries, network};
use ndoba_web_public::{NotNow, ShownCertificates};

/// Out of the table that has these certificates and no others.
pub(super) struct Shown {
    store: Store,
    tries: Tries<IpAddr>,
}

impl Shown {
    /// So many requests for each network within ten minutes.
    pub(super) fn new(store: Store, requests: u32) -> Self {
        Self { store, tries: Tries::of_anybody(requests) }
    }
}

impl ShownCertificates for Shown {
    fn admit(&self, from: IpAddr) -> Result<(), u32> {
        self.tries.admit(network(from), Instant::now()).map_err(|TooMany(seconds)| seconds)
    }

    fn shown(&self, serial: &SerialNumber) -> Result<Option<Vec<u8>>, NotNow> {
        self.store.shown_certificate(serial).map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "shown certificates cannot be read");
            NotNow
        })
    }
}
