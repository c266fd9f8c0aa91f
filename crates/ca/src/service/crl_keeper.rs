//! The lists that each CA owes ([`Ledger::owed_crls`]): opened, made when they are due, and kept online.
//!
//! A long list takes seconds, and a revocation must not wait for it: where the role has threads, this is one's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ndoba_audit::EventKind;
use ndoba_types::{CaName, CrlName, Span, UtcTime};
use ndoba_x509::PublicUrls;

use super::{CARE_INTERVAL, halt};
use crate::authority::IssuingCa;
use crate::crl::CrlPublication;
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{CrlFailure, Ledger, NewShard, OwedCrl};
use crate::service::rests::Rests;
use crate::world::{CrlSink, Failpoints};

/// After lists that took a while to make, changes wait so many times that while for the next ones: made anew for each of
/// many revocations, long lists would take the processors and the disk from these.
const REST: u32 = 9;
/// What counts as a while.
const LONG: Span = Span::millis(250);
/// They wait at most so long.
pub(super) const LONGEST_REST: Span = Span::minutes(1);

/// What the keeper and the rest of the role tell each other.
#[derive(Default)]
pub(super) struct Told {
    /// CAs whose shards are all online: certificates may name them.
    sharded: Mutex<BTreeSet<CaName>>,
    /// Lists made and not reported yet.
    made: AtomicUsize,
    /// Whether the database was found to be neither behind its witness nor with a broken register, when last looked at:
    /// lists are made from no other.
    sound: AtomicBool,
}

impl Told {
    /// Whether the shards that the CA's certificates are to name are online.
    pub(super) fn shards_are_online(&self, ca: &IssuingCa) -> bool {
        ca.shards.is_none() || self.sharded().contains(&ca.name)
    }

    /// Lists made since this was last asked.
    pub(super) fn take_made(&self) -> usize {
        self.made.swap(0, Ordering::Relaxed)
    }

    pub(super) fn database_is_sound(&self, sound: bool) {
        self.sound.store(sound, Ordering::Release);
    }

    fn sharded(&self) -> std::sync::MutexGuard<'_, BTreeSet<CaName>> {
        // Whole whatever happened to the thread that held it.
        self.sharded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A list that was made.
#[derive(Clone, Debug)]
pub struct MadeCrl {
    /// Which.
    pub list: CrlName,
    /// From reading its entries to being online: linted, signed, verified and recorded in between.
    pub took: Span,
}

/// Keeps the lists of all CAs. [`CaService::step`](super::CaService::step) does its work until
/// [`CaService::take_crl_keeper`](super::CaService::take_crl_keeper) gives it to another thread.
pub struct CrlKeeper {
    pub(super) node: Arc<Node>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) sink: Arc<dyn CrlSink>,
    pub(super) failpoints: Arc<dyn Failpoints>,
    pub(super) authorities: Arc<BTreeMap<CaName, IssuingCa>>,
    pub(super) urls: PublicUrls,
    pub(super) doubt_after: Span,
    pub(super) told: Arc<Told>,
    pub(super) tokens: Rests,
    /// While it lasts, the CA's lists are not made for a change's sake.
    pub(super) changes_wait: Rests,
    /// The number that was last found online, by list, and in which care that was.
    pub(super) online: BTreeMap<CrlName, (u64, Option<UtcTime>)>,
    /// The status version at which all lists of a CA were last found to be as they should, and in which care that was.
    pub(super) settled: BTreeMap<CaName, (u64, Option<UtcTime>)>,
    pub(super) cared_at: Option<UtcTime>,
}

impl CrlKeeper {
    /// Makes what lists are due, if the database is sound.
    ///
    /// # Errors
    ///
    /// [`CaError`]. After [`CaError::Halted`], and after a list that would lose a revocation, the whole role has stopped.
    pub fn step(&mut self) -> Result<Vec<MadeCrl>, CaError> {
        if let Some(what) = self.node.halted() {
            return Err(CaError::Halted { what: what.into() });
        }
        if !self.told.sound.load(Ordering::Acquire) {
            return Ok(Vec::new());
        }
        let outcome = self.keep();
        if let Err(error) = &outcome {
            halt(&self.node, &*self.ledger, error);
        }
        outcome
    }

    /// The work of a step; whoever calls it stops the role on errors that ask for it.
    pub(super) fn keep(&mut self) -> Result<Vec<MadeCrl>, CaError> {
        self.care()?;
        let authorities = Arc::clone(&self.authorities);
        let mut made = Vec::new();
        for ca in authorities.values() {
            made.extend(self.look(ca)?);
        }
        Ok(made)
    }

