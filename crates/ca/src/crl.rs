//! CRLs: planned from the ledger's snapshot, linted, recorded, signed, compared, recorded, published (design §6).
//!
//! A list may have a million entries, so none is held: they go from the ledger into a draft beside what is published,
//! and from there through the lint and the hash, into the ledger and online, in pieces.

mod continuity;
mod pieces;

use std::thread;
use std::time::Duration;

use ndoba_audit::EventKind;
use ndoba_lint::{CrlContext, CrlLint, Scope, Severity};
use ndoba_types::{
    DigestToBeSigned, MessageHasher, PublishCrls, Sha256Digest, Sha256Hasher, SignError, Signature,
    SignatureAlgorithm, UtcTime,
};
use ndoba_x509::{CrlFrame, CrlNumber, CrlPlan, CrlReadError, CrlReader};

use crate::authority::IssuingCa;
use crate::crl::continuity::Continuity;
use crate::crl::pieces::{Entries, Framed, Recorded, for_each_piece};
use crate::ending::{AuthorityEnd, LastCrlIntent};
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{
    Attempt, CrlFailure, CrlInDoubt, CrlIntent, CrlIssued, CrlState, CrlSummary, Ledger, OwedCrl,
};
use crate::world::{Arrow, CrlSink, Failpoints, Octets, PublishError, ReadSeek};

/// How often, and how long after, a command looks again at a list that another process is about.
const ROUNDS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// What `attempt` made. `None`, another process being about that CA's list, is over soon: it is tried again for some
/// seconds.
pub(crate) fn unless_overtaken<T, E>(
    mut attempt: impl FnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    for _ in 0..ROUNDS {
        if let Some(made) = attempt()? {
            return Ok(Some(made));
        }
        thread::sleep(PAUSE);
    }
    attempt()
}

/// Carries out the publication of one list of a CA.
pub(crate) struct CrlPublication<'a> {
    pub(crate) node: &'a Node,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) sink: &'a dyn CrlSink,
    pub(crate) failpoints: &'a dyn Failpoints,
    pub(crate) ca: &'a IssuingCa,
    pub(crate) list: OwedCrl,
}

/// A list whose number is taken and which nobody has signed.
pub(crate) struct IntendedCrl {
    /// What stands around the entries in the TBSCertList.
    frame: CrlFrame,
    entries: Entries,
    /// Has seen the TBSCertList.
    hasher: MessageHasher,
    pub(crate) attempt: Attempt,
    pub(crate) summary: CrlSummary,
}

impl IntendedCrl {
    /// One whose TBSCertList is at hand: an offline CA's, which is short.
    pub(crate) fn held(
        tbs: Vec<u8>,
        algorithm: SignatureAlgorithm,
        attempt: Attempt,
        summary: CrlSummary,
    ) -> Self {
        let mut hasher = algorithm.hasher();
        hasher.update(&tbs);
        let entries = Entries { draft: Box::new(Vec::new()), length: 0 };
        Self { frame: CrlFrame { before: tbs, behind: Vec::new() }, entries, hasher, attempt, summary }
    }

    /// The TBSCertList, whole: of lists that are short.
    pub(crate) fn to_tbs(&self) -> Result<Vec<u8>, PublishError> {
        let framed = Framed { frame: self.frame.clone(), entries: &*self.entries.draft };
        Ok(pieces::whole(&framed)?)
    }
}

