//! The probe: asks as relying parties ask, until a revocation is seen in OCSP and on the CRL, and signs what it saw.
//!
//! It believes nothing that the CA did not sign, and its own clock. What it stores contains the answers themselves, so
//! that whoever reads it later need not believe the probe about what was said, only about when.

use std::time::Duration;

use ndoba_ocsp::{HashAlgorithm, Question, ToldStatus, Untold};
use ndoba_order::{FlatJws, MediaType, SignerRole};
use ndoba_types::{Clock, CrlName, SerialNumber, Sha256Digest, SubjectPublicKeyInfo, UtcTime, canonical};
use ndoba_x509::{Certificate, Crl};
use serde::{Deserialize, Serialize};

use crate::{ClientError, Identity, PublicClient};

/// What the probe saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Format version: 1.
    pub version: u32,
    /// The public address that was asked.
    pub url: String,
    /// The CA's name there.
    pub ca: String,
    /// SHA-256 over the CA's certificate.
    pub issuer: String,
    /// Which certificate.
    pub serial: String,
    /// When the revocation was asked for, where whoever started the probe said so.
    pub asked: Option<String>,
    /// In OCSP.
    pub ocsp: Sighting,
    /// On the CRL.
    pub crl: Sighting,
}

/// A revocation as it was first seen somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    /// When it was last asked for and not there; absent when it was there from the first.
    pub not_yet: Option<String>,
    /// When it was there.
    pub seen: String,
    /// The time of revocation that the CA states.
    pub revoked: String,
    /// From the stated time to the sighting, in milliseconds, by the probe's clock: what relying parties waited at most.
    pub milliseconds: i64,
    /// The OCSPResponse or CRL, hexadecimal.
    pub evidence: String,
}

/// A stored observation: the text that was signed, its signature, and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedObservation {
    /// Canonical JSON of an [`Observation`].
    pub observation: String,
    /// Flattened JWS with detached payload.
    pub jws: String,
    /// The probe's SubjectPublicKeyInfo, DER, hexadecimal.
    pub key: String,
}

/// What is watched.
pub struct Probe<'a> {
    /// Where the public asks.
    pub public: &'a PublicClient,
    /// The address, as the observation names it.
    pub url: &'a str,
    /// The list that is to name it, as the list is called there: of the CA, or the shard that the certificate names.
    pub list: CrlName,
    /// The CA's certificate, which the caller trusts.
    pub issuer: &'a Certificate,
    /// Which certificate.
    pub serial: SerialNumber,
    /// When the revocation was asked for.
    pub asked: Option<UtcTime>,
}

impl Probe<'_> {
    /// Asks again and again, `every` so often, until both show the revocation or `within` has passed.
    ///
    /// A server that does not answer is asked again: an outage is part of what relying parties wait.
    ///
    /// # Errors
    ///
    /// [`ProbeError`].
    pub fn watch(
        &self,
        clock: &dyn Clock,
        every: Duration,
        within: Duration,
    ) -> Result<Observation, ProbeError> {
        let question = Question::about(self.issuer, HashAlgorithm::Sha256, &self.serial)?;
        let start = clock.now();
        let (mut ocsp, mut crl) = (Watch::default(), Watch::default());
        loop {
            if ocsp.sighting.is_none() {
                ocsp.note(self.look_at_ocsp(&question, clock), clock.now());
            }
            if crl.sighting.is_none() {
                crl.note(self.look_at_crl(), clock.now());
            }
            if let (Some(ocsp), Some(crl)) = (&ocsp.sighting, &crl.sighting) {
                return Ok(self.observation(ocsp.clone(), crl.clone()));
            }
            if clock.now().since(start).as_micros() > i64::try_from(within.as_micros()).unwrap_or(i64::MAX) {
                return Err(ProbeError::NotSeen { ocsp: ocsp.told(), crl: crl.told() });
            }
            std::thread::sleep(every);
        }
    }

    fn look_at_ocsp(&self, question: &Question, clock: &dyn Clock) -> Result<Look, ProbeError> {
        let evidence = self.public.ocsp(question.as_der())?;
        let revoked = match question.read(&evidence, self.issuer, clock.now())?.status {
            ToldStatus::Good | ToldStatus::Unknown => None,
            ToldStatus::Revoked { at } => Some(at),
        };
        Ok(Look { revoked, evidence })
    }

    fn look_at_crl(&self) -> Result<Look, ProbeError> {
        let evidence = self.public.crl(&self.list)?;
        let crl = Crl::from_der(&evidence).map_err(|_| ProbeError::Crl)?;
        crl.verify_signed_by(self.issuer.spki()).map_err(|_| ProbeError::Crl)?;
        let revoked = crl.entry(&self.serial).map(|entry| entry.revoked_at);
        Ok(Look { revoked, evidence })
    }

    fn observation(&self, ocsp: Sighting, crl: Sighting) -> Observation {
        Observation {
            version: 1,
            url: self.url.into(),
            ca: self.list.ca.to_string(),
            issuer: self.issuer.fingerprint().to_string(),
            serial: self.serial.to_string(),
            asked: self.asked.map(|at| at.to_string()),
            ocsp,
            crl,
        }
    }
}

