//! The configuration that the ceremony writes: the whole provider in one process, for development.

use std::fmt::Write as _;

use ndoba_ceremony::{AuthorityPlan, Plan};
use ndoba_types::{InstallationId, SignatureAlgorithm};

use super::{Folder, keys};
use crate::cli::CeremonyArgs;

/// The text of `ndoba.toml`.
pub(super) fn write(
    args: &CeremonyArgs,
    folder: &Folder,
    plan: &Plan,
    installation: InstallationId,
) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = sections(&mut text, args, folder, plan, installation);
    text
}

fn sections(
    out: &mut String,
    args: &CeremonyArgs,
    folder: &Folder,
    plan: &Plan,
    installation: InstallationId,
) -> std::fmt::Result {
    let [public, public_tls, officers, operator] = args.ports.0;
    writeln!(out, "# Written by the key ceremony. Every key is explained by `ndoba config reference`.\n")?;
    writeln!(out, "installation = \"{installation}\"")?;
    writeln!(out, "mode = \"development\"")?;
    writeln!(out, "roles = [\"registration\", \"ca\", \"public\", \"audit\"]\n")?;
    writeln!(out, "[database]")?;
    match &args.postgresql_url_file {
        None => writeln!(out, "engine = \"sqlite\"\npath = \"ndoba.sqlite\"\n")?,
        Some(file) => {
            writeln!(out, "engine = \"postgresql\"\nurl_file = {}\n", quoted(&file.display().to_string()))?
        }
    }
    tokens(out, args, folder, plan)?;
    for authority in std::iter::once(&plan.root).chain(&plan.authorities) {
        authority_section(out, plan, authority)?;
    }
    // Soon, so that whoever tries it out finds the time-stamp just made in the audit log.
    writeln!(out, "[tsa]\nseal_after = \"10s\"\n")?;
    for tsu in &plan.tsus {
        writeln!(out, "[[tsa.units]]\nname = {}", quoted(&tsu.name))?;
        let algorithm = keys::tsu_algorithm(tsu);
        key(out, &plan.tsa_token, &format!("{}/tsu/1", tsu.name), algorithm)?;
        writeln!(out, "certificate = \"pki/{}.pem\"", tsu.name)?;
        writeln!(out, "chain = [\"pki/{}.pem\"]", plan.tsu_authority)?;
        writeln!(out, "qualified = {}", tsu.qualified)?;
        if let Some(policy) = &tsu.policy {
            writeln!(out, "policy = {}", quoted(policy))?;
        }
        writeln!(out, "accepted_policies = [\"0.4.0.2023.1.1\"]\n")?;
    }
    // A machine for trying out need not be synchronised; every health answer says so.
    writeln!(out, "[clock]\nmode = \"trusted-host-clock\"\nkernel = \"off\"")?;
    key(out, &plan.tsa_token, "tsa/clock/1", keys::algorithm(plan.clock_key))?;
    writeln!(out)?;
    writeln!(out, "[audit]")?;
    key(out, &plan.audit_token, "audit/seal/1", keys::algorithm(plan.audit_key))?;
    writeln!(out, "checkpoint_every = \"1s\"\ntsa_url = \"http://127.0.0.1:{public}/tsa\"\n")?;
    let data_key = "key = \"registration/data/1\"";
    writeln!(out, "[data_key]\ntoken = {}\n{data_key}\n", quoted(&plan.registration_token))?;
    writeln!(out, "[listen]\npublic = \"127.0.0.1:{public}\"\npublic_tls = \"127.0.0.1:{public_tls}\"")?;
    writeln!(out, "officers = \"127.0.0.1:{officers}\"\noperator = \"127.0.0.1:{operator}\"\n")?;
    writeln!(out, "[tls]")?;
    for server in ["public", "officers"] {
        writeln!(out, "{server}_certificate = \"tls/{server}.pem\"\n{server}_key = \"tls/{server}.pem\"")?;
    }
    writeln!(out, "officers_client_ca = \"officers/operations-ca.pem\"\n")?;
    let here = || format!("http://127.0.0.1:{public}");
    let public_url = args.public_url.clone().unwrap_or_else(here);
    writeln!(out, "[urls]\npublic_url = {}\npds_url = {}", quoted(&public_url), quoted(&args.pds_url))
}

