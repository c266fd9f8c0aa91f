//! Who is in the room with the safe: by what the draft brings along there, and by what it brings back.

use anyhow::Context as _;
use ndoba_order::{Act, Attended, Pins, Presence, Register, attend};
use ndoba_registration::ports::Registry as _;
use ndoba_store::Store;
use ndoba_types::Sha256Digest;
use serde::{Deserialize, Serialize};

use super::Errand;

/// A document of the register of officers, with its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    document: String,
    signatures: Vec<String>,
}

/// The register as the ledger has it.
pub(super) fn links(store: &Store) -> anyhow::Result<Vec<Link>> {
    let mut links = Vec::new();
    for grant in store.grants()? {
        let signatures = grant.signatures.into_iter().map(|jws| Ok(String::from_utf8(jws.into())?));
        links.push(Link {
            document: String::from_utf8(grant.document)?,
            signatures: signatures.collect::<anyhow::Result<_>>()?,
        });
    }
    Ok(links)
}

impl Errand {
    /// The register that came with the draft, every document of it verified back to the pin, which lies in the room.
    pub(super) fn register(&self, pins: &Pins) -> anyhow::Result<Register> {
        let chain = self.register.iter().map(|link| (&link.document, link.signatures.iter().collect()));
        Register::replay(pins, chain).map_err(|(place, refusal)| {
            anyhow::Error::new(refusal).context(format!("document {place} of the register in the draft"))
        })
    }

    /// SHA-256 over what was drafted, the register with it: what two officers are there for.
    pub(super) fn decided(&self) -> anyhow::Result<Sha256Digest> {
        let drafted = Self { session: None, signatures: None, ..self.clone() };
        Ok(Sha256Digest::of(&serde_json::to_vec(&drafted)?))
    }

    /// Whether two security officers of the ledger's own register were there for exactly this. The room judged by the register
    /// that the draft brought, which may have lacked the last documents: an officer dismissed since then counts no more.
    pub(super) fn must_be_attended(&self, register: &Register) -> anyhow::Result<Attended> {
        let session =
            self.session.as_ref().context("no two security officers were there when it was signed")?;
        let presence = Presence::from_bytes(session.statement.as_bytes())?;
        anyhow::ensure!(
            presence.act == Act::SignDraft && presence.decided == self.decided()?,
            "what came back is not what two security officers were there for"
        );
        // Both signed within the session's life; of the room's clock nothing else is known.
        let latest = presence.opened.plus(Presence::LIFE);
        attend(&presence, &session.signatures, register, latest)
            .context("who was there is not entitled to it: give the draft up, and hold another ceremony")
    }
}
