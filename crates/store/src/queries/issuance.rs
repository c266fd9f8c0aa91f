//! The issuance ledger: intents, finished certificates, and those in doubt (design §5).

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use ndoba_ca::ports::{
    Attempt, CertificateId, CertificateKind, InDoubt, Intent, IntentOutcome, Issued, LossCause, Warrant,
};
use ndoba_types::{CrlName, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::RevocationReason;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::prepared::Prepared;
use crate::queries::attempts::{FIRST, OpenAttempt, Signed};
use crate::queries::{attempts, events, keys, names, order_queue, responder_ledger, shown_names, status};
use crate::schema::{attempts as attempt_rows, certificate_status, certificates};
use crate::spelling::{self, UNKNOWN, outcome, state};
use crate::stored;

/// A certificate before it is one.
#[derive(Insertable)]
#[diesel(table_name = certificates)]
pub(crate) struct NewCertificate<'a> {
    ca: &'a str,
    serial: &'a [u8],
    order_id: Option<&'a [u8]>,
    ceremony: Option<&'a [u8]>,
    kind: &'static str,
    tbs: &'a [u8],
    tbs_digest: Vec<u8>,
    profile: &'a str,
    profile_digest: &'a [u8],
    lint: &'a str,
    subject_name: &'a [u8],
    name_owner: &'a [u8],
    spki: &'a [u8],
    not_before: i64,
    not_after: i64,
    recorded: i64,
}

impl<'a> NewCertificate<'a> {
    pub(crate) fn of(intent: &'a Intent) -> Self {
        let Intent {
            certificate: CertificateId { ca, serial },
            warrant,
            kind,
            tbs,
            profile: (profile, profile_digest),
            lint,
            subject_name,
            name_owner,
            spki,
            not_before,
            not_after,
            // Beside the status, where the lists are made from.
            shard: _,
            attempt,
            event: _,
        } = intent;
        let (order_id, ceremony) = match warrant {
            Warrant::Ceremony(plan) => (None, Some(plan.as_bytes().as_slice())),
            Warrant::Order(id) => (Some(id.as_bytes().as_slice()), None),
            // Beside the plans of ceremonies: no order stands behind it either.
            Warrant::Standing(standing) => (None, Some(standing.request.as_bytes().as_slice())),
        };
        Self {
            ca: ca.as_str(),
            serial: serial.as_unsigned(),
            order_id,
            ceremony,
            kind: spelling::kind_to_row(*kind),
            tbs,
            tbs_digest: Sha256Digest::of(tbs).as_bytes().to_vec(),
            profile,
            profile_digest: profile_digest.as_bytes(),
            lint,
            subject_name,
            name_owner: name_owner.as_bytes(),
            spki: spki.as_bytes(),
            not_before: not_before.unix_micros(),
            not_after: not_after.unix_micros(),
            recorded: attempt.at.unix_micros(),
        }
    }
}

/// What relying parties are told of it until it is one: nothing.
#[derive(Insertable)]
#[diesel(table_name = certificate_status)]
pub(crate) struct NewStatus<'a> {
    ca: &'a str,
    serial: &'a [u8],
    state: &'static str,
    shard: i64,
}

impl<'a> NewStatus<'a> {
    pub(crate) fn of(intent: &'a Intent) -> Self {
        let CertificateId { ca, serial } = &intent.certificate;
        let shard = stored::shard_to_row(intent.shard);
        Self { ca: ca.as_str(), serial: serial.as_unsigned(), state: state::SIGNING, shard }
    }
}

/// Claims the order, takes the name and the serial, and records the TBS with the attempt to sign it. The caller holds
/// the key ([`keys::hold`]). An `Err` of the inner result leaves traces; the caller undoes them with a savepoint.
pub(crate) fn record_intent(
    conn: &mut Conn,
    intent: &Intent,
) -> Result<Result<(), IntentOutcome>, StoreError> {
    let Intent { certificate: CertificateId { ca, serial }, attempt, event, .. } = intent;

    // 1. The order, where there is one. A second node waits here for the first, then finds the row claimed.
    let taken = match &intent.warrant {
        Warrant::Ceremony(_) => true,
        Warrant::Order(id) => order_queue::claim(conn, *id)?,
        Warrant::Standing(standing) => {
            responder_ledger::claim(conn, standing, &intent.certificate, attempt.at)?
        }
    };
    if !taken {
        return Ok(Err(IntentOutcome::OrderTaken));
    }

    // 2. Whose the key and the name are.
    if let Some(refusal) = keys::refusal(conn, intent.spki, intent.name_owner)? {
        return Ok(Err(refusal));
    }
    if !names::take(conn, ca, &intent.subject_name, intent.name_owner)? {
        return Ok(Err(IntentOutcome::NameTaken));
    }

    // 3. The serial, with everything that is known.
    let row = NewCertificate::of(intent);
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(certificates::table).values(&row).on_conflict_do_nothing().execute(conn)
    })?;
    if inserted == 0 {
        return Ok(Err(IntentOutcome::SerialTaken));
    }
    diesel::insert_into(certificate_status::table).values(&NewStatus::of(intent)).execute(conn)?;

    // 4. The attempt, and what the log says of it.
    attempts::open(conn, ca, Signed::Certificate { serial: serial.as_unsigned() }, attempt, FIRST)?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(Ok(()))
}

