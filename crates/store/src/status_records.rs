//! The responder's ports: status look-ups, and the versions that date what this node knows.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use ndoba_ca::ports::AuthorityMark;
use ndoba_ocsp::{
    CertStatusFacts, FinalQuestion, FinalRecord, KnownVersion, StatusError, StatusSnapshot, StatusSource,
    StatusVersion, StatusVersions,
};
use ndoba_types::{CaName, CrlName, SerialNumber, UtcTime};

use crate::Store;
use crate::error::StoreError;
use crate::queries::{finals, heartbeat, status, versions};
use crate::stored;
use crate::witness::{AdvanceError, Marks, Witness};

/// How the age of what a node knows is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dating {
    /// This node reads the database that the CA writes: it knows all that is committed when it looks.
    Primary,
    /// This node reads a replica: what it knows is as old as the newest heartbeat that arrived there.
    Replica,
}

/// The records as an OCSP node uses them: look-ups that stop when the database turns out to be older than the
/// node's witness, and the versions that the cache compares with.
///
/// [`Self::refresh`] is called every 250 ms by a thread of the node; nothing here reads a clock.
pub struct StatusRecords {
    store: Store,
    dating: Dating,
    known: RwLock<HashMap<CaName, KnownVersion>>,
    /// The status changes of this process before which `known` was read.
    seen: AtomicU64,
    watch: Mutex<Watch>,
    doubts: RwLock<Doubts>,
}

struct Watch {
    witness: Option<Witness>,
}

/// What must not be answered.
#[derive(Default)]
struct Doubts {
    behind: bool,
    /// On a published CRL, but not revoked in the database.
    serials: HashMap<CrlName, HashSet<SerialNumber>>,
}

impl StatusRecords {
    /// Takes the store and the role's witness; without one (tests, tools) rollbacks go unnoticed.
    pub fn new(store: Store, dating: Dating, witness: Option<Witness>) -> Self {
        Self {
            store,
            dating,
            known: RwLock::default(),
            seen: AtomicU64::new(0),
            watch: Mutex::new(Watch { witness }),
            doubts: RwLock::default(),
        }
    }

    /// Looks at the versions of all CAs, compares them with the witness and advances it.
    ///
    /// # Errors
    ///
    /// [`RefreshError`]. After [`RefreshError::Witness`] every look-up fails until a refresh succeeds again; the
    /// other errors leave what was known with its age, which the cache judges.
    pub fn refresh(&self, now: UtcTime) -> Result<(), RefreshError> {
        let mut watch = self.watch();
        let changes = self.store.status_changes();
        let (marks, beat) = self
            .store
            .snapshot("status_versions", |conn| Ok((versions::all(conn)?, heartbeat::newest(conn)?)))?;
        let database = Marks { authorities: marks, grant: 0, checkpoint: None };
        self.bear_witness(&mut watch, &database)?;
        drop(watch);
        let as_of = match self.dating {
            Dating::Primary => now,
            Dating::Replica => beat.map(|beat| beat.at.min(now)).ok_or(RefreshError::NoHeartbeat)?,
        };
        let known = database
            .authorities
            .into_iter()
            .map(|AuthorityMark { ca, version, crl_number: _ }| {
                (ca, KnownVersion { version: StatusVersion(version), as_of })
            })
            .collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        self.seen.fetch_max(changes, Ordering::SeqCst);
        Ok(())
    }

    /// The witness. Whoever compares the database with it holds it from before he looks at the database: what was
    /// read before somebody else advanced it would look like a database that went back.
    fn watch(&self) -> MutexGuard<'_, Watch> {
        // A panic in one leaves a witness that is at worst older than it could be.
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares the marks with the witness and advances it.
    fn bear_witness(&self, watch: &mut Watch, database: &Marks) -> Result<(), AdvanceError> {
        let Some(witness) = &mut watch.witness else { return Ok(()) };
        let advanced = witness.advance(database);
        let behind = matches!(advanced, Err(AdvanceError::Behind(_)));
        self.doubts.write().unwrap_or_else(PoisonError::into_inner).behind = behind;
        advanced
    }

    /// Has the witness know of a change before an answer tells of it: a database that forgot it is then refused, even
    /// when this process ended before its next refresh.
    fn remember(&self, issuer: &CaName, version: StatusVersion) -> Result<(), StatusError> {
        let mut watch = self.watch();
        // Whoever held it until now may have written that down, and much that came after it.
        let written = |witness: &Witness| {
            let seen = witness.marks().authorities;
            seen.iter().any(|mark| mark.ca == *issuer && mark.version >= version.0)
        };
        if watch.witness.as_ref().is_none_or(written) {
            return Ok(());
        }
        let marks = self.store.snapshot("status_versions", versions::all)?;
        let database = Marks { authorities: marks, grant: 0, checkpoint: None };
        self.bear_witness(&mut watch, &database).map_err(|error| match error {
            AdvanceError::Behind(_) => StatusError::BehindWitness,
            AdvanceError::File(error) => StatusError::Unavailable { reason: error.to_string() },
        })
    }

