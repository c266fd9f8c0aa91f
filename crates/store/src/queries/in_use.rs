//! Certificates that are still in use, with the orders that made them.

use diesel::prelude::*;
use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::Store;
use crate::connection::Conn;
use crate::error::StoreError;
use crate::schema::{certificate_status, certificates, orders};
use crate::spelling::{HOLD, state};
use crate::stored;

/// A certificate that relying parties may still meet, and what the officers signed about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// The issuing CA.
    pub ca: CaName,
    /// Its serial number.
    pub serial: SerialNumber,
    /// End of validity.
    pub not_after: UtcTime,
    /// The order's bytes.
    pub order: Vec<u8>,
}

type Row = (String, Vec<u8>, i64, Vec<u8>);

impl Store {
    /// Certificates of `profiles` that are valid at `now` and not revoked, oldest first. A suspended one is among them: it
    /// may return.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn in_use(&self, profiles: &[&str], now: UtcTime) -> Result<Vec<InUse>, StoreError> {
        self.read("certificates in use", |conn| rows(conn, profiles, now)?.into_iter().map(read).collect())
    }
}

fn rows(conn: &mut Conn, profiles: &[&str], now: UtcTime) -> Result<Vec<Row>, StoreError> {
    let open = certificate_status::revoked.is_null().or(certificate_status::reason.eq(HOLD));
    let rows = certificates::table
        .inner_join(
            certificate_status::table.on(certificate_status::ca
                .eq(certificates::ca)
                .and(certificate_status::serial.eq(certificates::serial))),
        )
        .inner_join(orders::table.on(orders::order_id.nullable().eq(certificates::order_id)))
        .filter(certificates::profile.eq_any(profiles))
        .filter(certificates::not_after.ge(now.unix_micros()))
        .filter(certificate_status::state.eq(state::ISSUED))
        .filter(open)
        .order((certificates::recorded, certificates::serial))
        .select((certificates::ca, certificates::serial, certificates::not_after, orders::content));
    Ok(rows.load(conn)?)
}

fn read((ca, serial, not_after, order): Row) -> Result<InUse, StoreError> {
    Ok(InUse {
        ca: stored::ca(&ca)?,
        serial: stored::serial(&serial, "certificates.serial")?,
        not_after: stored::time(not_after, "certificates.not_after")?,
        order,
    })
}
