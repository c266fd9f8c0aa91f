//! `ndoba ca devices`: the register of qualified devices, and which certificates depend on each model.

use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_order::{Order, OrderContent};
use ndoba_settings::CertifiedDevice;
use ndoba_store::InUse;
use ndoba_types::DeviceModel;
use serde_json::json;

use crate::cli::DevicesArgs;
use crate::installation::{self, World};

/// A certificate in use whose key is in a qualified device.
struct InDevice {
    model: DeviceModel,
    certificate: InUse,
}

impl InDevice {
    /// By what the officers signed; none where they named no device.
    fn of(certificate: InUse) -> anyhow::Result<Option<Self>> {
        let device = match Order::from_bytes(&certificate.order)?.content {
            OrderContent::Issue(issue) | OrderContent::Reissue(issue) => issue.device,
            OrderContent::CertifyUnit(_)
            | OrderContent::Release(_)
            | OrderContent::Revoke(_)
            | OrderContent::Suspend(_)
            | OrderContent::SuspendByCode(_) => None,
        };
        Ok(device.map(|device| Self { model: device.model, certificate }))
    }
}

/// Prints the register. Certificates whose device is no longer certified, or not in the register any more, are listed
/// one by one: they must be looked at (C-102), and the exit status says so.
pub(crate) fn run(args: &DevicesArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config.config)?;
    let store = installation::open_store(&settings)?;
    let now = World::real().clock.now();
    let profiles = installation::profiles(&settings)?;
    let names: Vec<&str> = profiles
        .iter()
        .filter(|profile| profile.requires_device_evidence())
        .map(|profile| profile.name())
        .collect();
    let mut certificates = Vec::new();
    for found in store.in_use(&names, now)? {
        let serial = found.serial.clone();
        certificates.extend(InDevice::of(found).with_context(|| format!("the order of {serial}"))?);
    }
    let certified = |found: &InDevice| {
        let model = settings.devices.iter().find(|device| device.model == found.model);
        model.is_some_and(|device| device.ends > now)
    };
    let affected: Vec<&InDevice> = certificates.iter().filter(|found| !certified(found)).collect();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&settings.devices, &certificates, &affected))?);
    } else {
        for device in &settings.devices {
            let count = count(&certificates, device);
            let end = if device.ends > now { "ends" } else { "ended" };
            println!("{}: {}, {end} {}, {count} certificates", device.model, device.certificate, device.ends);
        }
        for found in &affected {
            let InDevice { model, certificate } = found;
            println!("{} of {} in {model}: its device is not certified", certificate.serial, certificate.ca);
        }
    }
    Ok(if affected.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn count(certificates: &[InDevice], device: &CertifiedDevice) -> usize {
    certificates.iter().filter(|found| found.model == device.model).count()
}

fn as_json(
    devices: &[CertifiedDevice],
    certificates: &[InDevice],
    affected: &[&InDevice],
) -> serde_json::Value {
    let device = |device: &CertifiedDevice| {
        json!({
            "model": device.model.as_str(),
            "certificate": device.certificate,
            "ends": device.ends.to_string(),
            "certificates": count(certificates, device),
        })
    };
    let found = |found: &&InDevice| {
        json!({
            "serial": found.certificate.serial.to_string(),
            "ca": found.certificate.ca.to_string(),
            "model": found.model.to_string(),
            "not_after": found.certificate.not_after.to_string(),
        })
    };
    json!({
        "devices": devices.iter().map(device).collect::<Vec<_>>(),
        "affected": affected.iter().map(found).collect::<Vec<_>>(),
    })
}
