//! The verifier: what an outsider runs over an export, trusting nobody (K-P05).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ndoba_types::{
    InstallationId, Sha256Digest, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime, canonical,
};
use serde::Deserialize;

use crate::export::FORMAT;
use crate::{BadRecord, Frontier, Record, SignedCheckpoint};

/// Verifies a signature; `ndoba-x509`'s `verify_signature` behind a closure.
pub trait SignatureVerifier {
    /// Whether `signature` over `message` holds by `key`.
    fn verify(
        &self,
        key: &SubjectPublicKeyInfo,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool;
}

impl<F: Fn(&SubjectPublicKeyInfo, SignatureAlgorithm, &[u8], &[u8]) -> bool> SignatureVerifier for F {
    fn verify(
        &self,
        key: &SubjectPublicKeyInfo,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self(key, algorithm, message, signature)
    }
}

/// Verifies the time-stamp of a checkpoint; `ndoba-tsa`'s `verify_token` behind a closure.
pub trait TokenVerifier {
    /// Whether the RFC 3161 token `token` holds for `digest`, of SHA-256.
    fn holds(&self, token: &[u8], digest: Sha256Digest) -> bool;
}

impl<F: Fn(&[u8], Sha256Digest) -> bool> TokenVerifier for F {
    fn holds(&self, token: &[u8], digest: Sha256Digest) -> bool {
        self(token, digest)
    }
}

/// What an export without findings proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whose log.
    pub installation: InstallationId,
    /// The records 0 to `sealed` − 1 are as they were when the last checkpoint was signed.
    pub sealed: u64,
    /// How many more records there are behind them, which nothing proves yet.
    pub unsealed: u64,
    /// How many checkpoints were verified.
    pub checkpoints: u64,
    /// How many of them carry a time-stamp, which holds. Whom the time-stamps' signers can be trusted by is for the
    /// verifier to judge.
    pub stamped: u64,
    /// The last of them: keep it, and give it as `seen` next time.
    pub last: SignedCheckpoint,
    /// The log is complete at least up to this many records, by the newest checkpoint that the verifier held
    /// before; 0 when it held none: then whole intervals may be missing at the end.
    pub complete: u64,
    /// Whether the signing keys were compared with a fingerprint that the verifier had from elsewhere. If not, the
    /// export proves only that one holder of the keys within made it.
    pub key_pinned: bool,
}

