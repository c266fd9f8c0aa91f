//! Certification authorities and time-stamping units, and that the tokens they name are there.

use std::collections::HashSet;
use std::path::Path;

use ndoba_types::{CaName, CrlShard, CrlShards, Oid, Span};

use super::{Checked, choice, complaint, key, oid, parsed, path, positive_span};
use crate::Settings;
use crate::raw::{RawCa, RawOcsp, RawUnit};
use crate::values::{
    CertificationAuthority, Crl, JournalMode, KeyRef, Ocsp, ResponderId, Role, Tsa, TsaUnit, UnknownAnswer,
    VerifySignatures,
};

/// What the address `/tsa/clock` is kept for.
const RESERVED_UNIT: &str = "clock";

pub(super) fn authorities(raws: Vec<RawCa>, folder: &Path) -> Checked<Vec<CertificationAuthority>> {
    let mut names = HashSet::new();
    let mut cas = Vec::with_capacity(raws.len());
    for (i, raw) in raws.into_iter().enumerate() {
        let section = format!("cas.{i}");
        let name: CaName = parsed(&format!("{section}.name"), &raw.name)?;
        if !names.insert(name.clone()) {
            return complaint(format!("{section}.name"), format!("two authorities are called `{name}`"));
        }
        let own = match (raw.token, raw.key, raw.algorithm) {
            (None, None, None) => None,
            (Some(token), Some(label), Some(algorithm)) => {
                Some(key(&section, token, &label, &algorithm, "ca")?)
            }
            _ => return complaint(section, "token, key and algorithm go together: give all or none"),
        };
        let next_update = positive_span(&format!("{section}.crl.next_update"), &raw.crl.next_update)?;
        let publish_every = positive_span(&format!("{section}.crl.publish_every"), &raw.crl.publish_every)?;
        if publish_every >= next_update {
            let key = format!("{section}.crl.publish_every");
            return complaint(
                key,
                "must be shorter than next_update, or a CRL ends before the next one is out",
            );
        }
        let shards = raw.crl.shards.map(|count| {
            CrlShards::new(count).map_or_else(
                || {
                    let what = format!(
                        "from 2 to {}, or absent: every certificate names the whole list",
                        CrlShard::MOST
                    );
                    complaint(format!("{section}.crl.shards"), what)
                },
                Ok,
            )
        });
        if own.is_none() && raw.crl.shards.is_some() {
            return complaint(
                format!("{section}.crl.shards"),
                "an authority whose key is elsewhere has one list, made where its key is: leave it out",
            );
        }
        cas.push(CertificationAuthority {
            key: own,
            certificate: path(&format!("{section}.certificate"), &raw.certificate, folder)?,
            crl: Crl { next_update, publish_every, shards: shards.transpose()? },
            ocsp: raw.ocsp.map(|raw| responder(raw, &format!("{section}.ocsp"), folder)).transpose()?,
            name,
        });
    }
    Ok(cas)
}

fn responder(raw: RawOcsp, section: &str, folder: &Path) -> Checked<Ocsp> {
    let enrolment = raw
        .enrolment
        .map(|label| key(section, raw.token.clone(), &label, "ecdsa-p256-sha256", "enrolment"))
        .transpose()?;
    let mut known_probes = Vec::new();
    for text in &raw.known_probes {
        // Two octets would hide one question in 65,536 about anything.
        match hex::decode(text) {
            Ok(prefix) if (4..=20).contains(&prefix.len()) => known_probes.push(prefix),
            Ok(_) | Err(_) => {
                return complaint(
                    format!("{section}.known_probes"),
                    format!("`{text}` is not the first 8 to 40 hexadecimal digits of a serial number"),
                );
            }
        }
    }
    Ok(Ocsp {
        enrolment,
        known_probes,
        responder_id: choice(
            &format!("{section}.responder_id"),
            &raw.responder_id,
            &[("by-key", ResponderId::ByKey), ("by-name", ResponderId::ByName)],
        )?,
        key: key(section, raw.token, &raw.key, &raw.algorithm, "ocsp")?,
        certificate: path(&format!("{section}.certificate"), &raw.certificate, folder)?,
        next_update: positive_span(&format!("{section}.next_update"), &raw.next_update)?,
        unissued: choice(
            &format!("{section}.unissued"),
            &raw.unissued,
            &[("unknown", UnknownAnswer::Unknown), ("extended-revoked", UnknownAnswer::ExtendedRevoked)],
        )?,
    })
}

