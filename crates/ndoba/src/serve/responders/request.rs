//! Asking the CA for the next certificate: a new key in the token, and a request that it and the enrolment key sign.

use anyhow::Context as _;
use ndoba_audit::{EventKind, Word};
use ndoba_hsm::{KeySpec, Token};
use ndoba_order::ResponderRequest;
use ndoba_settings::KeyRef;
use ndoba_store::NewResponderRequest;
use ndoba_types::{
    EnrolResponder, KeyLabel, ProvePossession, Sha256Digest, SignatureAlgorithm, SigningKey as _,
    SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use ndoba_x509::{KeyIdentifier, assemble, certification_request_info};

use super::Desk;
use crate::serve::{Process, event_of, record_one};

impl Desk {
    /// Makes the next key, where there is none yet, and asks.
    pub(super) fn ask(&mut self, process: &Process, now: UtcTime) -> anyhow::Result<()> {
        let enrolment = self.ocsp.enrolment.as_ref().context("no enrolment key is configured")?;
        let token = process.tokens.get(&enrolment.token)?;
        let (key, spki) = self.next_key(process, token)?;

        // 1. Proof of possession by the new key, over a request that names nothing but the key.
        let prover = token.open::<ProvePossession>(&key.label, key.algorithm)?;
        let info = certification_request_info(&spki);
        // Made here, from the key that signs it.
        let signature = prover.sign(ToBeSigned::assertion(info.clone()))?;
        let csr = assemble(&info, key.algorithm, &signature);

        // 2. The enrolment key's signature over what is asked.
        let ski = self.ca_certificate.subject_key_identifier().context("the CA has no key identifier")?;
        let document = ResponderRequest {
            installation: process.settings.installation,
            ca: KeyIdentifier::try_from(ski)?,
            csr: Sha256Digest::of(&csr),
            spki: spki.fingerprint(),
            created: now.floor_to_second(),
        }
        .to_bytes()?;
        let enroller = token.open::<EnrolResponder>(&enrolment.label, enrolment.algorithm)?;
        let signature = enroller.sign(ToBeSigned::assertion(document.clone()))?;

        // 3. Into the ledger's inbox; the CA believes the signatures.
        let request = NewResponderRequest {
            ca: self.ca.name.clone(),
            key: key.label.clone(),
            document,
            signature: signature.as_bytes().to_vec(),
            csr,
            received: now,
        };
        let what =
            EventKind::ResponderRequested { ca: self.ca.name.clone(), key: key.label, request: request.id() };
        let event = event_of(process, "public", what)?;
        process.store.record_responder_request(&request, &event)?;
        tracing::info!(ca = %self.ca.name, key = %request.key, "asked for the responder's next certificate");
        Ok(())
    }

    /// A key younger than the one in service: what an earlier attempt left, or a new one.
    fn next_key(&self, process: &Process, token: &Token) -> anyhow::Result<(KeyRef, SubjectPublicKeyInfo)> {
        let current = &self.in_service.key;
        let mut newest = current.label.generation();
        for listed in token.list()? {
            if let Some(label) = listed.label
                && label.authority() == current.label.authority()
                && label.purpose() == current.label.purpose()
            {
                newest = newest.max(label.generation());
            }
        }
        let left_over = newest > current.label.generation();
        let generation = if left_over { newest } else { newest.saturating_add(1) };
        let label = KeyLabel::new(current.label.authority(), current.label.purpose(), generation)?;
        if !left_over {
            let spec = spec(current.algorithm)?;
            let made = token.generate(&label, spec)?;
            let spki = made.public_key.context("the token has no public half of the key")?;
            let event = EventKind::KeyGenerated {
                key: label.clone(),
                spki: spki.fingerprint(),
                algorithm: Word::from(spec.name()),
                token: current.token.parse().unwrap_or_else(|_| Word::from("token")),
            };
            record_one(process, "public", event)?;
        }
        let found = token.inspect(&label)?;
        let offending = found.offending();
        anyhow::ensure!(offending.is_empty(), "the key {label} must not be used: {}", offending.join(", "));
        let spki = found.public_key.context("the token has no public half of the key")?;
        Ok((current.beside(label), spki))
    }
}

/// The kind of key that signs with `algorithm`: the next key is of the same kind as the one before.
fn spec(algorithm: SignatureAlgorithm) -> anyhow::Result<KeySpec> {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => Ok(KeySpec::P256),
        SignatureAlgorithm::EcdsaP384Sha384 => Ok(KeySpec::P384),
        SignatureAlgorithm::EcdsaP521Sha512 => Ok(KeySpec::P521),
        SignatureAlgorithm::RsaPkcs1Sha256 | SignatureAlgorithm::RsaPssSha256 => Ok(KeySpec::Rsa3072),
        SignatureAlgorithm::RsaPkcs1Sha512 | SignatureAlgorithm::RsaPssSha512 => Ok(KeySpec::Rsa4096),
        SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPssSha384
        | SignatureAlgorithm::Ed25519 => {
            anyhow::bail!("responders' keys of this algorithm are not made here")
        }
    }
}