/// The first thing that is wrong with an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A checkpoint is malformed, out of place, or its signature does not hold.
    #[error("checkpoint {number}: {what}")]
    BadCheckpoint {
        /// Its number, counted.
        number: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The first line is not that of an export.
    #[error("header: the export's first line is not that of an audit export")]
    BadHeader,
    /// A record is not what it was.
    #[error("record {index}: {what}")]
    BadRecord {
        /// Its place, counted.
        index: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The export ends before records that a checkpoint covers which the verifier holds.
    #[error("record {have}: it is missing, but a checkpoint over {need} was seen before")]
    Cut {
        /// How many records there are, which is the place of the first that is missing.
        have: u64,
        /// How many were sealed before.
        need: u64,
    },
    /// The export's checkpoint of that number is another than the one that the verifier holds.
    #[error("checkpoint {number}: it is not the one that was seen before, the log was made anew")]
    Forked {
        /// Its number.
        number: u64,
    },
    /// Records were changed, and the hashes with them: some of these, from `from` on.
    #[error("records {from} to {to}: they are not those that were sealed; their hashes were rewritten")]
    Rewritten {
        /// The first that may be changed.
        from: u64,
        /// The last before the checkpoint that shows it, inclusive.
        to: u64,
    },
    /// A checkpoint the verifier brought is not from this log's keys.
    #[error("seen: the checkpoint that was seen before does not belong to this log")]
    SeenIsForeign,
    /// There is no checkpoint at all: nothing is proved.
    #[error("unsealed: the export has no checkpoint")]
    Unsealed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderJson {
    format: String,
    installation: String,
    keys: Vec<String>,
}

/// Reads an export line by line, in memory that does not grow with it.
pub struct ExportVerifier<'v> {
    signatures: &'v dyn SignatureVerifier,
    tokens: &'v dyn TokenVerifier,
    pinned: Option<&'v [Sha256Digest]>,
    seen: &'v [SignedCheckpoint],
    header: Option<(InstallationId, BTreeMap<Sha256Digest, SubjectPublicKeyInfo>)>,
    frontier: Frontier,
    last_record: Option<Sha256Digest>,
    last_checkpoint: Option<SignedCheckpoint>,
    stamped: u64,
    complete: u64,
}

impl<'v> ExportVerifier<'v> {
    /// A verifier for one export.
    ///
    /// # Inputs
    ///
    /// - `seen` – checkpoints that the verifier got earlier, from the public address or another export.
    /// - `pinned` – fingerprints of the audit keys from a source that is not the export, such as the ceremony's
    ///   report.
    pub fn new(
        signatures: &'v dyn SignatureVerifier,
        tokens: &'v dyn TokenVerifier,
        seen: &'v [SignedCheckpoint],
        pinned: Option<&'v [Sha256Digest]>,
    ) -> Self {
        Self {
            signatures,
            tokens,
            pinned,
            seen,
            header: None,
            frontier: Frontier::new(),
            last_record: None,
            last_checkpoint: None,
            stamped: 0,
            complete: 0,
        }
    }

    /// Takes the next line, without its line end.
    ///
    /// # Errors
    ///
    /// The first [`Finding`]; what follows it means nothing.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Finding> {
        let Some((installation, keys)) = &self.header else {
            self.header = Some(read_header(line)?);
            return self.check_seen();
        };
        // A record begins with its event, a checkpoint with its algorithm: both are canonical, so this is exact.
        if line.starts_with(b"{\"algorithm\":") {
            let signed = self.check_checkpoint(*installation, keys, line)?;
            self.take_checkpoint(signed)
        } else {
            self.take_record(line)
        }
    }

    /// Ends the export.
    ///
    /// # Errors
    ///
    /// A [`Finding`] about what is missing.
    pub fn finish(self) -> Result<Verdict, Finding> {
        let (installation, _) = self.header.ok_or(Finding::BadHeader)?;
        let have = self.last_checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size);
        let numbers = self.last_checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.number + 1);
        let newest = self.seen.iter().map(|signed| &signed.checkpoint).max_by_key(|seen| seen.number);
        if let Some(newest) = newest.filter(|newest| newest.number >= numbers) {
            let (have, need) = (self.frontier.size(), newest.size);
            if have < need {
                return Err(Finding::Cut { have, need });
            }
            let what = "it is missing, but a later one was seen before";
            return Err(Finding::BadCheckpoint { number: numbers, what });
        }
        let last = self.last_checkpoint.ok_or(Finding::Unsealed)?;
        Ok(Verdict {
            installation,
            sealed: have,
            unsealed: self.frontier.size() - have,
            checkpoints: numbers,
            stamped: self.stamped,
            last,
            complete: self.complete,
            key_pinned: self.pinned.is_some(),
        })
    }

    /// The checkpoints that the verifier brought must be this log's, or they would prove nothing about it.
    fn check_seen(&self) -> Result<(), Finding> {
        let Some((installation, keys)) = &self.header else { return Err(Finding::BadHeader) };
        let mut by_number = BTreeMap::new();
        for signed in self.seen {
            let number = signed.checkpoint.number;
            let holds = self.signature_holds(keys, signed) && self.token_holds(signed);
            if signed.checkpoint.installation != *installation || !holds {
                return Err(Finding::SeenIsForeign);
            }
            if *by_number.entry(number).or_insert(signed.digest()) != signed.digest() {
                return Err(Finding::Forked { number });
            }
        }
        Ok(())
    }

    fn token_holds(&self, signed: &SignedCheckpoint) -> bool {
        signed.token.as_ref().is_none_or(|token| self.tokens.holds(token, signed.digest()))
    }

    fn signature_holds(
        &self,
        keys: &BTreeMap<Sha256Digest, SubjectPublicKeyInfo>,
        signed: &SignedCheckpoint,
    ) -> bool {
        let pinned = self.pinned.is_none_or(|pinned| pinned.contains(&signed.key));
        let holds = |key| {
            let message = signed.checkpoint.to_bytes();
            self.signatures.verify(key, signed.algorithm, &message, signed.signature.as_bytes())
        };
        pinned && keys.get(&signed.key).is_some_and(holds)
    }

    fn take_record(&mut self, line: &[u8]) -> Result<(), Finding> {
        let index = self.frontier.size();
        let bad = |what| Finding::BadRecord { index, what };
        let record = Record::from_bytes(line).map_err(|error| match error {
            BadRecord::Altered => bad("its hash does not follow from its content"),
            BadRecord::Malformed => bad("it is not a record"),
        })?;
        if record.index() != index {
            return Err(bad("another record stands in its place"));
        }
        if record.prev() != self.last_record {
            // This record agrees with itself and disagrees with the one before about that one's hash: the one
            // before was changed and hashed again.
            let index = index.saturating_sub(1);
            return Err(Finding::BadRecord {
                index,
                what: "its hash is not the one that the next record names",
            });
        }
        self.last_record = Some(record.hash());
        self.frontier.push(record.hash());
        Ok(())
    }

    fn check_checkpoint(
        &self,
        installation: InstallationId,
        keys: &BTreeMap<Sha256Digest, SubjectPublicKeyInfo>,
        line: &[u8],
    ) -> Result<SignedCheckpoint, Finding> {
        let before = self.last_checkpoint.as_ref();
        let number = before.map_or(0, |before| before.checkpoint.number + 1);
        let bad = |what| Finding::BadCheckpoint { number, what };
        let signed = SignedCheckpoint::from_bytes(line).map_err(|_| bad("it is not a checkpoint"))?;
        let checkpoint = &signed.checkpoint;
        if !self.signature_holds(keys, &signed) {
            return Err(bad("its signature does not hold, or its key is not the audit key"));
        }
        if checkpoint.installation != installation {
            return Err(bad("it is another installation's"));
        }
        if checkpoint.number != number || checkpoint.previous != before.map(SignedCheckpoint::digest) {
            return Err(bad("it does not follow the one before"));
        }
        let (size, at) = before.map_or((0, None), |it| (it.checkpoint.size, Some(it.checkpoint.at)));
        if checkpoint.size < size || Some(checkpoint.at) < at {
            return Err(bad("it goes back"));
        }
        if !self.token_holds(&signed) {
            return Err(bad("its time-stamp does not hold"));
        }
        Ok(signed)
    }

    fn take_checkpoint(&mut self, signed: SignedCheckpoint) -> Result<(), Finding> {
        let number = signed.checkpoint.number;
        let (size, have) = (signed.checkpoint.size, self.frontier.size());
        if have < size {
            return Err(Finding::BadRecord { index: have, what: "it is missing" });
        }
        if have > size {
            return Err(Finding::BadCheckpoint {
                number,
                what: "it stands behind a record it does not cover",
            });
        }
        if self.frontier.root() != signed.checkpoint.root {
            let from = self.last_checkpoint.as_ref().map_or(0, |before| before.checkpoint.size);
            if from == size {
                return Err(Finding::BadCheckpoint { number, what: "its root is not that of the records" });
            }
            return Err(Finding::Rewritten { from, to: size.saturating_sub(1) });
        }
        for seen in self.seen.iter().filter(|seen| seen.checkpoint.number == number) {
            if seen.digest() != signed.digest() {
                return Err(Finding::Forked { number });
            }
            self.complete = size;
        }
        self.stamped += u64::from(signed.token.is_some());
        self.last_checkpoint = Some(signed);
        Ok(())
    }

    /// When the last verified checkpoint was signed.
    pub fn sealed_at(&self) -> Option<UtcTime> {
        self.last_checkpoint.as_ref().map(|signed| signed.checkpoint.at)
    }
}

