//! From what is written to what may be: every value alone, then the whole.

mod authorities;
mod production;
mod storage;
mod webhooks;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ndoba_types::{KeyLabel, Oid, SignatureAlgorithm, Span};

use crate::raw::{
    RawAudit, RawClock, RawDataKey, RawDesk, RawDevice, RawLegal, RawLimits, RawListen, RawLog, RawPolicies,
    RawSettings, RawTls, RawUrls,
};
use crate::values::{
    Audit, CertifiedDevice, ClockMode, ClockSettings, DataKeyRef, Desk, Hsm, JournalMode, KernelCheck,
    KeyRef, Legal, Limits, Listen, Log, LogFormat, Mode, NtpServer, OfficersTls, OnTimeout, Policies,
    PublicTls, QualifiedUnder, Role, Roles, Tsa, Urls,
};
use crate::{HttpUrl, Settings, SettingsError, quantity};

/// A complaint about one key; the file is added at the end.
pub(crate) struct Complaint {
    key: String,
    reason: String,
}

type Checked<T> = Result<T, Complaint>;

fn complaint<T>(key: impl Into<String>, reason: impl Display) -> Checked<T> {
    Err(Complaint { key: key.into(), reason: reason.to_string() })
}

/// Checks the whole of what was written in `file`.
pub(crate) fn settings(raw: RawSettings, file: &Path) -> Result<Settings, SettingsError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    whole(raw, file, folder).map_err(|Complaint { key, reason }| SettingsError::Invalid {
        file: file.into(),
        key,
        reason,
    })
}

fn whole(raw: RawSettings, file: &Path, folder: &Path) -> Checked<Settings> {
    if raw.installation.is_empty() {
        return complaint("installation", "missing; the ceremony draws it: 32 lower-case hexadecimal digits");
    }
    let installation = parsed("installation", &raw.installation)?;
    let mode =
        choice("mode", &raw.mode, &[("development", Mode::Development), ("production", Mode::Production)])?;
    let roles = roles(&raw.roles)?;
    let paths = storage::paths(raw.paths, folder)?;
    let database = storage::database(raw.database, folder, &paths)?;
    let hsm = Hsm { modules: storage::modules(raw.hsm.modules, folder)? };
    let policies = policies(&raw.policies)?;
    let cas = authorities::authorities(raw.cas, folder)?;
    let devices = devices(raw.devices)?;
    let tsa = Tsa {
        segment_records: positive("tsa.segment_records", raw.tsa.segment_records)?,
        seal_after: positive_span("tsa.seal_after", &raw.tsa.seal_after)?,
        backlog_records: positive("tsa.backlog_records", raw.tsa.backlog_records)?,
        journal: choice(
            "tsa.journal",
            &raw.tsa.journal,
            &[("on-disk", JournalMode::OnDisk), ("relaxed", JournalMode::Relaxed)],
        )?,
        queue_depth: positive("tsa.queue_depth", raw.tsa.queue_depth)?,
        renew_before: positive_span("tsa.renew_before", &raw.tsa.renew_before)?,
        destroy_after: positive_span("tsa.destroy_after", &raw.tsa.destroy_after)?,
        units: authorities::units(raw.tsa.units, folder, &policies.time_stamp)?,
    };
    authorities::kept_apart(&tsa)?;
    let listen = listen(&raw.listen)?;
    let data_key = data_key(raw.data_key, &roles)?;
    let desk = desk(raw.desk, &listen, folder)?;
    let (public_tls, officers_tls) = tls(raw.tls, &listen, &roles, folder)?;
    let webhooks = webhooks::webhooks(raw.webhooks, mode, folder)?;
    let settings = Settings {
        file: file.into(),
        installation,
        node: raw.node,
        mode,
        audit: audit(raw.audit, &roles)?,
        roles,
        paths,
        database,
        hsm,
        cas,
        devices,
        tsa,
        clock: clock(&raw.clock)?,
        data_key,
        desk,
        webhooks,
        listen,
        public_tls,
        officers_tls,
        urls: urls(&raw.urls)?,
        limits: limits(&raw.limits)?,
        legal: legal(raw.legal)?,
        policies,
        log: log(raw.log)?,
    };
    authorities::tokens_exist(&settings)?;
    production::rules(&settings)?;
    Ok(settings)
}

