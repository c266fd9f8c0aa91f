//! `ndoba ca terminate`: the final OCSP answers of a CA that two security officers ended (CSS-6.3.10-11).
//!
//! Batch by batch: recorded as intended, signed by the CA's key, verified, recorded. What is recorded is not made
//! again, so the command goes on where it was interrupted.

use std::sync::Arc;
use std::sync::mpsc;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_ocsp::{CertStatusFacts, FinalAuthority, HashAlgorithm};
use ndoba_order::Register;
use ndoba_registration::ports::Registry as _;
use ndoba_settings::{CertificationAuthority, Settings};
use ndoba_store::{FinalBatch, SignedFinal, Store};
use ndoba_types::{AnswerFinally, SerialNumber, Sha256Digest, SigningKey};
use ndoba_x509::{Certificate, KeyIdentifier, verify_signature};

use crate::cli::TerminateArgs;
use crate::installation::{self, World};
use crate::places::CaKey;
use crate::tokens::Tokens;
use crate::witness_file::role_marks;

/// Signatures between two commits: as many as a crash may make in vain.
const BATCH: u32 = 128;
/// How long a token may take to be there.
pub(crate) const TOKEN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Makes what is missing.
pub(crate) fn run(args: &TerminateArgs) -> anyhow::Result<()> {
    let settings = installation::load(&args.config.config)?;
    let ca = settings.cas.iter().find(|ca| ca.name == args.ca).cloned();
    let ca = ca.with_context(|| format!("the CA {} is not configured", args.ca))?;
    let key =
        ca.key.clone().with_context(|| format!("the CA {} has no key in this configuration", ca.name))?;
    let certificate = installation::certificate(&ca.certificate)?;
    let store = installation::open_store(&settings)?;
    must_be_decided(&settings, &store, &certificate)?;
    let world = World::of(&settings)?;
    must_be_settled(&store, &ca, &world)?;

    let tokens = Tokens::start(&settings, |name| name == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let signing = tokens.open::<AnswerFinally>(&key, certificate.spki())?;
    CaKey::of(&ca, &key, certificate.spki()).hold(&store, &tokens)?;
    let mut epoch = [0; 16];
    world.random.fill(&mut epoch)?;
    let mut ending = Ending {
        authority: FinalAuthority::new(ca.name.clone(), &certificate, key.algorithm)?,
        certificate,
        node: format!("node-{}", settings.node),
        epoch: hex::encode(epoch),
        number: 0,
        key: Arc::new(signing),
        store,
        world,
    };
    for hash in FinalAuthority::HASHES {
        ending.answer_all(hash)?;
    }
    // What the role `ca` had in hand when the officers decided.
    must_be_settled(&ending.store, &ca, &ending.world)?;
    ending.finish()
}

/// The register of officers by a database that no witness of the `ca` role is ahead of: one that went back may lack
/// revocations, and nothing final is said from it.
pub(crate) fn register(settings: &Settings, store: &Store) -> anyhow::Result<Register> {
    let marks = store.all_marks()?;
    installation::witness(settings, "ca")?.check(&role_marks("ca", &marks))?;
    let grants = store.grants()?.into_iter().map(|grant| (grant.document, grant.signatures));
    Register::replay(&installation::pins(settings)?, grants).map_err(|(place, refusal)| {
        anyhow::Error::new(refusal).context(format!("the register cannot be believed: document {place}"))
    })
}

/// The decision is in the chain of grants, and nowhere else.
fn must_be_decided(settings: &Settings, store: &Store, certificate: &Certificate) -> anyhow::Result<()> {
    let register = register(settings, store)?;
    let ski = certificate.subject_key_identifier().context("the CA has no key identifier")?;
    anyhow::ensure!(
        register.is_terminated(KeyIdentifier::try_from(ski)?),
        "nobody ended this CA: two security officers do that with `ndoba officer terminate-ca`"
    );
    Ok(())
}

fn must_be_settled(store: &Store, ca: &CertificationAuthority, world: &World) -> anyhow::Result<()> {
    let left = store.unfinished(&ca.name, world.clock.now())?;
    anyhow::ensure!(
        left.signing == 0,
        "{} certificates are being signed or in doubt; let the role `ca` settle them first",
        left.signing
    );
    anyhow::ensure!(
        left.suspended + left.unexpired == 0,
        "{} certificates are suspended, {} have not ended and are not revoked: what is said of them now could never \
         change. Before a CA ends they are revoked (cessationOfOperation)",
        left.suspended,
        left.unexpired
    );
    Ok(())
}

struct Ending {
    authority: FinalAuthority,
    certificate: Certificate,
    node: String,
    epoch: String,
    number: u64,
    key: Arc<dyn SigningKey<AnswerFinally>>,
    store: Store,
    world: World,
}

impl Ending {
    fn answer_all(&mut self, hash: HashAlgorithm) -> anyhow::Result<()> {
        let mut after: Option<SerialNumber> = None;
        loop {
            let batch = self.store.without_final(self.authority.ca(), hash, after.as_ref(), BATCH)?;
            let Some((last, _)) = batch.last() else { return Ok(()) };
            after = Some(last.clone());
            self.answer(hash, &batch)?;
            let (certificates, answers) = self.store.final_progress(self.authority.ca())?;
            println!("{answers} of {} answers", certificates * FinalAuthority::HASHES.len() as u64);
        }
    }

    fn answer(
        &mut self,
        hash: HashAlgorithm,
        about: &[(SerialNumber, CertStatusFacts)],
    ) -> anyhow::Result<()> {
        let now = self.world.clock.now();
        self.number += 1;
        let key = self.key.label().clone();
        let batch = FinalBatch {
            ca: self.authority.ca().clone(),
            key: key.clone(),
            node: self.node.clone(),
            epoch: self.epoch.clone(),
            number: self.number,
            at: now,
            intents: about.len() as u64,
        };
        let (ca, epoch): (_, Word) = (batch.ca.clone(), self.epoch.parse()?);

        // 1. The intent, durable, before the token is asked.
        let intended = EventKind::FinalAnswersIntended {
            ca: ca.clone(),
            count: batch.intents,
            key,
            epoch: epoch.clone(),
            batch: self.number,
        };
        self.store.begin_final_batch(&batch, &self.event(intended)?)?;

        // 2. The token, for all of them at once.
        let mut waiting = Vec::new();
        for (serial, facts) in about {
            let (pending, to_be_signed) = self.authority.answer(hash, serial, facts, now)?;
            let message = to_be_signed.as_bytes().to_vec();
            let (sender, receiver) = mpsc::sync_channel(1);
            self.key.submit(
                to_be_signed,
                Box::new(move |outcome| {
                    // The receiver waits for exactly this.
                    let _ = sender.send(outcome);
                }),
            );
            waiting.push((serial, message, pending, receiver));
        }

        // 3. Verified; what the token did not sign is made at the next attempt.
        let mut answers = Vec::new();
        let mut failure = None;
        for (serial, message, pending, receiver) in waiting {
            let signature = match receiver.recv().context("the signer dropped the request")? {
                Ok(signature) => signature,
                Err(error) => {
                    failure = Some(error);
                    continue;
                }
            };
            let spki = self.certificate.spki();
            verify_signature(spki, self.key.algorithm(), &message, signature.as_bytes())
                .context("the token's signature does not verify with the CA's public key: call for help")?;
            let answer = pending.finish(&signature)?;
            answers.push(SignedFinal {
                serial: serial.clone(),
                hash,
                der: answer.der,
                produced_at: answer.produced_at,
            });
        }

        // 4. Durable, all in one commit.
        let digests: Vec<u8> =
            answers.iter().flat_map(|one| Sha256Digest::of(&one.der).as_bytes().to_vec()).collect();
        let signed = EventKind::FinalAnswersSigned {
            ca,
            count: answers.len() as u64,
            epoch,
            batch: self.number,
            answers: Sha256Digest::of(&digests),
        };
        self.store.end_final_batch(&batch, &answers, &self.event(signed)?)?;
        match failure {
            None => Ok(()),
            Some(error) => Err(error).context("the token does not sign; call the command again"),
        }
    }

    fn finish(&self) -> anyhow::Result<()> {
        let ca = self.authority.ca().clone();
        let (certificates, _) = self.store.final_progress(&ca)?;
        let event = self.event(EventKind::CaTerminated { ca: ca.clone(), certificates })?;
        if self.store.finish_ca(&ca, self.world.clock.now(), &event)? {
            println!(
                "{ca}: {certificates} certificates have their final answers; the CA's key is not needed for OCSP any more"
            );
        } else {
            println!("{ca}: it was finished before; nothing was signed");
        }
        Ok(())
    }

    fn event(&self, what: EventKind) -> anyhow::Result<Event> {
        let actor = Actor::Operator("ca-terminate".into());
        Ok(Event::new(&*self.world.random, self.world.clock.now(), actor, what)?)
    }
}
