//! `ndoba officer accept`, and what an officer-to-be accepts when enrolling (REQ-7.2-16; ADR 0028).

use std::path::Path;

use anyhow::Context as _;
use ndoba_client::{OfficerKey, sign_acceptance};
use ndoba_order::{Acceptance, MediaType, Roles, SignerRole, describe};
use ndoba_types::{Sha256Digest, UtcTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::session::{Session, consent};
use crate::cli::ApiArgs;
use crate::files;
use crate::officer_key::OfficerRef;
use crate::words::Words;

/// What is accepted, before it is known with which key: handed over with the one-time code.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    pub(super) installation: String,
    pub(super) roles: Vec<String>,
    pub(super) office: String,
}

impl Terms {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        serde_json::from_slice(&files::read(path)?)
            .with_context(|| Words::spoken().no_acceptance_file(path.display()))
    }

    /// What a key with this fingerprint signs.
    fn with(&self, spki: Sha256Digest) -> anyhow::Result<Acceptance> {
        Ok(Acceptance {
            installation: self.installation.parse()?,
            spki,
            roles: Roles::try_from(self.roles.clone())?,
            office: self.office.parse()?,
        })
    }

    /// Shows it, asks, and has the key sign.
    pub(super) fn accepted(
        &self,
        key: &dyn OfficerKey,
        words: Words,
        yes: bool,
        now: UtcTime,
    ) -> anyhow::Result<String> {
        let content = self.with(key.public_key().fingerprint())?.to_bytes()?;
        let lines = describe(&content, words.0)?;
        anyhow::ensure!(consent(words, &lines, SignerRole::Appointed, yes), words.officer_said_no());
        Ok(sign_acceptance(key, &content, now)?)
    }
}

/// As an officer of the register, for a grant that is to take the place of the present one.
pub(super) fn accept(api: &ApiArgs, roles: &[String], office: &str, out: &Path) -> anyhow::Result<()> {
    let session = Session::open(api)?;
    let terms = Terms {
        installation: session.api.whoami()?.installation,
        roles: roles.to_vec(),
        office: office.into(),
    };
    let content = terms.with(session.officer.fingerprint())?.to_bytes()?;
    let lines = describe(&content, session.language)?;
    anyhow::ensure!(session.consent(&lines, SignerRole::Appointed), session.words.officer_said_no());
    let now = session.world.clock.now();
    let jws = session.officer.sign(MediaType::Acceptance, &content, SignerRole::Appointed, None, now)?;
    files::write(out, jws.as_bytes())?;
    println!("{}", out.display());
    Ok(())
}

/// The acceptance that goes into a grant, unless registration has it from the enrolment: from its file, or, in development,
/// signed here by the officer's own key, which lies in the file that names the officer.
pub(super) fn brought(
    session: &Session,
    acceptance: Option<&Path>,
    appointed: Option<&Path>,
    request: &Value,
) -> anyhow::Result<Option<String>> {
    if let Some(file) = acceptance {
        return Ok(Some(files::read_text(file)?));
    }
    let Some(Ok(officer)) = appointed.map(|file| OfficerRef::File(file.into()).identity()) else {
        return Ok(None);
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let terms = Terms {
        installation: session.api.whoami()?.installation,
        roles: request["roles"].as_array().into_iter().flatten().map(text).collect(),
        office: text(&request["office"]),
    };
    let content = terms.with(officer.fingerprint())?.to_bytes()?;
    let now = session.world.clock.now();
    Ok(Some(officer.sign(MediaType::Acceptance, &content, SignerRole::Appointed, None, now)?))
}