fn devices(raw: Vec<RawDevice>) -> Checked<Vec<CertifiedDevice>> {
    let mut devices: Vec<CertifiedDevice> = Vec::new();
    for RawDevice { model, certificate, ends } in raw {
        let model = parsed("devices.model", &model)?;
        if devices.iter().any(|device| device.model == model) {
            return complaint("devices.model", format!("{model} stands there twice"));
        }
        if certificate.trim().is_empty() {
            return complaint(
                "devices.certificate",
                "says which certification makes the model a qualified device",
            );
        }
        devices.push(CertifiedDevice { model, certificate, ends: parsed("devices.ends", &ends)? });
    }
    Ok(devices)
}

fn roles(texts: &[String]) -> Checked<Roles> {
    let names = [
        ("audit", Role::Audit),
        ("ca", Role::Ca),
        ("public", Role::Public),
        ("registration", Role::Registration),
    ];
    let roles: std::collections::BTreeSet<_> =
        texts.iter().map(|text| choice("roles", text, &names)).collect::<Checked<_>>()?;
    if roles.is_empty() {
        return complaint("roles", "name at least one of \"registration\", \"ca\", \"public\", \"audit\"");
    }
    Ok(Roles(roles))
}

fn listen(raw: &RawListen) -> Checked<Listen> {
    let address = |key: &str, text: &Option<String>| -> Checked<Option<SocketAddr>> {
        let Some(text) = text else { return Ok(None) };
        match text.parse() {
            Ok(address) => Ok(Some(address)),
            Err(_) => {
                complaint(key, format!("`{text}` is no IP address with a port, such as 127.0.0.1:8080"))
            }
        }
    };
    Ok(Listen {
        public: address("listen.public", &raw.public)?,
        public_tls: address("listen.public_tls", &raw.public_tls)?,
        officers: address("listen.officers", &raw.officers)?,
        subscribers: address("listen.subscribers", &raw.subscribers)?,
        enrolment: address("listen.enrolment", &raw.enrolment)?,
        operator: address("listen.operator", &raw.operator)?,
    })
}

fn tls(
    raw: RawTls,
    listen: &Listen,
    roles: &Roles,
    folder: &Path,
) -> Checked<(Option<PublicTls>, Option<OfficersTls>)> {
    let file = |key: &str, text: Option<String>, why: &str| match text {
        Some(text) => path(key, &text, folder),
        None => complaint(key, format!("missing, and needed because {why} is set")),
    };
    if roles.has(Role::Registration) && listen.officers.is_none() {
        return complaint("listen.officers", "missing, and the role \"registration\" serves it");
    }
    if roles.has(Role::Public) && listen.public.is_none() && listen.public_tls.is_none() {
        return complaint("listen.public", "missing, and the role \"public\" serves it");
    }
    let served = match (listen.public_tls, listen.subscribers) {
        (Some(_), _) => Some("listen.public_tls"),
        (None, Some(_)) => Some("listen.subscribers"),
        (None, None) => None,
    };
    let public = match served {
        None => None,
        Some(why) => Some(PublicTls {
            certificate: file("tls.public_certificate", raw.public_certificate, why)?,
            key: file("tls.public_key", raw.public_key, why)?,
        }),
    };
    let officers = match listen.officers {
        None => None,
        Some(_) => Some(OfficersTls {
            certificate: file("tls.officers_certificate", raw.officers_certificate, "listen.officers")?,
            key: file("tls.officers_key", raw.officers_key, "listen.officers")?,
            client_ca: file("tls.officers_client_ca", raw.officers_client_ca, "listen.officers")?,
        }),
    };
    Ok((public, officers))
}

