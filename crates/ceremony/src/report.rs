//! The ceremony report with the content of EN 319 411-1 GEN-6.5.1-13A and the signature slots of -14.

use std::fmt::Write as _;

use ndoba_types::Sha256Digest;
use serde::{Deserialize, Serialize};

use crate::{Mode, Phase, Plan, SessionEntry};

/// Somebody who takes part, with a role and what it answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Name as the plan has it.
    pub name: String,
    /// Role in the ceremony.
    pub role: String,
    /// Whether from outside the provider.
    pub external: bool,
    /// What the role does and answers for.
    pub responsibility: String,
    /// The phases in which it does.
    pub phases: Vec<Phase>,
}

/// A device that keeps keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HsmEntry {
    /// The token's label.
    pub token: String,
    /// The device's or token's serial number.
    pub serial: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Firmware version, as the device states it.
    pub firmware: String,
    /// Mode, random generator and other settings that decide how keys come to be.
    pub settings: String,
}

/// An attribute as read back from the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttribute {
    /// `CKA_…`.
    pub name: String,
    /// Its value.
    pub value: bool,
}

/// One key pair of the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// Unique id: the label in the token.
    pub label: String,
    /// CKA_ID, hexadecimal: the subject key identifier.
    pub id: String,
    /// The token that keeps it.
    pub token: String,
    /// Algorithm.
    pub algorithm: String,
    /// Size in bits.
    pub bits: u32,
    /// PKCS#11 mechanism that generated it.
    pub mechanism: String,
    /// SHA-256 over the DER SubjectPublicKeyInfo.
    pub fingerprint: String,
    /// Attributes as read back.
    pub attributes: Vec<KeyAttribute>,
}

/// One certificate made at the ceremony.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEntry {
    /// Its subject in words.
    pub subject: String,
    /// Its issuer's short name.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// SHA-256 over the certificate's DER.
    pub sha256: String,
    /// Start of validity.
    pub not_before: String,
    /// End of validity.
    pub not_after: String,
}

/// A pinned security officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedOfficer {
    /// Name as the plan has it.
    pub name: String,
    /// Officer id in the register.
    pub officer: String,
    /// SHA-256 over the officer's public key (DER SubjectPublicKeyInfo).
    pub key: String,
}

/// One step as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// From 1.
    pub number: usize,
    /// The phase.
    pub phase: Phase,
    /// What was done.
    pub description: String,
    /// When it was finished, RFC 3339 UTC.
    pub at: String,
    /// What was seen.
    pub evidence: String,
}

/// Where somebody signs the report (GEN-6.5.1-14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureSlot {
    /// In which role.
    pub role: String,
    /// Who.
    pub name: String,
}

/// Everything a ceremony report has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Format version: 1.
    pub version: u32,
    /// Development or production.
    pub mode: Mode,
    /// The installation, 32 hexadecimal digits.
    pub installation: String,
    /// Where.
    pub place: String,
    /// When it was ended, RFC 3339 UTC.
    pub date: String,
    /// SHA-256 over the plan; certificates issued here name it as their warrant.
    pub plan: String,
    /// Version of the software that ran it.
    pub software: String,
    /// What everybody must read first, where there is such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What two security officers signed before the first CA key was made or used. Reports from before there were sessions
    /// have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionEntry>,
    /// Roles, functions, responsibilities.
    pub participants: Vec<Participant>,
    /// Devices.
    pub hsms: Vec<HsmEntry>,
    /// Inventory of keys.
    pub keys: Vec<KeyEntry>,
    /// Certificates.
    pub certificates: Vec<CertificateEntry>,
    /// The root of trust of the officers' register.
    pub officers: Vec<PinnedOfficer>,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
    /// Who signs.
    pub signatures: Vec<SignatureSlot>,
}

/// Where a ceremony is held, and who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// Development or production.
    pub mode: Mode,
    /// Where.
    pub place: String,
    /// Names.
    pub security_officers: Vec<String>,
    /// Names of those from outside.
    pub witnesses: Vec<String>,
}

impl Report {
    /// An empty report for `plan`: roles and signature slots filled in, everything seen still to come.
    pub fn begin(plan: &Plan, installation: &str, software: &str) -> Self {
        let attendance = Attendance {
            mode: plan.mode,
            place: plan.place.clone(),
            security_officers: plan.security_officers.clone(),
            witnesses: plan.witnesses.clone(),
        };
        Self::attended(&attendance, plan.digest(), installation, software)
    }