/// The certificate contains the TBS; its digest stays.
const SET_CERTIFICATE: &str = "UPDATE certificates SET tbs = NULL, der = ?, issued = ?
    WHERE ca = ? AND serial = ? RETURNING order_id, kind";
const SET_STATUS: &str =
    "UPDATE certificate_status SET state = ?, certificate = ? WHERE ca = ? AND serial = ? AND state = ?";

/// Whose a finished certificate is.
#[derive(QueryableByName)]
pub(crate) struct Finished {
    #[diesel(sql_type = Nullable<Binary>)]
    pub(crate) order_id: Option<Vec<u8>>,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
}

/// Records a finished certificate. `false`, and nothing changed, where it is not in `signing` with that attempt.
pub(crate) fn record_issued(conn: &mut Conn, issued: &Issued) -> Result<bool, StoreError> {
    let Issued { certificate: CertificateId { ca, serial }, attempt, signatures: _, der, at, event } = issued;
    let signed = Signed::Certificate { serial: serial.as_unsigned() };
    if !attempts::end(conn, ca, signed, attempt, outcome::SIGNED)? {
        return Ok(false);
    }
    let (ca, serial_octets) = (ca.as_str(), serial.as_unsigned());
    let values = [der.as_slice().into(), at.unix_micros().into(), ca.into(), serial_octets.into()];
    let row: Option<Finished> = Prepared::new(SET_CERTIFICATE, &values).row(conn)?;
    let Finished { order_id, kind } =
        row.ok_or_else(|| StoreError::corrupt("an attempt without its certificate"))?;
    shown_names::enter(conn, serial, der)?;
    let digest = Sha256Digest::of(der);
    let values = [
        state::ISSUED.into(),
        digest.as_bytes().as_slice().into(),
        ca.into(),
        serial_octets.into(),
        state::SIGNING.into(),
    ];
    if Prepared::new(SET_STATUS, &values).execute(conn)? != 1 {
        return Err(StoreError::corrupt("certificate_status.state and attempts.outcome disagree"));
    }
    match order_id {
        Some(order) => order_queue::finish(conn, stored::order_id(&order)?, serial)?,
        None if is_responder(&kind) => responder_ledger::finish(conn, &issued.certificate, der, *at)?,
        None => {}
    }
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

/// A responder's certificate: of a ceremony, or under a standing authorisation.
pub(crate) fn is_responder(kind: &str) -> bool {
    kind == spelling::kind_to_row(CertificateKind::Responder)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = certificates)]
struct Unfinished {
    ca: String,
    serial: Vec<u8>,
    order_id: Option<Vec<u8>>,
    ceremony: Option<Vec<u8>>,
    kind: String,
    tbs: Option<Vec<u8>>,
}

/// Certificates in `signing`: of other epochs of `node`, and of any node where older than `before`.
pub(crate) fn in_doubt(
    conn: &mut Conn,
    node: &str,
    epoch: &str,
    before: UtcTime,
) -> Result<Vec<InDoubt>, StoreError> {
    let rows: Vec<(OpenAttempt, Unfinished)> = attempt_rows::table
        .inner_join(
            certificates::table.on(certificates::ca
                .eq(attempt_rows::ca)
                .and(certificates::serial.nullable().eq(attempt_rows::serial))),
        )
        .filter(attempt_rows::outcome.eq(outcome::OPEN))
        .filter(attempts::doubtful(node, epoch, before))
        .order((attempt_rows::at, attempt_rows::number))
        .select((OpenAttempt::as_select(), Unfinished::as_select()))
        .load(conn)?;
    rows.into_iter().map(|(attempt, certificate)| doubt(conn, attempt, certificate)).collect()
}

fn doubt(conn: &mut Conn, attempt: OpenAttempt, certificate: Unfinished) -> Result<InDoubt, StoreError> {
    let Unfinished { ca, serial, order_id, ceremony, kind, tbs } = certificate;
    let certificate =
        CertificateId { ca: stored::ca(&ca)?, serial: stored::serial(&serial, "certificates.serial")? };
    Ok(InDoubt {
        warrant: match (order_id, ceremony) {
            (Some(id), None) => Warrant::Order(stored::order_id(&id)?),
            (None, Some(digest)) => {
                let standing =
                    if is_responder(&kind) { responder_ledger::warrant(conn, &certificate)? } else { None };
                match standing {
                    Some(standing) => Warrant::Standing(standing),
                    None => Warrant::Ceremony(stored::digest(&digest, "certificates.ceremony")?),
                }
            }
            (None, None) | (Some(_), Some(_)) => return Err(StoreError::corrupt("a certificate's warrant")),
        },
        certificate,
        tbs: tbs.ok_or_else(|| StoreError::corrupt("a TBS that was dropped before the signature"))?,
        attempt: attempt.read()?,
    })
}

