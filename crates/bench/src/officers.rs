//! The officers whose signatures the CA's orders carry, appointed as in life: by two security officers, at the API.

use std::fs;

use anyhow::Context as _;
use ndoba_client::{Identity, OfficerClient, Profile};
use ndoba_types::OfficerId;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::installation::Installation;

/// An officer with a key in a file.
pub(crate) struct Officer {
    pub(crate) id: OfficerId,
    pub(crate) identity: Identity,
}

/// Those who sign what a bench orders.
pub(crate) struct Officers {
    pub(crate) submitter: Officer,
    pub(crate) approver: Officer,
    pub(crate) revoker: Officer,
    /// The profile of persons' certificates, as the installation has it.
    pub(crate) profile: Profile,
}

/// Appoints them; serves for that long.
pub(crate) fn appoint(installation: &Installation) -> anyhow::Result<Officers> {
    let mut server = installation.serve(&["registration", "ca", "audit"])?;
    server.await_port(installation.officers_port()).with_context(|| installation.log())?;
    let submitter = one(installation, "registration-officer", "01001000001")?;
    let approver = one(installation, "approver", "01001000002")?;
    let revoker = one(installation, "revocation-officer", "01001000003")?;
    let profiles = api(installation, &submitter.identity)?.profiles()?;
    let profile = profiles.into_iter().find(|profile| profile.name == "person-signature");
    let profile = profile.context("there is no profile for persons")?;
    server.stop()?;
    Ok(Officers { submitter, approver, revoker, profile })
}

fn one(installation: &Installation, role: &str, personal_number: &str) -> anyhow::Result<Officer> {
    let pem = format!("officers/{role}.pem");
    installation.run(&["officer", "new", "--config", "ndoba.toml", "--name", role, "--out", &pem])?;
    installation.run(&[
        "officer",
        "grant",
        "--as",
        "officers/security-1.pem",
        "--second",
        "officers/security-2.pem",
        "--officer",
        &pem,
        "--name",
        role,
        "--personal-number",
        personal_number,
        "--roles",
        role,
        "--yes",
    ])?;
    let identity = Identity::from_pem(&fs::read(installation.file(&pem))?)?;
    let id = api(installation, &identity)?.whoami()?.officer.parse()?;
    Ok(Officer { id, identity })
}

fn api(installation: &Installation, officer: &Identity) -> anyhow::Result<OfficerClient> {
    let root = CertificateDer::from_pem_slice(&fs::read(installation.file("officers/operations-ca.pem"))?)?;
    Ok(OfficerClient::new(&format!("https://127.0.0.1:{}", installation.officers_port()), &[root], officer))
}