    /// Compares a CRL that was published, showing status `version`, with the database: its serials must be revoked
    /// or have been released after that version. Those that are neither are not answered any more; they are returned
    /// for the alarm.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was compared.
    pub fn compare_with_crl(
        &self,
        list: &CrlName,
        version: u64,
        serials: impl IntoIterator<Item = SerialNumber>,
    ) -> Result<Vec<SerialNumber>, StoreError> {
        /// Serials per statement: below the bind limits of both engines.
        const BATCH: usize = 1_000;
        let version = stored::count_to_row(version, "a CRL's status version")?;
        let mut vanished = Vec::new();
        let mut serials = serials.into_iter();
        loop {
            let batch: Vec<SerialNumber> = serials.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            vanished.extend(
                self.store.snapshot("compare_with_crl", |conn| {
                    status::unrevoked(conn, &list.ca, version, &batch)
                })?,
            );
        }
        let mut doubts = self.doubts.write().unwrap_or_else(PoisonError::into_inner);
        doubts.serials.remove(list);
        if !vanished.is_empty() {
            doubts.serials.insert(list.clone(), vanished.iter().cloned().collect());
        }
        Ok(vanished)
    }
}

impl StatusRecords {
    /// What the last look at the versions showed.
    fn looked_at(&self, issuer: &CaName) -> Option<KnownVersion> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(issuer).copied()
    }
}

impl StatusSource for StatusRecords {
    fn statuses(&self, issuer: &CaName, serials: &[SerialNumber]) -> Result<StatusSnapshot, StatusError> {
        {
            let doubts = self.doubts.read().unwrap_or_else(PoisonError::into_inner);
            let mut of_issuer = doubts.serials.iter().filter(|(list, _)| list.ca == *issuer);
            let doubtful = of_issuer.any(|(_, doubted)| serials.iter().any(|one| doubted.contains(one)));
            if doubts.behind || doubtful {
                return Err(StatusError::BehindWitness);
            }
        }
        let found = look_up(&self.store, issuer, serials)?;
        // `good` and `unknown` tell of no revocation that a database could forget.
        if found.facts.iter().any(tells_of_a_change)
            && self.looked_at(issuer).is_none_or(|known| known.version < found.version)
        {
            self.remember(issuer, found.version)?;
        }
        Ok(found)
    }

    fn final_answer(&self, question: &FinalQuestion) -> Result<Option<FinalRecord>, StatusError> {
        if self.doubts.read().unwrap_or_else(PoisonError::into_inner).behind {
            return Err(StatusError::BehindWitness);
        }
        Ok(self.store.read("final_answer", |conn| finals::find(conn, question))?)
    }
}

impl StatusVersions for StatusRecords {
    fn known(&self, issuer: &CaName) -> Option<KnownVersion> {
        let changed = self.store.status_changes() > self.seen.load(Ordering::SeqCst);
        let known = self.looked_at(issuer);
        // This process changed a status since the last look: whatever was kept is confirmed by the records first, so
        // that the change is visible with the commit's return.
        known.map(
            |known| if changed { KnownVersion { version: StatusVersion(u64::MAX), ..known } } else { known },
        )
    }
}

fn tells_of_a_change(facts: &CertStatusFacts) -> bool {
    match facts {
        CertStatusFacts::Revoked { .. } | CertStatusFacts::Suspended { .. } => true,
        CertStatusFacts::Good { .. } | CertStatusFacts::NotIssued => false,
    }
}

/// The version first, then the facts: an answer may be newer than the version it is filed under, never older.
fn look_up(store: &Store, issuer: &CaName, serials: &[SerialNumber]) -> Result<StatusSnapshot, StoreError> {
    store.read("statuses", |conn| {
        let version = StatusVersion(versions::counters(conn, issuer)?.version()?);
        let facts: Vec<CertStatusFacts> = status::facts(conn, issuer, serials)?;
        Ok(StatusSnapshot { version, facts })
    })
}

/// The text of the whole chain: these errors have no source of their own, because answers are cached with them.
impl From<StoreError> for StatusError {
    fn from(error: StoreError) -> Self {
        let reason = match &error {
            StoreError::Busy(cause) | StoreError::Unavailable(cause) => format!("{error}: {cause}"),
            StoreError::Conflict(_) | StoreError::Corrupt { .. } | StoreError::Locked => error.to_string(),
        };
        Self::Unavailable { reason }
    }
}

/// Why a node's knowledge could not be renewed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Rolled back, or the witness cannot be written: raise an alarm.
    #[error("the records cannot be trusted")]
    Witness(#[from] AdvanceError),
    /// A replica without a sign of life of any `ca` node.
    #[error("no heartbeat of a ca node has arrived here")]
    NoHeartbeat,
    /// The database did not answer.
    #[error("the status versions could not be read")]
    Store(#[from] StoreError),
}

impl Store {
    /// Writes a sign of life of a `ca` node, once a second: it dates what replicas know.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn beat(&self, node: &str, now: UtcTime, token_answers: bool) -> Result<(), StoreError> {
        self.write("heartbeat", |conn| heartbeat::beat(conn, node, now, token_answers))
    }

    /// How far this database has come: what a role's witness is compared with.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn all_marks(&self) -> Result<Marks, StoreError> {
        self.snapshot("marks", |conn| {
            Ok(Marks {
                authorities: versions::all(conn)?,
                grant: crate::queries::grants::head(conn)?,
                checkpoint: crate::queries::audit_log::latest_checkpoint(conn)?.map(|signed| {
                    crate::witness::CheckpointMark {
                        size: signed.checkpoint.size,
                        root: signed.checkpoint.root,
                    }
                }),
            })
        })
    }
}
