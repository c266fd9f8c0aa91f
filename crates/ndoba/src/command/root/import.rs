//! `ndoba root import`: what the ceremony signed, taken into the ledger and published.

use std::path::Path;

use anyhow::Context as _;
use ndoba_ca::{Awaited, AwaitedList};
use ndoba_types::{Sha256Digest, Signature};
use ndoba_x509::{Certificate, PemLabel, to_pem};

use super::{Errand, configured, desk, in_words, ledger};
use crate::cli::OfflineArgs;
use crate::files;
use crate::installation;
use crate::presence::{kept, proved};

pub(super) fn run(offline: &OfflineArgs, signed: &Path, out: &Path) -> anyhow::Result<()> {
    let settings = installation::load(&offline.config.config)?;
    let errand = Errand::read(signed)?;
    errand.must_be_for(&settings, configured(&settings, &offline.ca)?)?;
    let signatures = errand.signatures.as_ref().with_context(|| {
        format!("{} was not signed: `ndoba root sign` does that, at a ceremony", signed.display())
    })?;
    let (store, register) = ledger(&settings)?;
    let attended = errand.must_be_attended(&register)?;
    kept(&settings, &attended)?;
    let signature =
        |text: &str| -> anyhow::Result<Signature> { Ok(Signature::from_bytes(hex::decode(text)?)) };
    let (certificate, list) = (signature(&signatures.certificate)?, signature(&signatures.list)?);
    let awaited = Awaited {
        certificate: hex::decode(&errand.certificate)?,
        list: AwaitedList { tbs: hex::decode(&errand.list.tbs)?, version: errand.list.version },
    };
    // Nothing new is warranted here: what was drafted bears its own.
    let (desk, ca) = desk(offline, &settings, store, errand.key()?, Sha256Digest::of(b""))?;
    let session = (proved(&attended), attended.digest());
    let brought = desk.take(&ca, &awaited, [&certificate, &list], session)?;
    files::write(out, to_pem(PemLabel::Certificate, &brought.certificate).as_bytes())?;
    println!("list {} of {} is online, until {}", brought.list.number, ca.name, brought.list.next_update);
    println!("{}: {}", out.display(), in_words(&Certificate::from_der(&brought.certificate)?));
    Ok(())
}
