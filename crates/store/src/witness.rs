//! The rollback witness: a small file outside the database, one per role (design §3).
//!
//! A database that was restored or rolled back must not un-revoke a certificate, use a CRL number again or forget
//! a grant. The file remembers how far the database had come; a database behind it is refused. It is trusted for
//! nothing else: deleting it stops the role, and changing it can only make a good database look old.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ndoba_ca::ports::AuthorityMark;
use ndoba_types::{CaName, InstallationId, Sha256Digest};
use serde::{Deserialize, Serialize};

use crate::durable_file;

/// The format's version.
const FORMAT: u32 = 1;
/// Nobody but the role reads it.
const MODE: u32 = 0o600;

/// How far a database had come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Per CA its status version and highest CRL number.
    pub authorities: Vec<AuthorityMark>,
    /// The highest grant of the register of officers.
    pub grant: u64,
    /// The last sealed checkpoint: the log's size and root.
    pub checkpoint: Option<CheckpointMark>,
}

/// A sealed state of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointMark {
    /// How many leaves.
    pub size: u64,
    /// The tree's root.
    pub root: Sha256Digest,
}

/// A role's witness.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
    installation: InstallationId,
    seen: Seen,
}

/// The file's content, merged: every value the highest that was ever seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    authorities: BTreeMap<CaName, AuthoritySeen>,
    grant: u64,
    checkpoint: Option<CheckpointMark>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoritySeen {
    version: u64,
    crl_number: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileJson {
    v: u32,
    installation: String,
    authorities: BTreeMap<String, AuthoritySeen>,
    grant: u64,
    checkpoint: Option<CheckpointJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointJson {
    size: u64,
    root: String,
}

impl Witness {
    /// Makes a role's witness at the ceremony.
    ///
    /// # Errors
    ///
    /// [`WitnessFileError::AlreadyThere`], or [`WitnessFileError::File`] when it cannot be written.
    pub fn create(
        path: &Path,
        installation: InstallationId,
        marks: &Marks,
    ) -> Result<Self, WitnessFileError> {
        if path.try_exists().map_err(|source| file(path, source))? {
            return Err(WitnessFileError::AlreadyThere { path: path.into() });
        }
        let seen = Seen::default().with(marks);
        let witness = Self { path: path.into(), installation, seen };
        witness.write(&witness.seen)?;
        Ok(witness)
    }

    /// Reads a role's witness at its start.
    ///
    /// # Errors
    ///
    /// [`WitnessFileError`]; a missing file is one: it was there since the ceremony.
    pub fn load(path: &Path, installation: InstallationId) -> Result<Self, WitnessFileError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(WitnessFileError::Missing { path: path.into() });
            }
            Err(source) => return Err(file(path, source)),
        };
        let damaged = || WitnessFileError::Damaged { path: path.into() };
        let FileJson { v, installation: whose, authorities, grant, checkpoint } =
            serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if v != FORMAT {
            return Err(damaged());
        }
        if whose != installation.to_string() {
            return Err(WitnessFileError::OtherInstallation { path: path.into() });
        }
        let checkpoint = checkpoint
            .map(|CheckpointJson { size, root }| {
                Ok(CheckpointMark { size, root: root.parse().map_err(|_| damaged())? })
            })
            .transpose()?;
        let authorities = authorities
            .into_iter()
            .map(|(ca, seen)| Ok((ca.parse().map_err(|_| damaged())?, seen)))
            .collect::<Result<_, _>>()?;
        Ok(Self { path: path.into(), installation, seen: Seen { authorities, grant, checkpoint } })
    }

    /// Compares a database with what was seen before.
    ///
    /// # Errors
    ///
    /// [`Behind`], for the first thing in which the database is older. Then the role must not act or answer; an
    /// accepted restore ([`Self::accept`]) is a decision of two security officers.
    pub fn check(&self, database: &Marks) -> Result<(), Behind> {
        let behind =
            |what: String, witness: String, database: String| Err(Behind { what, witness, database });
        for (ca, seen) in &self.seen.authorities {
            let AuthoritySeen { version, crl_number } = *seen;
            let (there_version, there_crl) = database
                .authorities
                .iter()
                .find(|mark| mark.ca == *ca)
                .map_or((0, 0), |mark| (mark.version, mark.crl_number));
            if there_version < version {
                return behind(
                    format!("status version of {ca}"),
                    version.to_string(),
                    there_version.to_string(),
                );
            }
            if there_crl < crl_number {
                return behind(format!("CRL number of {ca}"), crl_number.to_string(), there_crl.to_string());
            }
        }
        if database.grant < self.seen.grant {
            return behind(
                "register of officers".into(),
                self.seen.grant.to_string(),
                database.grant.to_string(),
            );
        }
        match (self.seen.checkpoint, database.checkpoint) {
            (Some(seen), Some(there)) if there.size == seen.size && there.root != seen.root => {
                behind("root of the audit log".into(), seen.root.to_string(), there.root.to_string())
            }
            (Some(seen), there) if there.is_none_or(|there| there.size < seen.size) => behind(
                "size of the audit log".into(),
                seen.size.to_string(),
                there.map_or(0, |there| there.size).to_string(),
            ),
            (None | Some(_), None | Some(_)) => Ok(()),
        }
    }

    /// Checks, then remembers, durably where anything is new. Called before what the marks allow is done or
    /// answered.
    ///
    /// # Errors
    ///
    /// [`AdvanceError::Behind`] as for [`Self::check`], with the file unchanged; [`AdvanceError::File`] when it
    /// cannot be written: then the role must not go on, because the next start could not tell.
    pub fn advance(&mut self, database: &Marks) -> Result<(), AdvanceError> {
        self.check(database)?;
        let seen = self.seen.clone().with(database);
        if seen != self.seen {
            self.write(&seen)?;
            self.seen = seen;
        }
        Ok(())
    }

    /// Forgets what was seen and takes `database` for the truth: the end of `ndoba db accept-restore`, which two
    /// security officers sign.
    ///
    /// # Errors
    ///
    /// [`WitnessFileError::File`].
    pub fn accept(&mut self, database: &Marks) -> Result<(), WitnessFileError> {
        let seen = Seen::default().with(database);
        self.write(&seen)?;
        self.seen = seen;
        Ok(())
    }

    /// What was seen.
    pub fn marks(&self) -> Marks {
        let Seen { authorities, grant, checkpoint } = &self.seen;
        let mark = |(ca, seen): (&CaName, &AuthoritySeen)| {
            let AuthoritySeen { version, crl_number } = *seen;
            AuthorityMark { ca: ca.clone(), version, crl_number }
        };
        Marks { authorities: authorities.iter().map(mark).collect(), grant: *grant, checkpoint: *checkpoint }
    }

    /// SHA-256 over the file, for the event that records an accepted restore.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.to_bytes(&self.seen))
    }

    fn write(&self, seen: &Seen) -> Result<(), WitnessFileError> {
        durable_file::replace(&self.path, &self.to_bytes(seen), MODE)
            .map_err(|source| file(&self.path, source))
    }

    fn to_bytes(&self, seen: &Seen) -> Vec<u8> {
        let Seen { authorities, grant, checkpoint } = seen.clone();
        let json = FileJson {
            v: FORMAT,
            installation: self.installation.to_string(),
            authorities: authorities.into_iter().map(|(ca, seen)| (ca.to_string(), seen)).collect(),
            grant,
            checkpoint: checkpoint
                .map(|CheckpointMark { size, root }| CheckpointJson { size, root: root.to_string() }),
        };
        // Maps with text keys and numbers: nothing in it can fail to be written.
        let mut bytes = serde_json::to_vec_pretty(&json).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl Seen {
    /// The higher of each.
    fn with(mut self, marks: &Marks) -> Self {
        let Marks { authorities, grant, checkpoint } = marks;
        for AuthorityMark { ca, version, crl_number } in authorities {
            let seen = self.authorities.entry(ca.clone()).or_default();
            seen.version = seen.version.max(*version);
            seen.crl_number = seen.crl_number.max(*crl_number);
        }
        self.grant = self.grant.max(*grant);
        self.checkpoint = match (self.checkpoint, *checkpoint) {
            (Some(seen), Some(new)) if new.size <= seen.size => Some(seen),
            (_, Some(new)) => Some(new),
            (seen, None) => seen,
        };
        self
    }
}

fn file(path: &Path, source: io::Error) -> WitnessFileError {
    WitnessFileError::File { path: path.into(), source }
}

/// The database is older than what this role has seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database is behind its witness: {what} is {database}, but was {witness}")]
pub struct Behind {
    /// Which value.
    pub what: String,
    /// What the witness has.
    pub witness: String,
    /// What the database has.
    pub database: String,
}

/// Why a witness could not be advanced.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The database was rolled back.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] WitnessFileError),
}

