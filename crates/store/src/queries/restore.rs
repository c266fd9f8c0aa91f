//! Making a restored database fit to go on from, once two security officers accepted it.

use std::collections::BTreeMap;

use ndoba_ca::ports::{AcceptedState, AuthorityMark, CertificateId, OwedCrl, StatusAction, StatusRefusal};
use ndoba_types::{CaName, CrlName};
use ndoba_x509::{RevocationReason, RevokedEntry};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::{self, events, issuance, status, versions};
use crate::spelling::action;

/// An `Err` of the inner result says that the database is not as it was accepted; the caller undoes what was done.
pub(crate) fn accept(conn: &mut Conn, accepted: &AcceptedState) -> Result<Result<(), ()>, StoreError> {
    let AcceptedState { expected, resume, revoked, shards, statement: _, at: _, events } = accepted;
    let here: BTreeMap<CaName, AuthorityMark> =
        versions::all(conn)?.into_iter().map(|mark| (mark.ca.clone(), mark)).collect();
    if here != expected.iter().map(|mark| (mark.ca.clone(), mark.clone())).collect() {
        return Ok(Err(()));
    }
    // 1. The counters, under their locks from here on.
    for mark in resume {
        let from = here.get(&mark.ca);
        if !versions::raise(conn, from, mark)? {
            return Ok(Err(()));
        }
    }
    // 2. What must not be forgotten.
    for OwedCrl { name: CrlName { ca, shard }, addresses } in shards {
        for address in addresses {
            if let Some(shard) = shard {
                queries::shards::enter(conn, ca, *shard, address)?;
            }
        }
    }
    for (list, entry) in revoked {
        recover(conn, list, entry, accepted)?;
    }
    events::append(conn, events)?;
    Ok(Ok(()))
}

/// Takes one revocation up again, with the date that was published.
fn recover(
    conn: &mut Conn,
    list: &CrlName,
    entry: &RevokedEntry,
    accepted: &AcceptedState,
) -> Result<(), StoreError> {
    let AcceptedState { statement, at, .. } = accepted;
    let RevokedEntry { serial, revoked_at, invalidity_date: _, reason } = entry;
    let id = CertificateId { ca: list.ca.clone(), serial: serial.clone() };
    let asked = if *reason == RevocationReason::CertificateHold {
        StatusAction::Suspend
    } else {
        StatusAction::Revoke(*reason)
    };
    let (action, reason) = match status::apply(conn, &id, asked, *revoked_at)? {
        Ok(()) => status::action_to_row(asked),
        Err(StatusRefusal::NotIssued) => {
            // Nobody could release a certificate that nobody has: what was on hold ends.
            let reason = match asked {
                StatusAction::Revoke(reason) => reason,
                StatusAction::Suspend | StatusAction::Release => RevocationReason::Unspecified,
            };
            issuance::insert_unknown(conn, list, serial, reason, *revoked_at, *statement)?;
            (action::LOST, Some(reason))
        }
        // Revoked here and listed there for another reason: nothing is lacking.
        Err(
            StatusRefusal::AlreadyRevoked | StatusRefusal::AlreadySuspended | StatusRefusal::NotSuspended,
        ) => return Ok(()),
    };
    status::record(
        conn,
        &id,
        status::Change { action, reason, order: None, received: *revoked_at, at: *at },
    )?;
    Ok(())
}