    /// Every few seconds: settles lists in doubt, and has what is online looked at again.
    fn care(&mut self) -> Result<(), CaError> {
        let now = self.node.now();
        if self.cared_at.is_some_and(|at| now.since(at) < CARE_INTERVAL && now >= at) {
            return Ok(());
        }
        let before = now.minus(self.doubt_after);
        for crl in self.ledger.crls_in_doubt(self.node.name(), self.node.epoch(), before)? {
            let Some(ca) = self.authorities.get(&crl.ca) else { continue };
            tracing::warn!(ca = %ca.name, number = crl.number, "a CRL was in doubt; its number is used up");
            self.publication(ca, OwedCrl::whole(&ca.name)).fail(&crl, CrlFailure::Lost)?;
        }
        self.cared_at = Some(now);
        Ok(())
    }

    /// Makes the lists of a CA that are due.
    fn look(&mut self, ca: &IssuingCa) -> Result<Vec<MadeCrl>, CaError> {
        let (began, care) = (self.node.now(), self.cared_at);
        let whole = OwedCrl::whole(&ca.name);
        let now = self.ledger.crl_state(&whole.name)?;
        let version = now.version;
        // Shards may be many: asked about when something changed, and in each care. The whole list at every step.
        let all_settled = self.settled.get(&ca.name) == Some(&(version, care));
        let lists = if all_settled { vec![whole] } else { self.owed(ca)? };
        let mut now = Some(now).filter(|_| lists.len() == 1);
        let changes_wait = self.changes_wait.lasts(&ca.name, began);
        let (mut settles, mut sharded, mut made) = (true, !all_settled, Vec::new());
        for list in lists {
            let name = list.name.clone();
            let state = now.take().map_or_else(|| self.ledger.crl_state(&name), Ok)?;
            let publication = self.publication(ca, list);
            // The file is read whole: not at every step.
            let number = state.last.as_ref().map_or(0, |last| last.number);
            if self.online.get(&name) != Some(&(number, care)) {
                publication.catch_up(&state)?;
            }
            let (is_due, is_due_now) =
                (publication.is_due(&state, false), publication.is_due(&state, changes_wait));
            // No number is taken while nobody can sign it.
            let can_be_made = is_due_now && self.tokens.key_answers(ca, self.node.now());
            let begun = self.node.now();
            let outcome = if can_be_made { publication.publish(&state) } else { Ok(None) };
            let took = self.node.now().since(begun);
            self.online.insert(name.clone(), (number, care));
            settles &= !is_due;
            let mut shown = state.last.map(|last| last.version);
            match outcome {
                Ok(Some(summary)) => {
                    tracing::info!(list = %name, number = summary.number, "CRL published");
                    self.told.made.fetch_add(1, Ordering::Relaxed);
                    shown = Some(summary.version);
                    made.push(MadeCrl { list: name.clone(), took });
                }
                Ok(None) => {}
                // Revocations are in force without it (OCSP reads the rows); the other CAs' tokens may be well.
                Err(CaError::Sign(error)) => {
                    tracing::error!(ca = %ca.name, %error, "a CRL is due and the token does not sign");
                    self.tokens.begin(&ca.name, self.node.now());
                }
                Err(error) => return Err(error),
            }
            // With every address that certificates will name.
            sharded &= name.shard.is_none() || shown.is_some_and(|shown| shown >= state.version);
        }
        if settles {
            self.settled.insert(ca.name.clone(), (version, care));
        } else {
            self.settled.remove(&ca.name);
        }
        if sharded {
            self.told.sharded().insert(ca.name.clone());
        }
        let now = self.node.now();
        let took = now.since(began);
        if !made.is_empty() && took >= LONG {
            let until = (0..REST).fold(now, |until, _| until.plus(took));
            self.changes_wait.begin_until(&ca.name, now, until);
        }
        Ok(made)
    }

    /// The lists that the CA owes, once the shards are opened that it deals certificates into.
    fn owed(&self, ca: &IssuingCa) -> Result<Vec<OwedCrl>, CaError> {
        if let Some(shards) = ca.shards.filter(|_| !self.told.sharded().contains(&ca.name)) {
            let new = shards.all().map(|shard| {
                let name = CrlName { ca: ca.name.clone(), shard: Some(shard) };
                let address = self.urls.of_crl(&name);
                let address = address.map_err(|error| CaError::Misconfigured { what: error.to_string() })?;
                let event = EventKind::CrlShardOpened { ca: ca.name.clone(), shard: shard.get().into() };
                Ok(NewShard { shard, address, event: self.node.event(event)? })
            });
            self.ledger.open_shards(&ca.name, new.collect::<Result<_, CaError>>()?)?;
        }
        Ok(self.ledger.owed_crls(&ca.name)?)
    }

    fn publication<'a>(&'a self, ca: &'a IssuingCa, list: OwedCrl) -> CrlPublication<'a> {
        CrlPublication {
            node: &self.node,
            ledger: &*self.ledger,
            sink: &*self.sink,
            failpoints: &*self.failpoints,
            ca,
            list,
        }
    }
}