fn clock(raw: &RawClock) -> Checked<ClockSettings> {
    let mode = choice(
        "clock.mode",
        &raw.mode,
        &[("disciplined", ClockMode::Disciplined), ("trusted-host-clock", ClockMode::TrustedHostClock)],
    )?;
    let kernel = choice(
        "clock.kernel",
        &raw.kernel,
        &[("enforce", KernelCheck::Enforce), ("warn", KernelCheck::Warn), ("off", KernelCheck::Off)],
    )?;
    let servers = raw
        .servers
        .iter()
        .map(|text| {
            let (host, port) = match text.rsplit_once(':') {
                // More than one colon and no bracket: an IPv6 address without a port.
                Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text.as_str(), Ok(123)),
                Some((host, port)) => (host, port.parse::<u16>()),
                None => (text.as_str(), Ok(123)),
            };
            let host = host.trim_start_matches('[').trim_end_matches(']');
            match port {
                Ok(port) if !host.is_empty() => Ok(NtpServer { host: host.into(), port }),
                Ok(_) | Err(_) => complaint("clock.servers", format!("`{text}` is no host or host:port")),
            }
        })
        .collect::<Checked<Vec<_>>>()?;
    let assumed_bound = span("clock.assumed_bound", &raw.assumed_bound)?;
    match mode {
        // T-42: a quorum of three at the least, or one liar decides.
        ClockMode::Disciplined if !servers.is_empty() => {
            let agreeing = usize::from(raw.quorum);
            if servers.len() < 3 || agreeing * 2 <= servers.len() || agreeing > servers.len() {
                return complaint(
                    "clock.quorum",
                    "needs at least three servers and more than half of them agreeing",
                );
            }
        }
        ClockMode::Disciplined if kernel != KernelCheck::Enforce => {
            return complaint(
                "clock.servers",
                "without servers the kernel is all there is to know by: name three servers, or set kernel = \"enforce\"",
            );
        }
        ClockMode::Disciplined => {}
        ClockMode::TrustedHostClock if assumed_bound >= Span::seconds(1) => {
            return complaint(
                "clock.assumed_bound",
                "no time-stamp can be made with a bound of a second or more",
            );
        }
        ClockMode::TrustedHostClock => {}
    }
    let (poll, max_age) = (span("clock.poll", &raw.poll)?, span("clock.max_age", &raw.max_age)?);
    if poll < Span::seconds(1) {
        return complaint("clock.poll", "servers are asked once a second at the most");
    }
    if max_age.as_micros() < 2 * poll.as_micros() {
        return complaint(
            "clock.max_age",
            "must let an answer live for two polls, or one lost packet stops the clock",
        );
    }
    let statement = match (&raw.token, &raw.key) {
        (Some(token), Some(label)) => Some(key("clock", token.clone(), label, &raw.algorithm, "clock")?),
        (None, None) => None,
        (Some(_), None) => return complaint("clock.key", "missing beside clock.token"),
        (None, Some(_)) => return complaint("clock.token", "missing beside clock.key"),
    };
    Ok(ClockSettings {
        statement,
        mode,
        kernel,
        assumed_bound,
        step_limit: positive_span("clock.step_limit", &raw.step_limit)?,
        clean_interval: span("clock.clean_interval", &raw.clean_interval)?,
        servers,
        quorum: raw.quorum,
        poll,
        timeout: positive_span("clock.timeout", &raw.timeout)?,
        max_age,
        drift_ppm: raw.drift_ppm,
    })
}

fn audit(raw: RawAudit, roles: &Roles) -> Checked<Option<Audit>> {
    let checkpoint_every = positive_span("audit.checkpoint_every", &raw.checkpoint_every)?;
    let tsa_url = raw.tsa_url.map(|text| parsed("audit.tsa_url", &text)).transpose()?;
    match (raw.token, raw.key) {
        (Some(token), Some(label)) => {
            let key = key("audit", token, &label, &raw.algorithm, "seal")?;
            Ok(Some(Audit { key, checkpoint_every, tsa_url }))
        }
        (None, None) if !roles.has(Role::Audit) => Ok(None),
        (Some(_), None) => complaint("audit.key", "missing beside audit.token"),
        (None, _) => complaint("audit.token", "missing, and the role \"audit\" signs with it"),
    }
}

fn data_key(raw: RawDataKey, roles: &Roles) -> Checked<Option<DataKeyRef>> {
    match (raw.token, raw.key) {
        (Some(token), Some(label)) => {
            let label: KeyLabel = parsed("data_key.key", &label)?;
            if label.purpose() != "data" {
                let what =
                    format!("`{label}`: a key in this place is labelled <authority>/data/<generation>");
                return complaint("data_key.key", what);
            }
            Ok(Some(DataKeyRef { token, label }))
        }
        (None, None) if !roles.has(Role::Registration) => Ok(None),
        (Some(_), None) => complaint("data_key.key", "missing beside data_key.token"),
        (None, _) => complaint(
            "data_key.token",
            "missing, and the role \"registration\" seals personal data under a key that it wraps; for an \
             installation from before there was one: the operators' guide, \"The data key\"",
        ),
    }
}

