//! Certificates and first CRLs.

use std::sync::Arc;

use anyhow::Context as _;
use ndoba_ca::{Appointed, CrlTiming, IssuingCa};
use ndoba_ceremony::{AuthorityPlan, CertificateEntry};
use ndoba_settings::CertificationAuthority;
use ndoba_types::{CaName, IssueCertificates, KeyLabel, PublishCrls, Span, SubjectPublicKeyInfo};
use ndoba_x509::{
    Authority, AuthorityDraft, Certificate, IssuerFacts, KeyIdentifier, PemLabel, Profile, to_pem,
};

use super::Ceremony;
use super::standing::responder_name;
use crate::tokens::Watched;
use crate::{files, installation};

/// A certificate's lines in the report.
pub(super) fn certificate_entry(certificate: &Certificate, issuer: &str) -> CertificateEntry {
    let subject: Vec<_> = certificate.subject().attributes().into_iter().map(|(_, value)| value).collect();
    CertificateEntry {
        subject: subject.join(", "),
        issuer: issuer.into(),
        serial: certificate.serial().to_string(),
        sha256: certificate.fingerprint().to_string(),
        not_before: certificate.not_before().to_string(),
        not_after: certificate.not_after().to_string(),
    }
}

impl Ceremony {
    pub(super) fn issue_root(&mut self) -> anyhow::Result<String> {
        let plan = self.plan.root.clone();
        let key = self.public_key(&plan.token, &format!("{}/ca/1", plan.name))?;
        let name = self.authority(&plan.common_name)?;
        let profile = self.profile("root")?;
        let appointed = Appointed { profile: &profile, name: name.clone(), key: &key, days: plan.days };
        let now = self.world.clock.now();
        // The root as issuer before it has a certificate; what it signs first is that certificate.
        let facts = IssuerFacts {
            name: name.distinguished_name(),
            ski: KeyIdentifier::of(&key)?,
            spki: key.clone(),
            not_before: now,
            not_after: now.plus(Span::days(plan.days)),
            algorithm: super::keys::algorithm(plan.key),
            urls: installation::public_urls(&self.settings)?.of_issuer(&plan.name)?,
        };
        let root = self.issuing_ca(&plan, facts)?;
        let der = self.desk()?.certify_root(&root, &appointed)?;
        self.accept_authority(&plan, &der)
    }

    pub(super) fn issue_authority(&mut self, name: &str) -> anyhow::Result<String> {
        let plan = self.authority_plan(name)?;
        let key = self.public_key(&plan.token, &format!("{name}/ca/1"))?;
        let profile = self.profile("issuing-ca")?;
        let appointed = Appointed {
            profile: &profile,
            name: self.authority(&plan.common_name)?,
            key: &key,
            days: plan.days,
        };
        let der = self.desk()?.certify(&self.issued_ca(&self.plan.root.name.clone())?, &appointed)?;
        self.accept_authority(&plan, &der)
    }

    pub(super) fn issue_responder(&mut self, authority: &str) -> anyhow::Result<String> {
        let plan = self.authority_plan(authority)?;
        let key = self.public_key(&self.plan.ocsp_token.clone(), &format!("{authority}/ocsp/1"))?;
        // The offline root's responder lives as long as the root's list (C-93); all others are short-lived (O-19).
        let is_root = authority == self.plan.root.name;
        let profile = self.profile(if is_root { "root-ocsp-responder" } else { "ocsp-responder" })?;
        let name = self.authority(&responder_name(&plan.common_name))?;
        let appointed = Appointed { profile: &profile, name, key: &key, days: plan.responder_days };
        let der = self.desk()?.certify(&self.issued_ca(authority)?, &appointed)?;
        self.accept(authority, &format!("pki/{authority}-ocsp.pem"), &der)
    }

    pub(super) fn issue_tsu(&mut self, name: &str) -> anyhow::Result<String> {
        let tsu =
            self.plan.tsus.iter().find(|tsu| tsu.name == name).cloned().context("no such TSU is planned")?;
        let key = self.public_key(&self.plan.tsa_token.clone(), &format!("{name}/tsu/1"))?;
        let profile = self.profile(if tsu.qc_statements { "tsu-qc" } else { "tsu" })?;
        anyhow::ensure!(
            profile.private_key_days() == Some(tsu.key_days),
            "the plan gives the key of {name} {} days, the profile {} {}: make them agree",
            tsu.key_days,
            profile.name(),
            profile.private_key_days().unwrap_or_default()
        );
        let appointed = Appointed {
            profile: &profile,
            name: self.authority(&tsu.common_name)?,
            key: &key,
            days: tsu.days,
        };
        let issuer = self.plan.tsu_authority.clone();
        let der = self.desk()?.certify(&self.issued_ca(&issuer)?, &appointed)?;
        self.accept(&issuer, &format!("pki/{name}.pem"), &der)
    }

