//! Judging once more, from outside: who signed what the log says was done (design §3, §11).
//!
//! The log names orders, documents of the register and statements by their digests; an export brings them along, with their
//! signatures. [`Trail`] goes through the log with them and asks what the CA and registration asked, by the same functions:
//! [`authorise`], [`Register::append_new`], [`attend`], [`accept_restore`](crate::accept_restore). It believes the pin, and of the log what the
//! log's own verifier proves: that it is as it was sealed. So no certificate and no change of status is in such a log that
//! the officers did not sign for.

mod acts;
mod finding;
mod history;
mod line;
mod restores;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use ndoba_types::{OrderId, RecordId, Sha256Digest, UtcTime};
use ndoba_x509::KeyIdentifier;
use serde::Serialize;
use serde_json::Value;

pub use finding::{About, TrailFinding};
pub use line::{Named, Signed, SignedLine, read_signed_header, signed_header};

use crate::document::Malformed;
use crate::presence::Presence;
use crate::{FlatJws, GrantDocument, Order, OrderKind, Pins, Register, SignerRole, attend, authorise};
use history::History;
use restores::Restore;

/// How much was found in order. Its JSON is part of what `ndoba audit verify --json` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrailVerdict {
    /// Orders, each with all its signatures.
    pub orders: u64,
    /// Documents of the register, each with all its signatures.
    pub grants: u64,
    /// Sessions and accepted restores, each with its two signatures.
    pub statements: u64,
    /// Signatures on all of these.
    pub signatures: u64,
    /// Certificates that such an order asked for.
    pub certificates: u64,
    /// Certificates of responders, under authorisations in force.
    pub responders: u64,
    /// Certificates of ceremonies, in sessions that the log names.
    pub ceremonies: u64,
    /// Certificates of ceremonies without such a session, from before there were any in the log: the first ceremony's, and what
    /// nodes called `offline-…` intended before the log named its first draft. Every later one without is a finding.
    pub unattended: u64,
    /// Revocations, suspensions and releases that such an order asked for.
    pub changes: u64,
    /// Orders whose content was erased at the end of its retention: the digest remains, and nothing can be said of the
    /// signatures.
    pub erased: u64,
    /// Sessions and accepted restores that were not there to be looked at.
    pub statements_unseen: u64,
    /// Pins that took another's place, with the signatures of two security officers of before.
    pub pins_signed: u64,
    /// Pins that took another's place and that nobody of before signed: the word of that ceremony's report stands for them.
    pub pins_witnessed: u64,
}

/// An order between the log's records of its signatures and of its end.
struct Waiting {
    kind: OrderKind,
    /// None once erased.
    papers: Option<(Order, Vec<u8>, Vec<Vec<u8>>)>,
    /// When the CA first asked its token for the certificate.
    begun: Option<UtcTime>,
    is_asked: bool,
}

/// A certificate that was asked of a token.
#[derive(PartialEq)]
struct Asked {
    cause: String,
    /// Whether its key was elsewhere.
    offline: bool,
    /// Whether that was before the log named drafts for such keys.
    is_of_before: bool,
}

/// An event of the log, as far as it is read here.
struct Event<'e> {
    record: u64,
    at: UtcTime,
    kind: &'e str,
    data: &'e Value,
}

/// Goes through the log, record by record.
///
/// Its memory grows with what waits, and by 16 octets for each order that ever was.
pub struct Trail {
    register: History,
    verdict: TrailVerdict,
    /// Digests of signatures that the log says were made and that no order has brought yet.
    made: HashSet<Sha256Digest>,
    queued: HashSet<OrderId>,
    waiting: HashMap<OrderId, Waiting>,
    /// Orders without content, by the record that must be erased further on; with the record of the log that names them.
    erased: HashMap<RecordId, (u64, OrderId)>,
    /// What was decided in sessions, and drafts that were signed in one.
    attended: HashSet<Sha256Digest>,
    /// The sessions themselves, by their statements.
    sessions: HashSet<Sha256Digest>,
    /// Drafts for offline CAs, of which the log says that a session has to follow.
    drafted: HashSet<Sha256Digest>,
    /// Accepted restores; `None` where the statement is not there to be looked at.
    restores: HashMap<Sha256Digest, Option<Restore>>,
    /// Certificates that were asked of a token: until they are issued or lost.
    asked: HashMap<(String, String), Asked>,
    suspended: HashSet<(String, String)>,
    revoked_cas: HashSet<String>,
    /// How many certificates were asked for under each standing authorisation.
    under: HashMap<OrderId, u64>,
    /// Which name the CA of a key has that certified responders.
    named: HashMap<KeyIdentifier, String>,
    /// The pins that somebody has from elsewhere; those after them are believed for their signatures only.
    pins_known: Option<usize>,
    /// The most pins that an act was judged by, and its record: those of the chain, and one that had not joined it yet.
    pins_believed: (usize, u64),
}