fn desk(raw: RawDesk, listen: &Listen, folder: &Path) -> Checked<Option<Desk>> {
    let public_key = path("desk.public_key", &raw.public_key, folder)?;
    match (raw.token, raw.key) {
        (Some(token), Some(label)) => {
            let key = key("desk", token, &label, "ecdsa-p256-sha256", "desk")?;
            Ok(Some(Desk { key, public_key }))
        }
        (None, None) if listen.subscribers.is_some() => {
            complaint("desk.token", "missing, and needed because listen.subscribers is set")
        }
        (None, None) => Ok(None),
        (Some(_), None) => complaint("desk.key", "missing beside desk.token"),
        (None, Some(_)) => complaint("desk.token", "missing beside desk.key"),
    }
}

fn urls(raw: &RawUrls) -> Checked<Urls> {
    let documents: HttpUrl = parsed("urls.pds_url", &raw.pds_url)?;
    if !documents.is_https() {
        return complaint(
            "urls.pds_url",
            "a disclosure statement's address begins with https:// (EN 319 412-5, QcPDS)",
        );
    }
    let public: HttpUrl = parsed("urls.public_url", &raw.public_url)?;
    if public.is_https() {
        return complaint(
            "urls.public_url",
            "the address of OCSP, CRLs and issuers begins with http://: a check of TLS would need them first (C-32)",
        );
    }
    Ok(Urls { public, documents })
}

fn limits(raw: &RawLimits) -> Checked<Limits> {
    let octets = |key: &str, text: &str| match quantity::octets(text) {
        Ok(0) => complaint(key, "more than nothing must be allowed"),
        Ok(size) => Ok(size),
        Err(reason) => complaint(key, reason),
    };
    if raw.ocsp_certificates == 0 {
        return complaint("limits.ocsp_certificates", "at least 1");
    }
    Ok(Limits {
        ocsp_request: octets("limits.ocsp_request", &raw.ocsp_request)?,
        ocsp_certificates: raw.ocsp_certificates,
        ocsp_cache: octets("limits.ocsp_cache", &raw.ocsp_cache)?,
        tsp_request: octets("limits.tsp_request", &raw.tsp_request)?,
        api_body: octets("limits.api_body", &raw.api_body)?,
        connections: positive("limits.connections", raw.connections)?,
        header_timeout: positive_span("limits.header_timeout", &raw.header_timeout)?,
        keep_alive: span("limits.keep_alive", &raw.keep_alive)?,
        shutdown: span("limits.shutdown", &raw.shutdown)?,
        refused_logins: positive("limits.refused_logins", raw.refused_logins)?,
        code_tries: positive("limits.code_tries", raw.code_tries)?,
        certificate_requests: positive("limits.certificate_requests", raw.certificate_requests)?,
    })
}

fn legal(raw: RawLegal) -> Checked<Legal> {
    let revocation_max = positive_span("legal.revocation_max", &raw.revocation_max)?;
    let revocation_slo = positive_span("legal.revocation_slo", &raw.revocation_slo)?;
    if revocation_slo > revocation_max {
        return complaint("legal.revocation_slo", "an aim later than legal.revocation_max is no aim");
    }
    // OVR-6.4.6-01 of EN 319 411-2: at least seven years.
    if raw.retention_years < 7 {
        return complaint("legal.retention_years", "records are kept for at least 7 years");
    }
    let identity_max_age = positive_span("legal.identity_max_age", &raw.identity_max_age)?;
    let identity_max_age_days =
        u32::try_from(identity_max_age.as_micros() / Span::days(1).as_micros()).unwrap_or_default();
    if Span::days(identity_max_age_days) != identity_max_age {
        return complaint("legal.identity_max_age", "is counted in whole days, such as \"30d\"");
    }
    Ok(Legal {
        identity_max_age_days,
        identity_max_uses: positive("legal.identity_max_uses", raw.identity_max_uses)?,
        agreement_copy_required: choice(
            "legal.agreement_copy",
            &raw.agreement_copy,
            &[("optional", false), ("required", true)],
        )?,
        revocation_max,
        revocation_slo,
        suspension_allowed: raw.suspension_allowed,
        suspension_max: positive_span("legal.suspension_max", &raw.suspension_max)?,
        suspensions_by_code: raw.suspensions_by_code,
        suspension_on_timeout: choice(
            "legal.suspension_on_timeout",
            &raw.suspension_on_timeout,
            &[("keep", OnTimeout::Keep), ("revoke", OnTimeout::Revoke)],
        )?,
        retention_years: raw.retention_years,
        legislation: choice(
            "legal.legislation",
            &raw.legislation,
            &[("GE", QualifiedUnder::Georgia), ("EU", QualifiedUnder::EuropeanUnion)],
        )?,
    })
}