fn tokens(out: &mut String, args: &CeremonyArgs, folder: &Folder, plan: &Plan) -> std::fmt::Result {
    writeln!(out, "[[hsm.modules]]\npath = {}", quoted(&args.module.display().to_string()))?;
    writeln!(out, "environment = {{ SOFTHSM2_CONF = {} }}\n", quoted(&folder.softhsm_configuration()))?;
    for name in keys::token_names(plan) {
        writeln!(out, "[[hsm.modules.tokens]]\nname = \"{name}\"\nlabel = \"{name}\"")?;
        writeln!(out, "pin = {{ file = \"pins/{name}.pin\" }}\n")?;
    }
    Ok(())
}

fn authority_section(out: &mut String, plan: &Plan, authority: &AuthorityPlan) -> std::fmt::Result {
    let name = &authority.name;
    writeln!(out, "[[cas]]\nname = \"{name}\"")?;
    key(out, &authority.token, &format!("{name}/ca/1"), keys::algorithm(authority.key))?;
    writeln!(out, "certificate = \"pki/{name}.pem\"\n")?;
    writeln!(out, "[cas.ocsp]")?;
    key(out, &plan.ocsp_token, &format!("{name}/ocsp/1"), keys::algorithm(authority.responder_key))?;
    writeln!(out, "certificate = \"pki/{name}-ocsp.pem\"")?;
    if name != &plan.root.name {
        writeln!(out, "enrolment = \"{name}/enrolment/1\"")?;
    }
    writeln!(out)
}

fn key(out: &mut String, token: &str, label: &str, algorithm: SignatureAlgorithm) -> std::fmt::Result {
    let algorithm = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => "ecdsa-p256-sha256",
        SignatureAlgorithm::EcdsaP384Sha384 => "ecdsa-p384-sha384",
        SignatureAlgorithm::EcdsaP521Sha512 => "ecdsa-p521-sha512",
        SignatureAlgorithm::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
        SignatureAlgorithm::RsaPkcs1Sha384 => "rsa-pkcs1-sha384",
        SignatureAlgorithm::RsaPkcs1Sha512 => "rsa-pkcs1-sha512",
        SignatureAlgorithm::RsaPssSha256 => "rsa-pss-sha256",
        SignatureAlgorithm::RsaPssSha384 => "rsa-pss-sha384",
        SignatureAlgorithm::RsaPssSha512 => "rsa-pss-sha512",
        SignatureAlgorithm::Ed25519 => "ed25519",
    };
    writeln!(out, "token = \"{token}\"\nkey = \"{label}\"\nalgorithm = \"{algorithm}\"")
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{CeremonyCommand, Cli, Command};

    #[test]
    fn certificates_carry_the_port_that_is_listened_at_unless_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let written = |options: &[&str]| {
            let dir = folder.path().to_str().unwrap();
            let words = ["ndoba", "ceremony", "run", "--development", "--dir", dir, "--ports", "1,2,3,4"];
            let cli = Cli::try_parse_from([&words[..], options].concat()).unwrap();
            let Command::Ceremony(CeremonyCommand::Run(args)) = cli.command else {
                panic!("another command")
            };
            let folder = Folder::at(folder.path()).unwrap();
            write(&args, &folder, &Plan::development(), "ab".repeat(16).parse().unwrap())
        };
        let [here, elsewhere] = [written(&[]), written(&["--public-url", "http://pki.example.com"])];
        assert!(here.contains("\npublic_url = \"http://127.0.0.1:1\"\n"), "{here}");
        assert!(elsewhere.contains("\npublic_url = \"http://pki.example.com\"\n"), "{elsewhere}");
    }
}