impl Trail {
    /// At the log's beginning.
    ///
    /// `pins` – as somebody else has them than who gave the export: the newest one's digest is in its ceremony's report.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when one breaks a rule of the format.
    pub fn new(pins: &Pins) -> Result<Self, Malformed> {
        Ok(Self {
            register: History::from(Register::as_it_was(pins)?),
            verdict: TrailVerdict::default(),
            made: HashSet::new(),
            queued: HashSet::new(),
            waiting: HashMap::new(),
            erased: HashMap::new(),
            attended: HashSet::new(),
            sessions: HashSet::new(),
            drafted: HashSet::new(),
            restores: HashMap::new(),
            asked: HashMap::new(),
            suspended: HashSet::new(),
            revoked_cas: HashSet::new(),
            under: HashMap::new(),
            named: HashMap::new(),
            pins_known: None,
            pins_believed: (0, 0),
        })
    }

    /// The same, where the digest of an older pin is all that is known from elsewhere: whoever took its place needs the
    /// signatures of two security officers of before.
    ///
    /// `behind` – how many documents that pinned others lie behind the known one, as [`Pins::place_of`] says.
    #[must_use]
    pub fn knowing_pins_to(mut self, behind: usize) -> Self {
        self.pins_known = Some(behind);
        self
    }

    /// Takes the next record's event.
    ///
    /// # Inputs
    ///
    /// - `record` – its index.
    /// - `signed` – what [`Named::by`] says that the event names, where it is there.
    ///
    /// # Errors
    ///
    /// The first [`TrailFinding`]; what follows it means nothing.
    pub fn event(&mut self, record: u64, event: &Value, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        let text = |name| event.get(name).and_then(Value::as_str);
        let at = text("at").and_then(|at| at.parse().ok());
        let (Some(kind), Some(at), Some(data)) = (text("kind"), at, event.get("data")) else {
            return Err(malformed(record));
        };
        let event = Event { record, at, kind, data };
        let pins = self.pins();
        self.take(&event, signed)?;
        let pins = match self.register.take_ahead() {
            0 => 0,
            ahead => pins + ahead,
        };
        if pins > self.pins_believed.0 {
            self.pins_believed = (pins, record);
        }
        Ok(())
    }

