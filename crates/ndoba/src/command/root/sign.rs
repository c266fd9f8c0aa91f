//! `ndoba root sign`: the ceremony. What came is judged and shown, then signed, once.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_ca::{OfflineCa, judge_list, judge_responder};
use ndoba_ceremony::SessionEntry;
use ndoba_order::Act;
use ndoba_types::{CaName, Purpose, Sha256Digest, Signature, SigningKey, ToBeSigned};
use ndoba_x509::{Certificate, Crl, assemble, verify_signature};

use super::{Errand, Signatures, configured, in_words, offline_ca};
use crate::cli::SignDraftArgs;
use crate::files;
use crate::installation::{self, World};
use crate::presence::{Opening, There, open_offline};
use crate::tokens::Tokens;

/// How long the token may take to be there.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(args: &SignDraftArgs) -> anyhow::Result<()> {
    let SignDraftArgs { config, draft, out, report, present } = args;
    anyhow::ensure!(
        !out.exists(),
        "{} is there: a draft is signed once, since a second signature would make a second certificate of the same number",
        out.display()
    );
    let settings = installation::load(&config.config)?;
    let mut errand = Errand::read(draft)?;
    let name: CaName = errand.ca.parse().context("the draft names no CA")?;
    let ca = configured(&settings, &name)?;
    errand.must_be_for(&settings, ca)?;
    let key = ca.key.as_ref().with_context(|| format!("the key of {name} is not configured here"))?;
    anyhow::ensure!(
        key.label == errand.key()?,
        "the draft is for the key {}, not for {}",
        errand.key,
        key.label
    );
    let register = errand.register(&installation::pins(&settings)?)?;
    let offline = offline_ca(&settings, ca, key.label.clone())?;

    // 1. Judged here, whoever drafted it: a responder's certificate and a list, and nothing else, leave this room.
    let drafted = errand.drafted()?;
    let certificate = judge_responder(&offline, &hex::decode(&errand.certificate)?, drafted)?;
    let list = judge_list(&offline, &hex::decode(&errand.list.tbs)?, drafted)?;

    // 2. Shown to two security officers, who are there.
    let tokens = Tokens::start(&settings, |token| token == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let serial = tokens.get(&key.token)?.info().map(|info| info.serial).unwrap_or_default();
    let mut text = told(&offline, &errand, certificate.as_bytes(), list.as_bytes())?;
    writeln!(text, "Token: {} {serial}", key.token)?;
    writeln!(text, "Register of officers: number {}, SHA-256 {}", register.seq(), register.head())?;
    print!("{text}");
    let world = World::of(&settings)?;
    let opening = Opening {
        settings: &settings,
        register: &register,
        world: &world,
        tokens: &tokens,
        act: Act::SignDraft,
        decided: errand.decided()?,
    };
    let There { attended, names } = opening.by(present, &[])?;

    // 3. Signed, and verified before anything is written.
    let (certify, revoke) = open_offline(&attended, &tokens, key, &offline.facts.spki)?;
    let signatures = [sign(&certify, certificate)?, sign(&revoke, list)?];
    let [on_certificate, on_list] = &signatures;
    let digest = |tbs: &str, signature| -> anyhow::Result<Sha256Digest> {
        Ok(Sha256Digest::of(&assemble(&hex::decode(tbs)?, offline.facts.algorithm, signature)))
    };
    writeln!(text, "Signed at: {}", world.clock.now())?;
    writeln!(text, "Certificate's SHA-256: {}", digest(&errand.certificate, on_certificate)?)?;
    writeln!(text, "List's SHA-256: {}", digest(&errand.list.tbs, on_list)?)?;
    let session = SessionEntry::from(&attended);
    writeln!(text, "\nSession: SHA-256 {}\n  {}", session.sha256, session.statement)?;
    for (officer, signature) in session.officers.iter().zip(&session.signatures) {
        writeln!(text, "  signed by the officer {officer}\n    {signature}")?;
    }
    writeln!(text, "\nThose who were there:")?;
    for name in &names {
        writeln!(text, "\n  {name}, security officer: ______________________________")?;
    }
    errand.session = Some(session);
    errand.signatures = Some(Signatures {
        certificate: hex::encode(on_certificate.as_bytes()),
        list: hex::encode(on_list.as_bytes()),
    });
    errand.write(out)?;
    files::write(report, text.as_bytes())?;
    println!("{} goes back; {} is to be signed by those who were there", out.display(), report.display());
    Ok(())
}

fn sign<P: Purpose>(key: &impl SigningKey<P>, message: ToBeSigned<P>) -> anyhow::Result<Signature> {
    let tbs = message.as_bytes().to_vec();
    let signature = key.sign(message)?;
    verify_signature(key.public_key(), key.algorithm(), &tbs, signature.as_bytes())
        .context("the token's signature does not verify with the CA's public key")?;
    Ok(signature)
}

/// What is to be signed, for those who are in the room; the report begins with it.
fn told(ca: &OfflineCa, errand: &Errand, certificate: &[u8], list: &[u8]) -> anyhow::Result<String> {
    // As if it were signed: the readers read whole documents.
    let nothing = Signature::from_bytes(vec![0]);
    let whole = |tbs| assemble(tbs, ca.facts.algorithm, &nothing);
    let certificate = Certificate::from_der(&whole(certificate))?;
    let list = Crl::from_der(&whole(list))?;
    let subject: Vec<_> = certificate.subject().attributes().into_iter().map(|(_, value)| value).collect();
    let mut text = String::new();
    writeln!(
        text,
        "An offline CA signs: its OCSP responder's certificate, and its list of revoked certificates"
    )?;
    writeln!(text, "Installation: {}", errand.installation)?;
    writeln!(text, "CA: {}, certificate's SHA-256 {}", errand.ca, errand.ca_certificate)?;
    writeln!(text, "Key: {}", errand.key)?;
    writeln!(text, "Drafted: {}", errand.drafted)?;
    writeln!(text, "Certificate: {}", subject.join(", "))?;
    writeln!(text, "  {}", in_words(&certificate))?;
    writeln!(text, "  public key's SHA-256 {}", certificate.spki().fingerprint())?;
    writeln!(
        text,
        "List: number {}, of {}, until {}",
        list.number(),
        list.this_update(),
        list.next_update()
    )?;
    writeln!(text, "  revoked: {}", list.entries().len())?;
    for entry in list.entries() {
        writeln!(text, "  {} since {}, {:?}", entry.serial, entry.revoked_at, entry.reason)?;
    }
    Ok(text)
}