pub(super) fn units(raws: Vec<RawUnit>, folder: &Path, policy: &Oid) -> Checked<Vec<TsaUnit>> {
    let mut names = HashSet::new();
    let mut labels = HashSet::new();
    let mut units = Vec::with_capacity(raws.len());
    for (i, raw) in raws.into_iter().enumerate() {
        let section = format!("tsa.units.{i}");
        let place = format!("{section}.name");
        // The same spelling as a CA's: both are parts of addresses.
        let Ok(CaName { .. }) = raw.name.parse::<CaName>() else {
            return complaint(
                place,
                format!("`{}` is not 1 to 32 lower-case letters, digits and hyphens", raw.name),
            );
        };
        if raw.name == RESERVED_UNIT {
            return complaint(place, "`clock` is the address of the clock's statement");
        }
        if !names.insert(raw.name.clone()) {
            return complaint(place, format!("two units are called `{}`", raw.name));
        }
        let unit = unit(raw, &section, folder, policy)?;
        // T-32: a unit's key is its own.
        if !labels.insert((unit.key.token.clone(), unit.key.label.clone())) {
            return complaint(format!("{section}.key"), "another unit signs with this key");
        }
        units.push(unit);
    }
    Ok(units)
}

fn unit(raw: RawUnit, section: &str, folder: &Path, default_policy: &Oid) -> Checked<TsaUnit> {
    let accuracy = positive_span(&format!("{section}.accuracy"), &raw.accuracy)?;
    // T-03: one second or better. Below a millisecond genTime's own resolution would exceed it (T-42).
    if accuracy > Span::seconds(1) || accuracy <= Span::millis(1) {
        return complaint(format!("{section}.accuracy"), "more than 1ms and at most 1s");
    }
    let chain = raw.chain.iter().map(|file| path(&format!("{section}.chain"), file, folder));
    let accepted =
        raw.accepted_policies.iter().map(|text| oid(&format!("{section}.accepted_policies"), text));
    Ok(TsaUnit {
        key: key(section, raw.token, &raw.key, &raw.algorithm, "tsu")?,
        certificate: path(&format!("{section}.certificate"), &raw.certificate, folder)?,
        chain: chain.collect::<Checked<_>>()?,
        policy: raw
            .policy
            .map_or_else(|| Ok(default_policy.clone()), |text| oid(&format!("{section}.policy"), &text))?,
        accepted_policies: accepted.collect::<Checked<_>>()?,
        accuracy,
        measured_accuracy: raw.measured_accuracy,
        verify: choice(
            &format!("{section}.verify"),
            &raw.verify,
            &[("as-load-allows", VerifySignatures::AsLoadAllows), ("every", VerifySignatures::Every)],
        )?,
        claim_eu_qtst: raw.claim_eu_qtst,
        qualified: raw.qualified,
        name: raw.name,
    })
}

/// Qualified units and others: separate (TIS-8.2-01 to -03, T-23), and what is claimed is meant.
pub(super) fn kept_apart(tsa: &Tsa) -> Checked<()> {
    for (i, unit) in tsa.units.iter().enumerate() {
        if unit.claim_eu_qtst && !unit.qualified {
            return complaint(
                format!("tsa.units.{i}.claim_eu_qtst"),
                "claims what `qualified = false` denies",
            );
        }
        let shares =
            |other: &&TsaUnit| other.qualified != unit.qualified && other.certificate == unit.certificate;
        if tsa.units[..i].iter().any(|other| shares(&other)) {
            return complaint(
                format!("tsa.units.{i}.certificate"),
                "a qualified unit and another share it: give each its own, with a subject of its own",
            );
        }
    }
    if tsa.journal == JournalMode::Relaxed && tsa.units.iter().any(|unit| unit.qualified) {
        return complaint("tsa.journal", "relaxed is refused where a unit is qualified: use on-disk");
    }
    Ok(())
}

/// Whether every key that a role of this process signs with lies in a token that is configured here.
pub(super) fn tokens_exist(settings: &Settings) -> Checked<()> {
    let there = |section: String, key: &KeyRef| match settings.hsm.token(&key.token) {
        Some(_) => Ok(()),
        None => complaint(
            format!("{section}.token"),
            format!("no [[hsm.modules.tokens]] is called `{}`", key.token),
        ),
    };
    for (i, ca) in settings.cas.iter().enumerate() {
        if let (true, Some(key)) = (settings.roles.has(Role::Ca), &ca.key) {
            there(format!("cas.{i}"), key)?;
        }
        if let (true, Some(ocsp)) = (settings.roles.has(Role::Public), &ca.ocsp) {
            there(format!("cas.{i}.ocsp"), &ocsp.key)?;
        }
    }
    if settings.roles.has(Role::Public) {
        for (i, unit) in settings.tsa.units.iter().enumerate() {
            there(format!("tsa.units.{i}"), &unit.key)?;
        }
        if let Some(key) = &settings.clock.statement {
            there("clock".into(), key)?;
        }
    }
    if let (true, Some(key)) = (settings.roles.has(Role::Registration), &settings.data_key)
        && settings.hsm.token(&key.token).is_none()
    {
        let what = format!("no [[hsm.modules.tokens]] is called `{}`", key.token);
        return complaint("data_key.token", what);
    }
    if let (true, Some(desk)) = (settings.roles.has(Role::Registration), &settings.desk) {
        there("desk".into(), &desk.key)?;
    }
    match &settings.audit {
        Some(audit) if settings.roles.has(Role::Audit) => there("audit".into(), &audit.key),
        Some(_) | None => Ok(()),
    }
}