fn read_header(
    line: &[u8],
) -> Result<(InstallationId, BTreeMap<Sha256Digest, SubjectPublicKeyInfo>), Finding> {
    let value = canonical::decode(line).map_err(|_| Finding::BadHeader)?;
    let HeaderJson { format, installation, keys } =
        serde_json::from_value(value).map_err(|_| Finding::BadHeader)?;
    if format != FORMAT {
        return Err(Finding::BadHeader);
    }
    let installation = installation.parse().map_err(|_| Finding::BadHeader)?;
    let mut by_fingerprint = BTreeMap::new();
    for key in keys {
        let key = SubjectPublicKeyInfo::assertion(BASE64.decode(key).map_err(|_| Finding::BadHeader)?);
        by_fingerprint.insert(key.fingerprint(), key);
    }
    Ok((installation, by_fingerprint))
}

/// Verifies an export that is at hand whole, or comes as lines from elsewhere.
///
/// # Errors
///
/// The first [`Finding`].
pub fn verify_export<L: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = L>,
    signatures: &dyn SignatureVerifier,
    tokens: &dyn TokenVerifier,
    seen: &[SignedCheckpoint],
    pinned: Option<&[Sha256Digest]>,
) -> Result<Verdict, Finding> {
    let mut verifier = ExportVerifier::new(signatures, tokens, seen, pinned);
    for line in lines {
        verifier.line(line.as_ref())?;
    }
    verifier.finish()
}