/// Gives a certificate up whose signature may exist: revoked from now on, its order waits again. `false`, and
/// nothing changed, where it is not in `signing` with that attempt.
pub(crate) fn record_lost(
    conn: &mut Conn,
    lost: &InDoubt,
    cause: LossCause,
    at: UtcTime,
    event: &ndoba_audit::Event,
) -> Result<bool, StoreError> {
    let InDoubt { certificate: id, warrant, tbs: _, attempt } = lost;
    let signed = Signed::Certificate { serial: id.serial.as_unsigned() };
    if !attempts::end(conn, &id.ca, signed, attempt, outcome::LOST)? {
        return Ok(false);
    }
    status::mark_lost(conn, id, RevocationReason::Unspecified, attempt.at, at)?;
    match warrant {
        Warrant::Ceremony(_) => {}
        Warrant::Standing(standing) => responder_ledger::give_up(conn, standing, id, at)?,
        Warrant::Order(order) => {
            if !order_queue::queue_again(conn, *order, cause)? {
                // A row in `signing` holds its order claimed; nobody else may have let go of it.
                return Err(StoreError::corrupt(
                    "an order let go of while a certificate of it was being signed",
                ));
            }
        }
    }
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

/// Ends an attempt in doubt as repeated and opens the one that makes the same signature again. `false`, and nothing
/// changed, where it had ended.
pub(crate) fn record_again(
    conn: &mut Conn,
    doubt: &InDoubt,
    attempt: &Attempt,
    event: &ndoba_audit::Event,
) -> Result<bool, StoreError> {
    let InDoubt { certificate: CertificateId { ca, serial }, warrant: _, tbs: _, attempt: before } = doubt;
    let signed = Signed::Certificate { serial: serial.as_unsigned() };
    if !attempts::end(conn, ca, signed, before, outcome::REPEATED)? {
        return Ok(false);
    }
    let repetition = attempts::tried_before(conn, ca, serial.as_unsigned())?;
    attempts::open(conn, ca, signed, attempt, repetition)?;
    attempts::count(conn, &attempts::counted(attempt, attempt.signatures, attempt.at))?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

/// A revoked certificate that a published CRL proves and a restored database does not know: its serial number is taken
/// for ever, and it counts as lost; the shard is the list's. `statement` stands in the place of a ceremony's plan; nothing else is known of it.
pub(crate) fn insert_unknown(
    conn: &mut Conn,
    list: &CrlName,
    serial: &SerialNumber,
    reason: RevocationReason,
    revoked: UtcTime,
    statement: Sha256Digest,
) -> Result<(), StoreError> {
    let CrlName { ca, shard } = list;
    let nothing = Sha256Digest::of(b"");
    diesel::insert_into(certificates::table)
        .values(NewCertificate {
            ca: ca.as_str(),
            serial: serial.as_unsigned(),
            order_id: None,
            ceremony: Some(statement.as_bytes()),
            kind: UNKNOWN,
            tbs: b"",
            tbs_digest: nothing.as_bytes().to_vec(),
            profile: UNKNOWN,
            profile_digest: nothing.as_bytes(),
            lint: UNKNOWN,
            subject_name: b"",
            name_owner: nothing.as_bytes(),
            spki: nothing.as_bytes(),
            not_before: revoked.unix_micros(),
            not_after: revoked.unix_micros(),
            recorded: revoked.unix_micros(),
        })
        .execute(conn)?;
    diesel::insert_into(certificate_status::table)
        .values((
            certificate_status::ca.eq(ca.as_str()),
            certificate_status::serial.eq(serial.as_unsigned()),
            certificate_status::state.eq(state::ISSUED_LOST),
            certificate_status::revoked.eq(Some(revoked.unix_micros())),
            certificate_status::reason.eq(Some(spelling::reason_to_row(reason))),
            certificate_status::shard.eq(stored::shard_to_row(*shard)),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn certificate(conn: &mut Conn, id: &CertificateId) -> Result<Option<Vec<u8>>, StoreError> {
    let der: Option<Option<Vec<u8>>> = certificates::table
        .find((id.ca.as_str(), id.serial.as_unsigned()))
        .select(certificates::der)
        .first(conn)
        .optional()?;
    Ok(der.flatten())
}