/// Why a witness file cannot be used. The role does not start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFileError {
    /// A ceremony would overwrite it.
    #[error("there is a witness already: {}", path.display())]
    AlreadyThere {
        /// Where.
        path: PathBuf,
    },
    /// Not the format of a witness.
    #[error("the witness cannot be read: {}", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the witness cannot be used: {}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It was there since the ceremony, and is gone.
    #[error("the witness is missing: {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The witness of another installation.
    #[error("the witness belongs to another installation: {}", path.display())]
    OtherInstallation {
        /// Where.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: InstallationId = InstallationId::from_bytes([7; 16]);

    fn marks(version: u64, crl_number: u64, grant: u64, checkpoint: Option<(u64, &[u8])>) -> Marks {
        Marks {
            authorities: vec![AuthorityMark { ca: "seal".parse().unwrap(), version, crl_number }],
            grant,
            checkpoint: checkpoint.map(|(size, root)| CheckpointMark { size, root: Sha256Digest::of(root) }),
        }
    }

    #[test]
    fn refuses_every_kind_of_step_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.json");
        let mut witness = Witness::create(&path, HOME, &Marks::default()).unwrap();
        witness.advance(&marks(5, 2, 3, Some((10, b"a")))).unwrap();
        // What was advanced is what a new process reads.
        let mut witness = Witness::load(&path, HOME).unwrap();
        witness.check(&marks(5, 2, 3, Some((10, b"a")))).unwrap();
        witness.check(&marks(6, 3, 4, Some((11, b"b")))).unwrap();
        for (older, what) in [
            (marks(4, 2, 3, Some((10, b"a"))), "status version of seal"),
            (marks(5, 1, 3, Some((10, b"a"))), "CRL number of seal"),
            (marks(5, 2, 2, Some((10, b"a"))), "register of officers"),
            (marks(5, 2, 3, Some((9, b"a"))), "size of the audit log"),
            (marks(5, 2, 3, None), "size of the audit log"),
            (marks(5, 2, 3, Some((10, b"b"))), "root of the audit log"),
            (Marks::default(), "status version of seal"),
        ] {
            assert_eq!(witness.check(&older).unwrap_err().what, what);
            assert!(matches!(witness.advance(&older), Err(AdvanceError::Behind(_))));
        }
        // Unless two security officers say so.
        witness.accept(&marks(4, 2, 3, None)).unwrap();
        Witness::load(&path, HOME).unwrap().check(&marks(4, 2, 3, None)).unwrap();
    }

    #[test]
    fn a_missing_foreign_or_damaged_file_is_no_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.json");
        assert!(matches!(Witness::load(&path, HOME), Err(WitnessFileError::Missing { .. })));
        Witness::create(&path, HOME, &Marks::default()).unwrap();
        assert!(matches!(
            Witness::create(&path, HOME, &Marks::default()),
            Err(WitnessFileError::AlreadyThere { .. })
        ));
        let other = InstallationId::from_bytes([8; 16]);
        assert!(matches!(Witness::load(&path, other), Err(WitnessFileError::OtherInstallation { .. })));
        fs::write(&path, b"{}").unwrap();
        assert!(matches!(Witness::load(&path, HOME), Err(WitnessFileError::Damaged { .. })));
    }
}