    fn take(&mut self, event: &Event<'_>, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        match event.kind {
            "evidence-added" => self.evidence(event),
            "order-queued" => self.queue(event, signed),
            "order-refused" | "order-withdrawn" => {
                self.waiting.remove(&event.get("order")?);
                Ok(())
            }
            "personal-data-erased" => {
                self.erased.remove(&event.get("record")?);
                Ok(())
            }
            "presence-proved" => self.presence(event, signed),
            "draft-written" => {
                self.drafted.insert(event.get("plan")?);
                Ok(())
            }
            "draft-signed" => self.draft_signed(event),
            "restore-accepted" => self.restore(event, signed),
            kind if line::is_of_the_chain(kind) => self.chain(event, signed),
            _ => self.act(event),
        }
    }

    /// Ends the log.
    ///
    /// # Errors
    ///
    /// [`TrailFinding`]: an order's content is not there, and the log does not say that it was erased; or officers acted by a pin
    /// that is not the known one, before anybody of before signed for it.
    pub fn finish(self) -> Result<TrailVerdict, TrailFinding> {
        let (pins, record) = self.pins_believed;
        if pins > self.pins() && self.pins_known.is_some_and(|known| pins > known) {
            let why = "officers acted by a pin whose document the log does not have: the pin that is known must be that one";
            return Err(TrailFinding {
                record,
                about: About::Record,
                code: "pin-not-signed",
                why: why.into(),
            });
        }
        match self.erased.values().min_by_key(|(record, _)| *record) {
            None => Ok(self.verdict),
            Some((record, order)) => Err(missing(*record, About::Order(*order))),
        }
    }

    /// How many pins took another's place so far.
    fn pins(&self) -> usize {
        usize::try_from(self.verdict.pins_signed + self.verdict.pins_witnessed).unwrap_or(usize::MAX)
    }

    /// A signature is evidence: the log has its digest from when it was made.
    fn evidence(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        if event.text("kind")?.starts_with("signature-") {
            self.made.insert(event.get("evidence")?);
        }
        Ok(())
    }

    fn queue(&mut self, event: &Event<'_>, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        let (id, digest): (OrderId, Sha256Digest) = (event.get("order")?, event.get("digest")?);
        let kind: OrderKind = event.get("kind")?;
        let about = About::Order(id);
        if !self.queued.insert(id) {
            return Err(event.finding(about, "order-queued-twice", "it is put before the CA a second time"));
        }
        let Some(signed) = signed else { return Err(missing(event.record, about)) };
        let Some(bytes) = &signed.document else {
            // Only with the record that it is about, and the log says when.
            let record = event.optional("record")?.ok_or_else(|| missing(event.record, about))?;
            self.erased.insert(record, (event.record, id));
            self.verdict.erased += 1;
            self.waiting.insert(id, Waiting { kind, papers: None, begun: None, is_asked: false });
            return Ok(());
        };
        same_digest(event, &about, bytes, digest)?;
        let authorised = self
            .register
            .judged(event.at, |register, at| {
                authorise(bytes, &signed.signatures, register, register.installation(), at)
            })
            .map_err(|refusal| event.finding(about.clone(), refusal.code(), refusal.to_string()))?;
        let order = authorised.order();
        if order.order_id != id || order.kind() != kind {
            return Err(event.finding(about, "order-differs", "its content is that of another order"));
        }
        self.were_made_in_time(event, kind, &signed.signatures)?;
        self.verdict.orders += 1;
        self.count(&signed.signatures);
        let papers = Some((order.clone(), bytes.clone(), signed.signatures.clone()));
        self.waiting.insert(id, Waiting { kind, papers, begun: None, is_asked: false });
        Ok(())
    }

    /// A signature that was made later, with a key that was stolen meanwhile, has no place in the log before the order's.
    fn were_made_in_time(
        &mut self,
        event: &Event<'_>,
        kind: OrderKind,
        signatures: &[Vec<u8>],
    ) -> Result<(), TrailFinding> {
        match kind {
            // Registration is not where these are signed: the order is logged with the signatures complete.
            OrderKind::CertifyUnit | OrderKind::SuspendByCode => return Ok(()),
            OrderKind::Issue
            | OrderKind::Reissue
            | OrderKind::Release
            | OrderKind::Revoke
            | OrderKind::Suspend => {}
        }
        for signature in signatures {
            if !self.made.remove(&Sha256Digest::of(signature)) {
                let about = About::Order(event.get("order")?);
                let why = "the log does not have one of its signatures from when it was made";
                return Err(event.finding(about, "order-signature-not-logged", why));
            }
        }
        Ok(())
    }

    fn chain(&mut self, event: &Event<'_>, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        let (seq, digest): (u64, Sha256Digest) = (event.get("seq")?, event.get("grant")?);
        let about = About::Grant(seq);
        let Some(Signed { document: Some(bytes), signatures }) = signed else {
            return Err(missing(event.record, about));
        };
        same_digest(event, &about, bytes, digest)?;
        let mut next = self.register.now.clone();
        let document = next
            .append_new(bytes, signatures, event.at)
            .map_err(|refusal| event.finding(about.clone(), refusal.code(), refusal.to_string()))?;
        if document.seq() != seq {
            return Err(event.finding(about, "grant-differs", "it has another place in the chain"));
        }
        match &document {
            GrantDocument::AuthoriseResponder(authorise) => {
                let is_as_signed = authorise.authorisation == event.get::<OrderId>("authorisation")?
                    && u64::from(authorise.count) == event.get::<u64>("count")?
                    && authorise.not_after == event.get::<UtcTime>("until")?;
                same_authorisation(event, about, is_as_signed, &next, signatures)?;
            }
            GrantDocument::EndResponder(end) => {
                let is_as_signed = end.authorisation == event.get::<OrderId>("authorisation")?;
                same_authorisation(event, about, is_as_signed, &next, signatures)?;
            }
            GrantDocument::ReplacePin(_) => self.pinned(event, about, signatures)?,
            GrantDocument::End(_)
            | GrantDocument::Grant(_)
            | GrantDocument::RevokeCa(_)
            | GrantDocument::SucceedCa(_)
            | GrantDocument::TerminateCa(_) => {}
        }
        self.register.advance(next, event.at);
        self.verdict.grants += 1;
        self.count(signatures);
        Ok(())
    }

    /// The configuration made it hold; whether officers of before signed too says how much of it is its ceremony's word.
    fn pinned(
        &mut self,
        event: &Event<'_>,
        about: About,
        signatures: &[Vec<u8>],
    ) -> Result<(), TrailFinding> {
        let role = |jws: &Vec<u8>| FlatJws::from_bytes(jws).map(|jws| jws.header().role);
        if signatures.iter().any(|jws| role(jws) == Ok(SignerRole::SecurityOfficer)) {
            self.verdict.pins_signed += 1;
            return Ok(());
        }
        self.verdict.pins_witnessed += 1;
        if self.pins_known.is_some_and(|known| self.pins() > known) {
            let why = "no security officer of before signed it: the pin that is known must be that of its own ceremony's report";
            return Err(event.finding(about, "pin-not-signed", why));
        }
        Ok(())
    }

    fn presence(&mut self, event: &Event<'_>, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        let (digest, decided): (Sha256Digest, Sha256Digest) = (event.get("session")?, event.get("decided")?);
        self.attended.insert(decided);
        self.sessions.insert(digest);
        let Some(Signed { document: Some(bytes), signatures }) = signed else {
            self.verdict.statements_unseen += 1;
            return Ok(());
        };
        let about = About::Statement(digest);
        same_digest(event, &about, bytes, digest)?;
        let refused = |why: String| event.finding(about.clone(), "session-not-attended", why);
        let presence = Presence::from_bytes(bytes).map_err(|error| refused(error.to_string()))?;
        // What was done in the session may have been logged after it.
        let at = event.at.min(presence.opened.plus(Presence::LIFE));
        let attended = self
            .register
            .judged(at, |register, _| attend(&presence, signatures, register, at))
            .map_err(|refusal| refused(refusal.to_string()))?;
        let officers: Vec<String> = attended.officers().iter().map(ToString::to_string).collect();
        if presence.act.name() != event.text("act")?
            || presence.decided != decided
            || !event.lists("officers", &officers)
        {
            return Err(event.finding(about, "session-differs", "the log says another thing of the session"));
        }
        self.verdict.statements += 1;
        self.count(signatures);
        Ok(())
    }

    /// The session was held elsewhere, over the draft; the certificate's cause is the plan of which the draft was written.
    fn draft_signed(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let (plan, session): (Sha256Digest, Sha256Digest) = (event.get("plan")?, event.get("session")?);
        if !self.sessions.contains(&session) || !self.drafted.contains(&plan) {
            let why = "the log does not have the draft, or the session in which it is said to be signed";
            return Err(event.finding(About::Statement(session), "session-unknown", why));
        }
        self.attended.insert(plan);
        Ok(())
    }

    fn count(&mut self, signatures: &[Vec<u8>]) {
        self.verdict.signatures += u64::try_from(signatures.len()).unwrap_or(u64::MAX);
    }
}