    /// The same for a ceremony without such a plan; `plan` is the digest of what it is to do.
    pub fn attended(attendance: &Attendance, plan: Sha256Digest, installation: &str, software: &str) -> Self {
        let officer = |name: &String| Participant {
            name: name.clone(),
            role: "security officer".into(),
            external: false,
            responsibility:
                "Controls every phase together with a second security officer; the keys of both are pinned; \
                             witnesses that the report is true"
                    .into(),
            phases: Phase::ALL.into(),
        };
        let witness = |name: &String| Participant {
            name: name.clone(),
            role: "independent witness".into(),
            external: true,
            responsibility: "Watches every phase and signs that the report tells what happened".into(),
            phases: Phase::ALL.into(),
        };
        let slot = |participant: &Participant| SignatureSlot {
            role: participant.role.clone(),
            name: participant.name.clone(),
        };
        let mut participants: Vec<_> = attendance.security_officers.iter().map(officer).collect();
        participants.extend(attendance.witnesses.iter().map(witness));
        let signatures = participants.iter().map(slot).collect();
        participants.push(Participant {
            name: "operator".into(),
            role: "operator".into(),
            external: false,
            responsibility:
                "Runs the command for key generation, certification and publication; holds no PIN alone"
                    .into(),
            phases: vec![Phase::KeyGeneration, Phase::Certification, Phase::Publication],
        });
        Self {
            version: 1,
            mode: attendance.mode,
            installation: installation.into(),
            place: attendance.place.clone(),
            date: String::new(),
            plan: plan.to_string(),
            software: software.into(),
            warning: None,
            session: None,
            participants,
            hsms: Vec::new(),
            keys: Vec::new(),
            certificates: Vec::new(),
            officers: Vec::new(),
            steps: Vec::new(),
            signatures,
        }
    }

    /// The report as JSON: what is archived, hashed and signed.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of strings and numbers always serialises.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The report for people, ending with the digest of the JSON and a line for each signature.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "KEY CEREMONY REPORT (EN 319 411-1 GEN-6.5.1-13A)\n")?;
        if self.mode == Mode::Development {
            writeln!(out, "DEVELOPMENT: nothing made here may be relied on.\n")?;
        }
        if let Some(warning) = &self.warning {
            writeln!(out, "{warning}\n")?;
        }
        writeln!(out, "Installation  {}", self.installation)?;
        writeln!(out, "Place         {}", self.place)?;
        writeln!(out, "Date          {}", self.date)?;
        writeln!(out, "Software      {}", self.software)?;
        writeln!(out, "Plan          sha256 {}", self.plan)?;
        writeln!(out, "\nROLES, FUNCTIONS AND RESPONSIBILITIES")?;
        for p in &self.participants {
            let outside = if p.external { " (external)" } else { "" };
            let phases: Vec<_> = p.phases.iter().map(|phase| phase.words()).collect();
            writeln!(out, "  {}, {}{outside}\n    {}", p.name, p.role, p.responsibility)?;
            writeln!(out, "    phases: {}", phases.join(", "))?;
        }
        if let Some(session) = &self.session {
            writeln!(out, "\nSESSION OF TWO SECURITY OFFICERS (GEN-6.4.3-02)")?;
            writeln!(out, "  {}\n    sha256 {}", session.statement, session.sha256)?;
            for (officer, signature) in session.officers.iter().zip(&session.signatures) {
                writeln!(out, "  signed by the officer {officer}\n    {signature}")?;
            }
        }
        writeln!(out, "\nDEVICES")?;
        for h in &self.hsms {
            writeln!(
                out,
                "  {}: {} {}, serial {}, firmware {}",
                h.token, h.manufacturer, h.model, h.serial, h.firmware
            )?;
            writeln!(out, "    {}", h.settings)?;
        }
        writeln!(out, "\nKEYS")?;
        for k in &self.keys {
            writeln!(
                out,
                "  {} in {}: {}, {} bits, by {}",
                k.label, k.token, k.algorithm, k.bits, k.mechanism
            )?;
            writeln!(out, "    id {}\n    sha256 {}", k.id, k.fingerprint)?;
            let attributes: Vec<_> = k
                .attributes
                .iter()
                .map(|a| format!("{}={}", a.name, if a.value { "true" } else { "false" }))
                .collect();
            writeln!(out, "    {}", attributes.join(" "))?;
        }
        writeln!(out, "\nCERTIFICATES")?;
        for c in &self.certificates {
            writeln!(out, "  {} (issued by {})", c.subject, c.issuer)?;
            writeln!(
                out,
                "    serial {}, {} to {}\n    sha256 {}",
                c.serial, c.not_before, c.not_after, c.sha256
            )?;
        }
        writeln!(out, "\nPINNED SECURITY OFFICERS")?;
        for o in &self.officers {
            writeln!(out, "  {}, officer {}\n    key sha256 {}", o.name, o.officer, o.key)?;
        }
        writeln!(out, "\nSTEPS")?;
        for s in &self.steps {
            writeln!(
                out,
                "  {:>2}. {} {}: {}\n      {}",
                s.number,
                s.at,
                s.phase.words(),
                s.description,
                s.evidence
            )?;
        }
        writeln!(out, "\nThis text tells the JSON report with sha256 {}", Sha256Digest::of(&self.to_json()))?;
        writeln!(out, "\nSIGNATURES (GEN-6.5.1-14)")?;
        for s in &self.signatures {
            writeln!(out, "\n  {}, {}: ______________________________", s.name, s.role)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_the_json_it_tells_and_every_signature() {
        let plan = Plan::development();
        let report = Report::begin(&plan, &"ab".repeat(16), "ndoba 0.1.0");
        let text = report.to_text();
        assert!(text.contains(&Sha256Digest::of(&report.to_json()).to_string()));
        assert!(text.contains("Security officer 2, security officer: ____"));
        assert!(text.contains("Witness from outside, independent witness: ____"));
        assert!(text.contains("phases: key generation, certification, publication\n"));
        assert!(text.contains("DEVELOPMENT"));
        let read: Report = serde_json::from_slice(&report.to_json()).unwrap();
        assert_eq!(read, report);
    }
}
