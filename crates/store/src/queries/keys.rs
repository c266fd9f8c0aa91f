//! Whose a public key is: nobody is certified for another's, and nobody for one that was given up.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use ndoba_ca::ports::{CertificateId, Intent, IntentOutcome};
use ndoba_types::Sha256Digest;
use ndoba_x509::RevocationReason;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::schema::{certificate_status, certificates};
use crate::{spelling, stored};

/// Holds the keys of a batch until the commit, in one sequence whoever asks: of two nodes that are to certify one key
/// for two subjects at once, the second waits and then finds the first. SQLite has one writer and needs no such thing.
pub(crate) fn hold(conn: &mut Conn, intents: &[Intent]) -> Result<(), StoreError> {
    hold_all(conn, intents.iter().map(|intent| intent.spki))
}

/// As [`hold`], for the key of a certificate that is about to be revoked for the key's sake: an order for the same key
/// comes before, or finds that it was given up (GEN-6.3.6-10).
pub(crate) fn hold_of(conn: &mut Conn, certificate: &CertificateId) -> Result<(), StoreError> {
    let CertificateId { ca, serial } = certificate;
    let spki: Option<Vec<u8>> = certificates::table
        .find((ca.as_str(), serial.as_unsigned()))
        .select(certificates::spki)
        .first(conn)
        .optional()?;
    // Of no certificate there is no key; that is said where the status is changed.
    let Some(spki) = spki else { return Ok(()) };
    hold_all(conn, std::iter::once(stored::digest(&spki, "certificates.spki")?))
}

fn hold_all(conn: &mut Conn, keys: impl Iterator<Item = Sha256Digest>) -> Result<(), StoreError> {
    let Conn::Postgres(conn) = conn else { return Ok(()) };
    let locks: BTreeSet<i64> = keys.map(number_of).collect();
    diesel::sql_query("SELECT pg_advisory_xact_lock(key) FROM unnest($1) AS key")
        .bind::<Array<BigInt>, _>(locks.into_iter().collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// Two keys may share a number: then one waits for nothing.
fn number_of(spki: Sha256Digest) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *spki.as_bytes();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Why no certificate is made for this key, if none is.
pub(crate) fn refusal(
    conn: &mut Conn,
    spki: Sha256Digest,
    owner: Sha256Digest,
) -> Result<Option<IntentOutcome>, StoreError> {
    let owners = owners(conn, &[spki])?;
    if owners.iter().any(|(_, other)| other != owner.as_bytes()) {
        return Ok(Some(IntentOutcome::KeyTaken));
    }
    let compromised = !owners.is_empty() && is_compromised(conn, &[spki])?;
    Ok(compromised.then_some(IntentOutcome::KeyCompromised))
}

/// Whether a certificate of this batch is refused because of its key.
pub(crate) fn refuses_any(conn: &mut Conn, intents: &[Intent]) -> Result<bool, StoreError> {
    let mut wanted: BTreeMap<Sha256Digest, Sha256Digest> = BTreeMap::new();
    for intent in intents {
        if *wanted.entry(intent.spki).or_insert(intent.name_owner) != intent.name_owner {
            return Ok(true);
        }
    }
    let keys: Vec<Sha256Digest> = wanted.keys().copied().collect();
    let owners = owners(conn, &keys)?;
    for (spki, owner) in &owners {
        let ours = wanted.iter().find(|(key, _)| key.as_bytes().as_slice() == spki);
        if ours.is_none_or(|(_, ours)| ours.as_bytes().as_slice() != owner) {
            return Ok(true);
        }
    }
    Ok(!owners.is_empty() && is_compromised(conn, &keys)?)
}

/// A key, and whose it is.
type Owned = (Vec<u8>, Vec<u8>);

/// The keys that certificates have, with their owners. Lost ones count too: their signature may be out there.
fn owners(conn: &mut Conn, keys: &[Sha256Digest]) -> Result<Vec<Owned>, StoreError> {
    Ok(certificates::table
        .filter(certificates::spki.eq_any(octets(keys)))
        .select((certificates::spki, certificates::name_owner))
        .distinct()
        .load(conn)?)
}

/// Whether a certificate with one of these keys was revoked for the key's sake (GEN-6.3.6-10).
fn is_compromised(conn: &mut Conn, keys: &[Sha256Digest]) -> Result<bool, StoreError> {
    let reason = spelling::reason_to_row(RevocationReason::KeyCompromise);
    let revoked = certificates::table
        .inner_join(
            certificate_status::table.on(certificate_status::ca
                .eq(certificates::ca)
                .and(certificate_status::serial.eq(certificates::serial))),
        )
        .filter(certificates::spki.eq_any(octets(keys)))
        .filter(certificate_status::reason.eq(reason))
        .select(certificates::recorded)
        .first::<i64>(conn)
        .optional()?;
    Ok(revoked.is_some())
}

fn octets(keys: &[Sha256Digest]) -> Vec<&[u8]> {
    keys.iter().map(|key| key.as_bytes().as_slice()).collect()
}
