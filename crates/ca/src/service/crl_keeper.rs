//! The lists that each CA owes ([`Ledger::owed_crls`]): opened, made when they are due, and kept online.
//!
//! A long list takes seconds, and a revocation must not wait for it: where the role has threads, this is one's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ndoba_audit::EventKind;
use ndoba_types::{CaName, CrlName, SignError, Span, UtcTime};
use ndoba_x509::PublicUrls;

use super::{CARE_INTERVAL, halt};
use crate::authority::IssuingCa;
use crate::crl::CrlPublication;
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{CrlFailure, Ledger, NewShard, OwedCrl};
use crate::service::token_rest::TokenRest;
use crate::world::{CrlSink, Failpoints};

/// After lists that took a while to make, changes wait so many times that while for the next ones: made anew for each of
/// many revocations, long lists would take the processors and the disk from these.
const REST: u32 = 9;
/// What counts as a while.
const LONG: Span = Span::millis(250);
/// They wait at most so long.
const LONGEST_REST: Span = Span::minutes(1);

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
    pub(super) rest: TokenRest,
    /// The number that was last found online, by list, and in which care that was.
    pub(super) online: BTreeMap<CrlName, (u64, Option<UtcTime>)>,
    /// The status version at which all lists of a CA were last found to be as they should, and in which care that was.
    pub(super) settled: BTreeMap<CaName, (u64, Option<UtcTime>)>,
    /// When the CA's next lists may be made for a change's sake.
    pub(super) next_from: BTreeMap<CaName, UtcTime>,
    pub(super) cared_at: Option<UtcTime>,
}

/// What one look at the lists of a CA found and did.
struct Look {
    ca: CaName,
    /// The CA's status version, where all of its lists showed what they should.
    settled: Option<u64>,
    /// Whether every shard is online.
    sharded: bool,
    /// What is online.
    online: Vec<(CrlName, u64)>,
    /// Lists made.
    made: usize,
    /// When the next may be made for a change's sake, where any were made.
    next_from: Option<UtcTime>,
    /// Why the token made no more of them.
    token_away: Option<SignError>,
}

impl CrlKeeper {
    /// Makes what lists are due, if the database is sound; whether it made any.
    ///
    /// # Errors
    ///
    /// [`CaError`]. After [`CaError::Halted`], and after a list that would lose a revocation, the whole role has stopped.
    pub fn step(&mut self) -> Result<bool, CaError> {
        if let Some(what) = self.node.halted() {
            return Err(CaError::Halted { what: what.into() });
        }
        if !self.told.sound.load(Ordering::Acquire) {
            return Ok(false);
        }
        let outcome = self.keep();
        if let Err(error) = &outcome {
            halt(&self.node, &*self.ledger, error);
        }
        outcome
    }

    /// The work of a step; whoever calls it stops the role on errors that ask for it.
    pub(super) fn keep(&mut self) -> Result<bool, CaError> {
        self.care()?;
        let looks: Result<Vec<_>, _> = self.authorities.values().map(|ca| self.look(ca)).collect();
        let mut made_any = false;
        for Look { ca, settled, sharded, online, made, next_from, token_away } in looks? {
            made_any |= made > 0;
            self.next_from.extend(next_from.map(|from| (ca.clone(), from)));
            self.told.made.fetch_add(made, Ordering::Relaxed);
            let care = self.cared_at;
            self.online.extend(online.into_iter().map(|(list, number)| (list, (number, care))));
            match settled {
                Some(version) => self.settled.insert(ca.clone(), (version, care)),
                None => self.settled.remove(&ca),
            };
            if sharded {
                self.told.sharded().insert(ca.clone());
            }
            // Revocations are in force without it (OCSP reads the rows); the other CAs' tokens may be well.
            if let Some(error) = token_away {
                tracing::error!(%ca, %error, "a CRL is due and the token does not sign");
                self.rest.begin(&ca, self.node.now());
            }
        }
        Ok(made_any)
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

    fn look(&self, ca: &IssuingCa) -> Result<Look, CaError> {
        let began = self.node.now();
        let whole = OwedCrl::whole(&ca.name);
        let now = self.ledger.crl_state(&whole.name)?;
        let version = now.version;
        // Shards may be many: asked about when something changed, and in each care. The whole list at every step.
        let all_settled = self.settled.get(&ca.name) == Some(&(version, self.cared_at));
        let lists = if all_settled { vec![whole] } else { self.owed(ca)? };
        let mut now = Some(now).filter(|_| lists.len() == 1);
        let mut look = Look {
            ca: ca.name.clone(),
            settled: Some(version),
            sharded: !all_settled,
            online: Vec::new(),
            made: 0,
            next_from: None,
            token_away: None,
        };
        // A clock that was set back meanwhile does not lengthen it.
        let rests = |from: &UtcTime| began < *from && from.since(began) <= LONGEST_REST;
        let changes_wait = self.next_from.get(&ca.name).is_some_and(rests);
        for list in lists {
            let name = list.name.clone();
            let publication = self.publication(ca, list);
            let state = now.take().map_or_else(|| self.ledger.crl_state(&name), Ok)?;
            // The file is read whole: not at every step.
            let number = state.last.as_ref().map_or(0, |last| last.number);
            if self.online.get(&name) != Some(&(number, self.cared_at)) {
                publication.catch_up(&state)?;
                look.online.push((name.clone(), number));
            }
            let mut shown = state.last.as_ref().map(|last| last.version);
            if publication.is_due(&state, false) {
                look.settled = None;
                // No number is taken while nobody can sign it.
                let answers = look.token_away.is_none() && self.rest.key_answers(ca, self.node.now());
                if answers && publication.is_due(&state, changes_wait) {
                    match publication.publish(&state) {
                        Ok(Some(summary)) => {
                            tracing::info!(list = %name, number = summary.number, "CRL published");
                            look.made += 1;
                            shown = Some(summary.version);
                        }
                        Ok(None) => {}
                        Err(CaError::Sign(error)) => look.token_away = Some(error),
                        Err(error) => return Err(error),
                    }
                }
            }
            // With every address that certificates will name.
            look.sharded &= name.shard.is_none() || shown.is_some_and(|shown| shown >= state.version);
        }
        if look.made > 0 {
            let now = self.node.now();
            let took = now.since(began);
            if took >= LONG {
                let from = (0..REST).fold(now, |from, _| from.plus(took));
                look.next_from = Some(from.min(now.plus(LONGEST_REST)));
            }
        }
        Ok(look)
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