impl CrlPublication<'_> {
    /// Whether a new CRL is owed: none yet, a status that it shows changed since the last, or its time has come
    /// (CSS-6.3.9-05). While `changes_wait`, not for a change's sake.
    pub(crate) fn is_due(&self, state: &CrlState, changes_wait: bool) -> bool {
        match &state.last {
            None => true,
            // No list follows the last.
            Some(last) if last.is_last() => false,
            Some(last) => {
                let changed = state.version > last.version && !changes_wait;
                changed || self.node.now() >= last.this_update.plus(self.ca.crl.interval)
            }
        }
    }

    /// Puts the recorded CRL online again when what is online is older: publication failed, or the process ended
    /// between recording and publishing.
    pub(crate) fn catch_up(&self, state: &CrlState) -> Result<(), CaError> {
        let Some(last) = &state.last else { return Ok(()) };
        let _alone = self.sink.alone(&self.list.name)?;
        let (online, number) = (self.online_number()?, CrlNumber::new(last.number));
        if online.is_some_and(|online| online > number) || (online == Some(number) && state.published) {
            return Ok(());
        }
        let recorded = self.recorded(last.number);
        if online != Some(number) {
            self.sink.publish(&self.list.name, &recorded)?;
        }
        self.note_published(last.number, pieces::digest(&recorded).map_err(PublishError::from)?)
    }

    /// Records that a list is online: after it is, since a list that nobody could fetch was not published.
    fn note_published(&self, number: u64, crl: Sha256Digest) -> Result<(), CaError> {
        let ca = &self.ca.name;
        let event = self.node.event(EventKind::CrlPublished { ca: ca.clone(), number, crl })?;
        self.ledger.record_crl_published(ca, number, event)?;
        Ok(())
    }

    /// Whether the list that was recorded with that number is `der`: of lists that are short.
    pub(crate) fn is_recorded(&self, number: u64, der: &[u8]) -> Result<bool, CaError> {
        Ok(pieces::whole(&self.recorded(number)).map_err(PublishError::from)? == der)
    }

    fn recorded(&self, number: u64) -> Recorded<'_> {
        Recorded { ledger: self.ledger, ca: &self.ca.name, number }
    }

    /// Makes and publishes the next CRL. `None` when another node took the number first.
    pub(crate) fn publish(&self, state: &CrlState) -> Result<Option<CrlSummary>, CaError> {
        let validity = self.node.now().floor_to_second().plus(self.ca.crl.validity);
        let next_update = validity.min(self.ca.facts.not_after);
        self.make(state, next_update, &mut |intent| Ok(self.ledger.record_crl_intent(intent)?))
    }

    /// Makes and publishes the last CRL; beside it what the ledger said to the intent.
    pub(crate) fn publish_last(
        &self,
        state: &CrlState,
        end: AuthorityEnd,
    ) -> Result<(Option<CrlSummary>, LastCrlIntent), CaError> {
        let mut said = LastCrlIntent::NumberTaken;
        let made = self.make(state, UtcTime::NO_END, &mut |intent| {
            said = self.ledger.record_last_crl_intent(intent, end.clone())?;
            Ok(said == LastCrlIntent::Recorded)
        })?;
        Ok((made, said))
    }

    fn make(
        &self,
        state: &CrlState,
        next_update: UtcTime,
        record: &mut dyn FnMut(CrlIntent) -> Result<bool, CaError>,
    ) -> Result<Option<CrlSummary>, CaError> {
        let Some(intended) = self.intend(state, next_update, record)? else { return Ok(None) };
        self.failpoints.reached(Arrow::AfterCrlIntent);

        // 3. The token. A CRL that is lost here costs a number, nothing else: the next one says the same.
        let message = DigestToBeSigned::<PublishCrls>::assertion(intended.hasher.clone());
        let signature = match self.ca.revoke.sign_digest(message) {
            Ok(signature) => signature,
            Err(error) => {
                let failure = match error {
                    SignError::InDoubt { .. } => CrlFailure::Lost,
                    SignError::Busy | SignError::Refused { .. } | SignError::Unavailable { .. } => {
                        CrlFailure::Unsigned
                    }
                };
                let (number, attempt) = (intended.summary.number, intended.attempt);
                self.fail(&CrlInDoubt { ca: self.ca.name.clone(), number, attempt }, failure)?;
                return Err(CaError::Sign(error));
            }
        };
        self.failpoints.reached(Arrow::AfterCrlSign);
        self.complete(intended, &signature)
    }

    /// Steps 1 and 2: what is to be signed, durable. `None` when another node took the number first.
    pub(crate) fn intend(
        &self,
        state: &CrlState,
        next_update: UtcTime,
        record: &mut dyn FnMut(CrlIntent) -> Result<bool, CaError>,
    ) -> Result<Option<IntendedCrl>, CaError> {
        // 1. The entries, from one snapshot of the ledger: encoded and compared as they pass, kept in the draft only.
        let (version, entries) = self.entries()?;
        let this_update = self.node.now().floor_to_second();
        let number = state.highest_number + 1;
        let frame = self.plan(number, this_update, next_update).frame(entries.length);
        let tbs = Framed { frame: frame.clone(), entries: &*entries.draft };
        let (hasher, digest) = self.check(&tbs, this_update, next_update == UtcTime::NO_END)?;

        // 2. The number and the intent, durable.
        let key = &self.ca.revoke;
        let attempt = self.node.attempt(key.label(), &*self.ca.watch, hasher.clone().finish());
        let intent = CrlIntent {
            list: self.list.name.clone(),
            number,
            tbs: digest,
            attempt: attempt.clone(),
            event: self.node.event(EventKind::CrlIntended {
                ca: self.ca.name.clone(),
                number,
                tbs: digest,
                key: attempt.key.clone(),
                node: self.node.name_word(),
                epoch: self.node.epoch_word(),
                attempt: attempt.number,
            })?,
        };
        if !record(intent)? {
            return Ok(None);
        }
        self.node.intended(&attempt.key);
        let summary = CrlSummary { number, version, this_update, next_update };
        Ok(Some(IntendedCrl { frame, entries, hasher, attempt, summary }))
    }

    /// Steps 4 and 5: verified, durable, online. `None` when a higher number was recorded or published meanwhile.
    pub(crate) fn complete(
        &self,
        intended: IntendedCrl,
        signature: &Signature,
    ) -> Result<Option<CrlSummary>, CaError> {
        // 4. Verified before it is recorded or seen.
        let IntendedCrl { frame, entries, hasher, attempt, summary } = intended;
        let (number, version) = (summary.number, summary.version);
        let algorithm = self.ca.revoke.algorithm();
        let halted =
            |what: &str| CaError::Halted { what: format!("CRL {number} of {}: {what}", self.list.name) };
        ndoba_x509::verify_digest(&self.ca.facts.spki, algorithm, &hasher.finish(), signature.as_bytes())
            .map_err(|_| halted("the token's signature does not verify with the CA's public key"))?;
        let frame = frame.signed(entries.length, algorithm, signature);
        let der = Framed { frame, entries: &*entries.draft };

        // 5. Durable, then online.
        let crl = pieces::digest(&der).map_err(PublishError::from)?;
        let event =
            self.node.event(EventKind::CrlIssued { ca: self.ca.name.clone(), number, version, crl })?;
        let issued = CrlIssued {
            list: self.list.name.clone(),
            summary: summary.clone(),
            attempt,
            signatures: self.ca.watch.signatures(),
            event,
        };
        if !self.ledger.record_crl(issued, &der)? {
            return Ok(None);
        }
        self.failpoints.reached(Arrow::AfterCrlRecorded);
        if !self.put_online(number, crl, &der)? {
            return Ok(None);
        }
        self.note_published(number, crl)?;
        Ok(Some(summary))
    }

    /// Puts a recorded list online, unless another process has done so already. `false` when the one after it is there.
    fn put_online(&self, number: u64, crl: Sha256Digest, der: &dyn Octets) -> Result<bool, CaError> {
        let _alone = self.sink.alone(&self.list.name)?;
        let taken = || CaError::Halted {
            what: format!("a CRL of {} with a number not below {number} is online already", self.list.name),
        };
        match self.online_number()?.map(CrlNumber::get) {
            Some(online) if online > number => {
                // Ours to be found there only if the ledger gave its number out.
                if self.ledger.crl_state(&self.list.name)?.highest_number < online {
                    return Err(taken());
                }
                Ok(false)
            }
            Some(online) if online == number => {
                if self.online_digest()? != Some(crl) {
                    return Err(taken());
                }
                Ok(true)
            }
            Some(_) | None => {
                self.sink.publish(&self.list.name, der)?;
                Ok(true)
            }
        }
    }

    /// Ends a CRL's attempt without a CRL: the token said so, or a crash left it open.
    pub(crate) fn fail(&self, crl: &CrlInDoubt, failure: CrlFailure) -> Result<(), CaError> {
        let CrlInDoubt { ca, number, attempt: _ } = crl;
        let what = match failure {
            CrlFailure::Lost => EventKind::CrlLost { ca: ca.clone(), number: *number },
            CrlFailure::Unsigned => EventKind::CrlUnsigned { ca: ca.clone(), number: *number },
        };
        if !self.ledger.record_crl_failure(crl, failure, self.node.event(what)?)? {
            tracing::warn!(%ca, number, "the CRL in doubt was settled by another node");
        }
        Ok(())
    }

    fn plan(&self, number: u64, this_update: UtcTime, next_update: UtcTime) -> CrlPlan<'_> {
        CrlPlan {
            issuer: &self.ca.facts,
            number: CrlNumber::new(number),
            this_update,
            next_update,
            // Expired certificates stay on the list, since the CA began (411-2 CSS-6.3.10-03, -05; C-94).
            expired_certs_on_crl: Some(self.ca.facts.not_before),
            addresses: &self.list.addresses,
        }
    }

    /// The entries of the next list, and the status version that they show. A revoked certificate never vanishes; one
    /// that is on hold may have been released (design §6).
    fn entries(&self) -> Result<(u64, Entries), CaError> {
        let mut online = self.online()?;
        let listed = online.as_mut().map(CrlReader::entries).transpose().map_err(PublishError::from)?;
        let mut continuity = Continuity::with(listed);
        let mut entries = Entries::begin(self.sink.draft(&self.list.name)?);
        let version = self.ledger.for_each_revoked(&self.list.name, &mut |entry| {
            continuity.pass(&entry);
            entries.push(&entry);
        })?;
        let entries = entries.end().map_err(PublishError::from)?;
        match continuity.finish().map_err(PublishError::from)? {
            Ok(()) => Ok((version, entries)),
            Err(broken) => {
                Err(CaError::Discontinuous { list: self.list.name.clone(), what: broken.to_string() })
            }
        }
    }

    fn online_number(&self) -> Result<Option<CrlNumber>, CaError> {
        Ok(self.online()?.map(|online| online.number()))
    }

    fn online_digest(&self) -> Result<Option<Sha256Digest>, CaError> {
        let Some(mut der) = self.sink.online(&self.list.name)? else { return Ok(None) };
        Ok(Some(pieces::digest_from(&mut der).map_err(PublishError::from)?))
    }

    fn online(&self) -> Result<Option<CrlReader<Box<dyn ReadSeek>>>, CaError> {
        let Some(der) = self.sink.online(&self.list.name)? else { return Ok(None) };
        match CrlReader::open(der) {
            Ok(online) => Ok(Some(online)),
            Err(CrlReadError::Io(error)) => Err(PublishError::from(error).into()),
            Err(CrlReadError::Bad(_)) => Err(CaError::Discontinuous {
                list: self.list.name.clone(),
                what: "the list online cannot be read".into(),
            }),
        }
    }

    /// What is about to be signed passes the lint, or the CA stops: no officer can mend a CRL. Every octet that is hashed
    /// has been judged.
    fn check(
        &self,
        tbs: &Framed<'_>,
        now: UtcTime,
        is_last: bool,
    ) -> Result<(MessageHasher, Sha256Digest), CaError> {
        let mut lint = CrlLint::new(CrlContext {
            scope: Scope::Ours,
            issuer: Some(self.ca.as_lint_issuer()),
            now,
            lists_cas: self.ca.certifies_cas,
            is_last,
            addresses: &self.list.addresses,
        });
        let (mut hasher, mut digest) = (self.ca.revoke.algorithm().hasher(), Sha256Hasher::default());
        for_each_piece(tbs, |piece| {
            lint.push(piece);
            hasher.update(piece);
            digest.update(piece);
        })
        .map_err(PublishError::from)?;
        let mut errors = lint.finish().into_iter().filter(|finding| finding.severity == Severity::Error);
        match errors.next() {
            None => Ok((hasher, digest.finish())),
            Some(first) => Err(CaError::Halted {
                what: format!("the CRL of {} fails the lint: {first}", self.list.name),
            }),
        }
    }
}
