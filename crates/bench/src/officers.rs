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
    let [submitter, approver, revoker] = [
        ("registration-officer", 1_001_000_001),
        ("approver", 1_001_000_002),
        ("revocation-officer", 1_001_000_003),
    ]
    .map(|(role, number)| grant(installation, role, role, number));
    let (submitter, approver, revoker) = (submitter?, approver?, revoker?);
    let profiles = api(installation, &submitter.identity)?.profiles()?;
    let profile = profiles.into_iter().find(|profile| profile.name == "person-signature");
    let profile = profile.context("there is no profile for persons")?;
    server.stop()?;
    Ok(Officers { submitter, approver, revoker, profile })
}

/// Makes a key for somebody, who then has `role`; the installation serves.
pub(crate) fn grant(
    installation: &Installation,
    name: &str,
    role: &str,
    personal_number: u32,
) -> anyhow::Result<Officer> {
    let pem = format!("officers/{name}.pem");
    installation.run(&["officer", "new", "--config", "ndoba.toml", "--name", name, "--out", &pem])?;
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
        name,
        "--personal-number",
        &format!("{personal_number:011}"),
        "--vetting",
        "bench",
        "--roles",
        role,
        "--yes",
    ])?;
    let identity = Identity::from_pem(&fs::read(installation.file(&pem))?)?;
    let id = api(installation, &identity)?.whoami()?.officer.parse()?;
    Ok(Officer { id, identity })
}

/// The API as an officer sees it.
pub(crate) fn api(installation: &Installation, officer: &Identity) -> anyhow::Result<OfficerClient> {
    let root = CertificateDer::from_pem_slice(&fs::read(installation.file("officers/operations-ca.pem"))?)?;
    Ok(OfficerClient::new(&format!("https://127.0.0.1:{}", installation.officers_port()), &[root], officer))
}
