//! What production mode refuses (design §3).

use ndoba_types::Span;

use super::{Checked, complaint};
use crate::Settings;
use crate::values::{ClockMode, KernelCheck, Mode, Role};

/// The arc for examples (X.660): 2.999.
const EXAMPLE_ARC: &str = "2.999.";

pub(super) fn rules(settings: &Settings) -> Checked<()> {
    match settings.mode {
        Mode::Development => return Ok(()),
        Mode::Production => {}
    }
    separate_roles(settings)?;
    real_tokens(settings)?;
    real_policies(settings)?;
    let stamps = settings.roles.has(Role::Public) && !settings.tsa.units.is_empty();
    match settings.clock.mode {
        // T-40: traceable time, which an assumed bound is not.
        ClockMode::TrustedHostClock => {
            return complaint(
                "clock.mode",
                "production refuses trusted-host-clock: nobody watches that clock",
            );
        }
        ClockMode::Disciplined if stamps && settings.clock.servers.is_empty() => {
            return complaint("clock.servers", "missing; time-stamping asks at least three servers");
        }
        ClockMode::Disciplined => {}
    }
    if stamps && settings.clock.kernel == KernelCheck::Off {
        return complaint("clock.kernel", "production looks at the kernel's clock state: enforce or warn");
    }
    for (i, ca) in settings.cas.iter().enumerate() {
        // C-91, C-100: a day from a revocation to the CRL that lists it. The offline root's CRLs live longer (C-93).
        if ca.key.is_some() && ca.crl.next_update > Span::hours(24) {
            return complaint(
                format!("cas.{i}.crl.next_update"),
                "at most 24h for an authority that is online",
            );
        }
    }
    match settings.listen.operator {
        Some(address) if !address.ip().is_loopback() => {
            complaint("listen.operator", "metrics and health stay on a loopback address")
        }
        Some(_) | None => Ok(()),
    }
}

fn separate_roles(settings: &Settings) -> Checked<()> {
    let roles = &settings.roles;
    let listens = [Role::Public, Role::Registration].into_iter().any(|role| roles.has(role));
    if listens && roles.has(Role::Ca) {
        return complaint("roles", "\"ca\" listens to no network: give it a process of its own");
    }
    if listens && roles.has(Role::Audit) {
        return complaint("roles", "\"audit\" listens to no network: give it a process of its own");
    }
    if roles.iter().count() > 1 {
        return complaint("roles", "one process per role, each with its own token login and database user");
    }
    Ok(())
}

fn real_tokens(settings: &Settings) -> Checked<()> {
    for (i, module) in settings.hsm.modules.iter().enumerate() {
        // A first guard by name; the module's own description is asked when it is loaded.
        if module.path.to_string_lossy().to_ascii_lowercase().contains("softhsm") {
            return complaint(
                format!("hsm.modules.{i}.path"),
                "SoftHSM keeps keys in files: development only",
            );
        }
    }
    for (i, ca) in settings.cas.iter().enumerate() {
        if ca.name.as_str() == "root" && ca.key.is_some() {
            return complaint(
                format!("cas.{i}.key"),
                "the root is offline: its key is reached in ceremonies only",
            );
        }
    }
    Ok(())
}

fn real_policies(settings: &Settings) -> Checked<()> {
    let p = &settings.policies;
    let named = [
        ("sign_qscd", &p.sign_qscd),
        ("seal_qscd", &p.seal_qscd),
        ("sign", &p.sign),
        ("seal", &p.seal),
        ("time_stamp", &p.time_stamp),
        ("ocsp", &p.ocsp),
        ("tsu", &p.tsu),
        ("issuing_ca", &p.issuing_ca),
    ];
    for (name, oid) in named {
        if oid.to_string().starts_with(EXAMPLE_ARC) {
            return complaint(
                format!("policies.{name}"),
                format!("{oid} lies in the arc for examples; use your own"),
            );
        }
    }
    for (i, unit) in settings.tsa.units.iter().enumerate() {
        if unit.policy.to_string().starts_with(EXAMPLE_ARC) {
            return complaint(format!("tsa.units.{i}.policy"), "lies in the arc for examples; use your own");
        }
    }
    Ok(())
}