/// One look.
struct Look {
    revoked: Option<UtcTime>,
    evidence: Vec<u8>,
}

#[derive(Default)]
struct Watch {
    not_yet: Option<UtcTime>,
    sighting: Option<Sighting>,
    trouble: Option<String>,
}

impl Watch {
    fn note(&mut self, look: Result<Look, ProbeError>, now: UtcTime) {
        match look {
            Err(error) => self.trouble = Some(error.to_string()),
            Ok(Look { revoked: None, evidence: _ }) => self.not_yet = Some(now),
            Ok(Look { revoked: Some(at), evidence }) => {
                self.sighting = Some(Sighting {
                    not_yet: self.not_yet.map(|at| at.to_string()),
                    seen: now.to_string(),
                    revoked: at.to_string(),
                    milliseconds: now.since(at).as_micros() / 1000,
                    evidence: evidence.iter().map(|octet| format!("{octet:02x}")).collect(),
                });
            }
        }
    }

    fn told(&self) -> String {
        match (&self.sighting, &self.trouble) {
            (Some(_), _) => "seen".into(),
            (None, Some(trouble)) => format!("not seen; {trouble}"),
            (None, None) => "not seen".into(),
        }
    }
}

impl Observation {
    /// Signs it with the probe's own key.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Unsigned`]: a fault of ours.
    pub fn sign(&self, probe: &Identity, now: UtcTime) -> Result<SignedObservation, ProbeError> {
        let value = serde_json::to_value(self).map_err(|_| ProbeError::Unsigned)?;
        let text = canonical::encode(&value).map_err(|_| ProbeError::Unsigned)?;
        let jws = probe
            .sign(MediaType::Observation, &text, SignerRole::Observer, None, now)
            .map_err(|_| ProbeError::Unsigned)?;
        Ok(SignedObservation {
            observation: String::from_utf8(text).map_err(|_| ProbeError::Unsigned)?,
            jws,
            key: probe.public_key().as_der().iter().map(|octet| format!("{octet:02x}")).collect(),
        })
    }
}

impl SignedObservation {
    /// Verifies the signature by the key in it, which the caller compares with the one expected; and that the evidence
    /// is what the CA signed about that certificate.
    ///
    /// # Errors
    ///
    /// [`ProbeError`].
    pub fn verify(&self, issuer: &Certificate) -> Result<(Observation, Sha256Digest), ProbeError> {
        let key = SubjectPublicKeyInfo::assertion(octets(&self.key)?);
        let jws = FlatJws::from_bytes(self.jws.as_bytes()).map_err(|_| ProbeError::Unsigned)?;
        jws.verify(MediaType::Observation, self.observation.as_bytes(), &key)
            .map_err(|_| ProbeError::Unsigned)?;
        let seen: Observation =
            serde_json::from_str(&self.observation).map_err(|_| ProbeError::Unreadable)?;
        if seen.version != 1 || seen.issuer != issuer.fingerprint().to_string() {
            return Err(ProbeError::Unreadable);
        }
        let serial: SerialNumber = seen.serial.parse().map_err(|_| ProbeError::Unreadable)?;
        let question = Question::about(issuer, HashAlgorithm::Sha256, &serial)?;
        let at: UtcTime = seen.ocsp.seen.parse().map_err(|_| ProbeError::Unreadable)?;
        let told = question.read(&octets(&seen.ocsp.evidence)?, issuer, at)?;
        let crl = Crl::from_der(&octets(&seen.crl.evidence)?).map_err(|_| ProbeError::Crl)?;
        crl.verify_signed_by(issuer.spki()).map_err(|_| ProbeError::Crl)?;
        let ToldStatus::Revoked { at } = told.status else { return Err(ProbeError::Evidence) };
        let listed = crl.entry(&serial).ok_or(ProbeError::Evidence)?.revoked_at;
        if at.to_string() != seen.ocsp.revoked || listed.to_string() != seen.crl.revoked {
            return Err(ProbeError::Evidence);
        }
        Ok((seen, key.fingerprint()))
    }
}

fn octets(text: &str) -> Result<Vec<u8>, ProbeError> {
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2)
    });
    digits.collect::<Option<_>>().ok_or(ProbeError::Unreadable)
}

/// Why there is no observation.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The server did not answer as it should.
    #[error("the server did not answer")]
    Client(#[from] ClientError),
    /// Not a CRL of that CA.
    #[error("the CRL is not one that the CA signed")]
    Crl,
    /// The evidence says something else than the observation.
    #[error("the evidence does not say what was observed")]
    Evidence,
    /// Not seen in time.
    #[error("the revocation was not seen in time: OCSP {ocsp}; CRL {crl}")]
    NotSeen {
        /// What became of OCSP.
        ocsp: String,
        /// What became of the CRL.
        crl: String,
    },
    /// The answer tells nothing.
    #[error("the OCSP answer is not to be believed")]
    Untold(#[from] Untold),
    /// Not a stored observation, or of another CA.
    #[error("this is no observation of that CA")]
    Unreadable,
    /// The signature does not hold, or could not be made.
    #[error("the observation's signature does not hold")]
    Unsigned,
}