/// The bounds of responders' certificates are read in the log by people who do not have the document.
fn same_authorisation(
    event: &Event<'_>,
    about: About,
    is_as_signed: bool,
    register: &Register,
    signatures: &[Vec<u8>],
) -> Result<(), TrailFinding> {
    let officer = |jws: &Vec<u8>| Some(register.by_key(FlatJws::from_bytes(jws).ok()?.header().kid)?.officer);
    let officers: Vec<String> =
        signatures.iter().filter_map(officer).map(|officer| officer.to_string()).collect();
    if is_as_signed && event.lists("signers", &officers) {
        return Ok(());
    }
    Err(event.finding(about, "grant-differs", "the log says another thing of the authorisation"))
}

fn same_digest(
    event: &Event<'_>,
    about: &About,
    bytes: &[u8],
    digest: Sha256Digest,
) -> Result<(), TrailFinding> {
    if Sha256Digest::of(bytes) == digest {
        return Ok(());
    }
    Err(event.finding(about.clone(), "document-differs", "its content is not the one that the log names"))
}

fn missing(record: u64, about: About) -> TrailFinding {
    let why = "what was signed is not in the file, and the log does not say that it was erased".into();
    TrailFinding { record, about, code: "document-missing", why }
}

fn malformed(record: u64) -> TrailFinding {
    let why = "a member is missing, or not what it must be".into();
    TrailFinding { record, about: About::Record, code: "event-malformed", why }
}

impl Event<'_> {
    fn finding(&self, about: About, code: &'static str, why: impl Into<String>) -> TrailFinding {
        TrailFinding { record: self.record, about, code, why: why.into() }
    }

    fn text(&self, name: &str) -> Result<&str, TrailFinding> {
        self.data.get(name).and_then(Value::as_str).ok_or_else(|| malformed(self.record))
    }

    fn get<T: FromStr>(&self, name: &str) -> Result<T, TrailFinding> {
        self.text(name)?.parse().map_err(|_| malformed(self.record))
    }

    /// None where the member is null.
    fn optional<T: FromStr>(&self, name: &str) -> Result<Option<T>, TrailFinding> {
        match self.data.get(name) {
            Some(Value::Null) => Ok(None),
            Some(_) | None => self.get(name).map(Some),
        }
    }

    /// Whether the member is a list of just these, in any order.
    fn lists(&self, name: &str, texts: &[String]) -> bool {
        let found = self.data.get(name).and_then(Value::as_array);
        found.is_some_and(|found| {
            found.len() == texts.len() && texts.iter().all(|text| found.iter().any(|one| one == text))
        })
    }
}
