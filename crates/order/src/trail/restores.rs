//! Restores that two security officers accepted, and what followed from them.

use ndoba_types::Sha256Digest;

use super::{About, Event, Signed, Trail, TrailFinding, same_digest};
use crate::{AcceptRestore, accept_restore};

/// An accepted restore, as far as the log has not carried it out.
pub(super) struct Restore {
    /// The witnesses that end with it: role and file.
    witnesses: Vec<(String, Sha256Digest)>,
    officers: Vec<String>,
    /// How many revocations may be taken up.
    revocations: u64,
}

impl Trail {
    /// One event for each witness that ends, and for each but once.
    pub(super) fn restore(&mut self, event: &Event<'_>, signed: Option<&Signed>) -> Result<(), TrailFinding> {
        let digest: Sha256Digest = event.get("statement")?;
        if !self.restores.contains_key(&digest) {
            let accepted = self.accepted(event, digest, signed)?;
            self.restores.insert(digest, accepted);
        }
        let Some(Some(restore)) = self.restores.get_mut(&digest) else { return Ok(()) };
        let witness = (event.text("witness")?.to_owned(), event.get("was")?);
        let place = restore.witnesses.iter().position(|one| *one == witness);
        match place.filter(|_| event.lists("officers", &restore.officers)) {
            Some(place) => {
                restore.witnesses.swap_remove(place);
                Ok(())
            }
            None => {
                let why = "the log says another thing of the restore: its witness, or who signed";
                Err(event.finding(About::Statement(digest), "restore-differs", why))
            }
        }
    }

    fn accepted(
        &mut self,
        event: &Event<'_>,
        digest: Sha256Digest,
        signed: Option<&Signed>,
    ) -> Result<Option<Restore>, TrailFinding> {
        let Some(Signed { document: Some(bytes), signatures }) = signed else {
            self.verdict.statements_unseen += 1;
            return Ok(None);
        };
        let about = About::Statement(digest);
        same_digest(event, &about, bytes, digest)?;
        let refused = |why: String| event.finding(about.clone(), "restore-not-accepted", why);
        let statement = AcceptRestore::from_bytes(bytes).map_err(|error| refused(error.to_string()))?;
        // How the database was then, nobody can see any more: that the officers signed for it, everybody can.
        let accepted = self
            .register
            .judged_restore(event.at, |register, at| {
                accept_restore(bytes, signatures, &statement, register, at)
            })
            .map_err(|refusal| refused(refusal.to_string()))?;
        self.verdict.statements += 1;
        self.count(signatures);
        Ok(Some(Restore {
            officers: accepted.officers().iter().map(ToString::to_string).collect(),
            revocations: statement.revocations,
            witnesses: statement.witnesses.into_iter().map(|one| (one.role, one.file)).collect(),
        }))
    }

    /// What published lists prove was taken up again.
    pub(super) fn recovered(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let (ca, serial) = event.certificate()?;
        self.suspended.remove(&(ca.clone(), serial.clone()));
        let about = About::Certificate(ca, serial);
        match self.restores.get_mut(&event.get("statement")?) {
            None => {
                let why = "the log does not have the restore that it names";
                Err(event.finding(about, "restore-unknown", why))
            }
            Some(None) => Ok(()),
            Some(Some(restore)) => {
                restore.revocations = restore.revocations.checked_sub(1).ok_or_else(|| {
                    event.finding(about, "restore-differs", "more was taken up than the officers signed for")
                })?;
                Ok(())
            }
        }
    }
}
