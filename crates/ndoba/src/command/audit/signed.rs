//! The files with what officers signed, read beside the log, and the verdict on their signatures.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Split};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_audit::Record;
use ndoba_order::{Named, Signed, SignedLine, Trail, TrailFinding, TrailVerdict, read_signed_header};
use ndoba_types::Sha256Digest;

use crate::files;

/// What is known of the officers' signatures while the log is read.
pub(super) enum Signatures {
    /// Nothing was brought: how many events name something signed.
    Unseen(u64),
    /// The files, and how far they were followed.
    Looked(Box<Looking>),
}

pub(super) struct Looking {
    lines: Split<BufReader<File>>,
    path: PathBuf,
    /// The file's line for this record or a later one.
    ahead: Option<SignedLine>,
    statements: Vec<PathBuf>,
    trail: Trail,
    pin: Sha256Digest,
    is_pin_known: bool,
    wrong: Option<Wrong>,
}

/// Why the log was followed no further.
enum Wrong {
    Finding(TrailFinding),
    Unreadable(anyhow::Error),
}

/// What was found of the signatures.
pub(super) enum Looked {
    /// How many events name something signed: nobody looked at it.
    Unseen(u64),
    /// Everything holds.
    Held {
        /// How much.
        verdict: TrailVerdict,
        /// The pin's digest.
        pin: Sha256Digest,
        /// Whether it is the one that the verifier had from elsewhere.
        is_pin_known: bool,
    },
}

impl Signatures {
    pub(super) fn unseen() -> Self {
        Self::Unseen(0)
    }

    /// Reads the file's beginning.
    pub(super) fn open(
        path: &Path,
        pin: Option<Sha256Digest>,
        statements: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut lines = BufReader::new(file).split(b'\n');
        let header = lines.next().transpose()?.unwrap_or_default();
        let own = read_signed_header(&header)
            .map_err(|_| anyhow::anyhow!("signed: {} is no file of signed documents", path.display()))?;
        let digest = own.digest()?;
        let mut trail = Trail::new(&own)?;
        if let Some(pin) = pin {
            // An older one will do where officers of before signed whatever took its place.
            let place = own.place_of(pin)?;
            trail =
                trail.knowing_pins_to(place.with_context(|| {
                    format!("pin: {} leads back to another pin, {digest}", path.display())
                })?);
        }
        Ok(Self::Looked(Box::new(Looking {
            lines,
            path: path.into(),
            ahead: None,
            statements: statements.to_vec(),
            trail,
            pin: digest,
            is_pin_known: pin.is_some(),
            wrong: None,
        })))
    }

    /// Takes a line of the log. What it is worth the log's own verifier says.
    pub(super) fn line(&mut self, line: &[u8]) {
        let Ok(record) = Record::from_bytes(line) else { return };
        match self {
            Self::Unseen(count) => *count += u64::from(Named::by(record.event()).is_some()),
            Self::Looked(looking) => {
                if looking.wrong.is_none() {
                    looking.wrong = looking.follow(&record).err();
                }
            }
        }
    }

    /// The verdict, once the log is known to be as it was sealed.
    pub(super) fn finish(self) -> anyhow::Result<Looked> {
        match self {
            Self::Unseen(count) => Ok(Looked::Unseen(count)),
            Self::Looked(looking) => {
                let Looking { trail, pin, is_pin_known, wrong, .. } = *looking;
                match wrong {
                    Some(Wrong::Finding(finding)) => Err(finding.into()),
                    Some(Wrong::Unreadable(error)) => Err(error),
                    None => Ok(Looked::Held { verdict: trail.finish()?, pin, is_pin_known }),
                }
            }
        }
    }
}

impl Looking {
    fn follow(&mut self, record: &Record) -> Result<(), Wrong> {
        let signed = match Named::by(record.event()) {
            None => None,
            Some(Named::Statement(digest)) => self.statement(digest).map_err(Wrong::Unreadable)?,
            Some(Named::Grant(_) | Named::Order(_)) => self.of(record.index()).map_err(Wrong::Unreadable)?,
        };
        self.trail.event(record.index(), record.event(), signed.as_ref()).map_err(Wrong::Finding)
    }

    /// The file's line for this record, if it has one; those of records that name nothing are passed by.
    fn of(&mut self, record: u64) -> anyhow::Result<Option<Signed>> {
        loop {
            let line = match self.ahead.take() {
                Some(line) => line,
                None => match self.lines.next() {
                    None => return Ok(None),
                    Some(line) => SignedLine::from_bytes(&line?).map_err(|_| {
                        anyhow::anyhow!("signed: a line of {} is not one", self.path.display())
                    })?,
                },
            };
            if line.record == record {
                return Ok(Some(line.signed));
            }
            if line.record > record {
                self.ahead = Some(line);
                return Ok(None);
            }
        }
    }

    /// A statement and its signatures, as the commands that use a CA's key by hand keep them.
    fn statement(&self, digest: Sha256Digest) -> anyhow::Result<Option<Signed>> {
        let folders = self.statements.iter().map(|folder| folder.join(digest.to_string()));
        let Some(folder) = folders.into_iter().find(|folder| folder.join("statement.json").exists()) else {
            return Ok(None);
        };
        let document = files::read(&folder.join("statement.json"))?;
        let signatures = (1..=2)
            .map(|number| folder.join(format!("signature-{number}.json")))
            .filter(|path| path.exists())
            .map(|path| files::read(&path))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Some(Signed { document: Some(document), signatures }))
    }
}