    pub(super) fn publish_crl(&mut self, authority: &str) -> anyhow::Result<String> {
        let number = self.desk()?.publish_crl(&self.issued_ca(authority)?)?;
        Ok(format!("CRL number {number}"))
    }

    /// A CA's certificate: registered with the ledger, put among the files, published.
    fn accept_authority(&mut self, plan: &AuthorityPlan, der: &[u8]) -> anyhow::Result<String> {
        let issuer = self.plan.root.name.clone();
        let evidence = self.accept(&issuer, &format!("pki/{}.pem", plan.name), der)?;
        let ca = self.issued_ca(&plan.name)?;
        self.desk()?.register(&ca, der)?;
        installation::published(&self.settings)?.put_issuer(&ca.name, der)?;
        Ok(evidence)
    }

    fn accept(&mut self, issuer: &str, file: &str, der: &[u8]) -> anyhow::Result<String> {
        files::write(&self.folder.file(file), to_pem(PemLabel::Certificate, der).as_bytes())?;
        let entry = certificate_entry(&Certificate::from_der(der)?, issuer);
        let evidence = format!("serial {}, sha256 {}", entry.serial, entry.sha256);
        self.report.certificates.push(entry);
        Ok(evidence)
    }

    pub(super) fn authority_plan(&self, name: &str) -> anyhow::Result<AuthorityPlan> {
        let mut all = std::iter::once(&self.plan.root).chain(&self.plan.authorities);
        all.find(|authority| authority.name == name).cloned().context("no such CA is planned")
    }

    pub(super) fn public_key(&self, token: &str, label: &str) -> anyhow::Result<SubjectPublicKeyInfo> {
        let label: KeyLabel = label.parse()?;
        self.tokens.get(token)?.inspect(&label)?.public_key.context("the token has no public half of the key")
    }

    pub(super) fn authority(&self, common_name: &str) -> anyhow::Result<Authority> {
        let organisation = &self.plan.organisation;
        Ok(Authority::try_from(AuthorityDraft {
            country: organisation.country.clone(),
            organization: organisation.name.clone(),
            organization_identifier: organisation.identifier.clone(),
            common_name: common_name.into(),
        })?)
    }

    /// A CA that has its certificate.
    fn issued_ca(&self, name: &str) -> anyhow::Result<IssuingCa> {
        let plan = self.authority_plan(name)?;
        let facts = installation::issuer_facts(&self.settings, self.configured(name)?)?;
        self.issuing_ca(&plan, facts)
    }

    fn issuing_ca(&self, plan: &AuthorityPlan, facts: IssuerFacts) -> anyhow::Result<IssuingCa> {
        self.attended()?;
        let token = self.tokens.get(&plan.token)?;
        let label = KeyLabel::new(&plan.name, "ca", 1)?;
        let timing = &self.configured(&plan.name)?.crl;
        let certify = token.open::<IssueCertificates>(&label, facts.algorithm)?;
        Ok(IssuingCa {
            name: plan.name.parse::<CaName>()?,
            certify: Arc::new(certify.clone()),
            watch: Arc::new(Watched(certify)),
            revoke: Arc::new(token.open::<PublishCrls>(&label, facts.algorithm)?),
            certifies_cas: plan.name == self.plan.root.name,
            // What a ceremony certifies is on the whole list.
            shards: None,
            facts,
            crl: CrlTiming { validity: timing.next_update, interval: timing.publish_every },
        })
    }

    pub(super) fn configured(&self, name: &str) -> anyhow::Result<&CertificationAuthority> {
        let mut cas = self.settings.cas.iter();
        cas.find(|ca| ca.name.as_str() == name).with_context(|| format!("the CA {name} is not configured"))
    }

    pub(super) fn profile(&self, name: &str) -> anyhow::Result<Profile> {
        let mut profiles = installation::profiles(&self.settings)?.into_iter();
        profiles.find(|profile| profile.name() == name).with_context(|| format!("there is no profile {name}"))
    }
}