fn policies(raw: &RawPolicies) -> Checked<Policies> {
    Ok(Policies {
        sign_qscd: oid("policies.sign_qscd", &raw.sign_qscd)?,
        seal_qscd: oid("policies.seal_qscd", &raw.seal_qscd)?,
        sign: oid("policies.sign", &raw.sign)?,
        seal: oid("policies.seal", &raw.seal)?,
        time_stamp: oid("policies.time_stamp", &raw.time_stamp)?,
        ocsp: oid("policies.ocsp", &raw.ocsp)?,
        tsu: oid("policies.tsu", &raw.tsu)?,
        issuing_ca: oid("policies.issuing_ca", &raw.issuing_ca)?,
    })
}

fn log(raw: RawLog) -> Checked<Log> {
    let format =
        choice("log.format", &raw.format, &[("human", LogFormat::Human), ("json", LogFormat::Json)])?;
    Ok(Log { format, filter: raw.filter })
}

// ---- single values

fn key(section: &str, token: String, label: &str, algorithm: &str, purpose: &str) -> Checked<KeyRef> {
    if token.is_empty() {
        return complaint(
            format!("{section}.token"),
            "missing; the name of a token of [[hsm.modules.tokens]]",
        );
    }
    let place = format!("{section}.key");
    let label: KeyLabel = parsed(&place, label)?;
    // The label says what a key may sign; one key never serves two purposes (P-42, T-32).
    if label.purpose() != purpose {
        return complaint(
            place,
            format!("`{label}`: a key in this place is labelled <authority>/{purpose}/<generation>"),
        );
    }
    let algorithm = choice(&format!("{section}.algorithm"), algorithm, ALGORITHMS)?;
    Ok(KeyRef { token, label, algorithm })
}

fn parsed<T: FromStr<Err: Display>>(key: &str, text: &str) -> Checked<T> {
    text.parse().or_else(|error: T::Err| complaint(key, error))
}

fn oid(key: &str, text: &str) -> Checked<Oid> {
    text.parse().or_else(|_| complaint(key, format!("`{text}` is no object identifier, such as 2.999.1.5")))
}

fn span(key: &str, text: &str) -> Checked<Span> {
    quantity::span(text).or_else(|reason| complaint(key, reason))
}

fn positive_span(key: &str, text: &str) -> Checked<Span> {
    match span(key, text)? {
        Span::ZERO => complaint(key, "longer than nothing"),
        span => Ok(span),
    }
}

fn positive(key: &str, number: u32) -> Checked<u32> {
    if number == 0 { complaint(key, "at least 1") } else { Ok(number) }
}

fn path(key: &str, text: &str, folder: &Path) -> Checked<PathBuf> {
    if text.is_empty() { complaint(key, "missing") } else { Ok(folder.join(text)) }
}

fn choice<T: Copy>(key: &str, text: &str, choices: &[(&str, T)]) -> Checked<T> {
    match choices.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(*value),
        None => {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            complaint(key, format!("`{text}` is none of {}", names.join(", ")))
        }
    }
}

const ALGORITHMS: &[(&str, SignatureAlgorithm)] = &[
    ("ecdsa-p256-sha256", SignatureAlgorithm::EcdsaP256Sha256),
    ("ecdsa-p384-sha384", SignatureAlgorithm::EcdsaP384Sha384),
    ("ecdsa-p521-sha512", SignatureAlgorithm::EcdsaP521Sha512),
    ("rsa-pkcs1-sha256", SignatureAlgorithm::RsaPkcs1Sha256),
    ("rsa-pkcs1-sha384", SignatureAlgorithm::RsaPkcs1Sha384),
    ("rsa-pkcs1-sha512", SignatureAlgorithm::RsaPkcs1Sha512),
    ("rsa-pss-sha256", SignatureAlgorithm::RsaPssSha256),
    ("rsa-pss-sha384", SignatureAlgorithm::RsaPssSha384),
    ("rsa-pss-sha512", SignatureAlgorithm::RsaPssSha512),
    ("ed25519", SignatureAlgorithm::Ed25519),
];

#[cfg(test)]
mod tests;
