//! Tokens and keys: made, read back, entered into the report.

use std::path::Path;
use std::str::FromStr as _;

use anyhow::Context as _;
use ndoba_audit::{Actor, EventKind, Word};
use ndoba_ceremony::{HsmEntry, KeyAttribute, KeyEntry, KeySpec, Plan, TsuPlan};
use ndoba_hsm::{KeyAttributes, NewToken, TokenInfo, create_tokens};
use ndoba_types::{
    EnrolResponder, KeyLabel, Purpose as _, Random, SealAudit, SignatureAlgorithm, StateClock,
    SubjectPublicKeyInfo,
};
use ndoba_x509::{PemLabel, to_pem};

use super::{Ceremony, Folder};
use crate::{data_keys, files, places};

/// Decimal digits of a PIN that the ceremony draws.
const PIN_DIGITS: usize = 16;

/// The names of the tokens of a plan, each once.
pub(super) fn token_names(plan: &Plan) -> Vec<String> {
    let mut names = vec![plan.root.token.clone()];
    names.extend(plan.authorities.iter().map(|authority| authority.token.clone()));
    names.extend([plan.ocsp_token.clone(), plan.tsa_token.clone(), plan.audit_token.clone()]);
    names.push(plan.registration_token.clone());
    names.sort();
    names.dedup();
    names
}

/// The algorithm with which a key of that kind signs here: the hash as strong as the key (C-81).
pub(super) fn algorithm(key: KeySpec) -> SignatureAlgorithm {
    match key {
        KeySpec::P256 => SignatureAlgorithm::EcdsaP256Sha256,
        KeySpec::P384 => SignatureAlgorithm::EcdsaP384Sha384,
        KeySpec::P521 => SignatureAlgorithm::EcdsaP521Sha512,
        KeySpec::Rsa3072 => SignatureAlgorithm::RsaPkcs1Sha256,
        KeySpec::Rsa4096 => SignatureAlgorithm::RsaPkcs1Sha512,
    }
}

/// The algorithm of a time-stamping unit.
pub(super) fn tsu_algorithm(tsu: &TsuPlan) -> SignatureAlgorithm {
    match (tsu.key, tsu.pss) {
        (KeySpec::Rsa3072, true) => SignatureAlgorithm::RsaPssSha256,
        (KeySpec::Rsa4096, true) => SignatureAlgorithm::RsaPssSha512,
        (KeySpec::P256 | KeySpec::P384 | KeySpec::P521, _) | (KeySpec::Rsa3072 | KeySpec::Rsa4096, false) => {
            algorithm(tsu.key)
        }
    }
}

/// Makes a token for each purpose, with PINs of its own in files that only their owner reads.
pub(super) fn make_tokens(
    folder: &Folder,
    module: &Path,
    plan: &Plan,
    random: &dyn Random,
) -> anyhow::Result<()> {
    let mut made = Vec::new();
    for name in token_names(plan) {
        let (so_pin, user_pin) = (draw_pin(random)?, draw_pin(random)?);
        files::write_secret(&folder.file(&format!("pins/{name}.so-pin")), so_pin.as_bytes())?;
        files::write_secret(&folder.file(&format!("pins/{name}.pin")), user_pin.as_bytes())?;
        made.push((name, so_pin, user_pin));
    }
    let tokens: Vec<_> =
        made.iter().map(|(label, so_pin, user_pin)| NewToken { label, so_pin, user_pin }).collect();
    create_tokens(module, &tokens).context("cannot make the tokens")
}

fn draw_pin(random: &dyn Random) -> anyhow::Result<String> {
    let mut pin = String::with_capacity(PIN_DIGITS);
    while pin.len() < PIN_DIGITS {
        let mut octets = [0; PIN_DIGITS];
        random.fill(&mut octets)?;
        // 250 is the greatest multiple of ten in an octet: above it the low digits would be likelier.
        let digits =
            octets.into_iter().filter(|octet| *octet < 250).map(|octet| char::from(b'0' + octet % 10));
        pin.extend(digits.take(PIN_DIGITS - pin.len()));
    }
    Ok(pin)
}

impl Ceremony {
    /// Enters a token into the report, once; its serial number.
    fn note_token(&mut self, token_name: &str) -> anyhow::Result<Word> {
        let info = self.tokens.get(token_name)?.info().context("the token says nothing of itself")?;
        let serial = Word::from_str(&info.serial).unwrap_or_else(|_| "unprintable".into());
        if !self.report.hsms.iter().any(|entry| entry.token == token_name) {
            self.report.hsms.push(hsm_entry(token_name, info));
        }
        Ok(serial)
    }

    /// The key that wraps data keys, and the first data key (ADR 0020).
    pub(super) fn make_data_key(&mut self, token_name: &str, label: &str) -> anyhow::Result<String> {
        let label: KeyLabel = label.parse()?;
        self.note_token(token_name)?;
        let token = self.tokens.get(token_name)?;
        token.generate_wrapping(&label)?;
        // Read back from the token, as above.
        let found = token.inspect_wrapping(&label)?;
        let offending = found.offending();
        anyhow::ensure!(
            offending.is_empty(),
            "the key has attributes it must not have: {}",
            offending.join(", ")
        );
        let actor = Actor::Ceremony(self.plan.digest());
        let number = data_keys::make(token, &label, &self.store, &self.world, actor)?;
        let stated = found.stated().map(|(name, value)| KeyAttribute { name: name.into(), value });
        self.report.keys.push(KeyEntry {
            label: label.to_string(),
            id: hex::encode(label.to_string()),
            token: token_name.into(),
            algorithm: "AES".into(),
            bits: 256,
            mechanism: "CKM_AES_KEY_GEN".into(),
            fingerprint: "none: a secret key".into(),
            attributes: stated.collect(),
        });
        Ok(format!("data key {number}"))
    }

    pub(super) fn generate_key(
        &mut self,
        token_name: &str,
        label: &str,
        key: KeySpec,
    ) -> anyhow::Result<String> {
        self.attended()?;
        let label: KeyLabel = label.parse()?;
        let serial = self.note_token(token_name)?;
        let token = self.tokens.get(token_name)?;
        token.generate(&label, spec(key))?;
        // Read back from the token, not taken from what was asked for (requirements P-41).
        let found = token.inspect(&label)?;
        let offending = found.offending();
        anyhow::ensure!(
            offending.is_empty(),
            "the key has attributes it must not have: {}",
            offending.join(", ")
        );
        let spki = found.public_key.clone().context("the token has no public half of the key")?;
        let actor = Actor::Ceremony(self.plan.digest());
        places::made(&self.store, &self.world, actor, (&label, &spki), token)?;
        self.log(EventKind::KeyGenerated {
            key: label.clone(),
            spki: spki.fingerprint(),
            algorithm: Word::from(spec(key).name()),
            token: serial,
        })?;
        self.report.keys.push(key_entry(token_name, key, &found, &spki));
        if label.purpose() == EnrolResponder::KEY {
            // Nor this one: security officers who authorise it anew need its public half.
            let pem = to_pem(PemLabel::PublicKey, spki.as_der());
            let file = format!("pki/{}-enrolment.pub.pem", label.authority());
            files::write(&self.folder.file(&file), pem.as_bytes())?;
        }
        if label.purpose() == SealAudit::KEY {
            // No certificate carries this key: who verifies the log pins it.
            let pem = to_pem(PemLabel::PublicKey, spki.as_der());
            files::write(&self.folder.file("pki/audit.pub.pem"), pem.as_bytes())?;
            self.store.register_audit_key(&spki, self.world.clock.now())?;
        } else if label.purpose() == StateClock::KEY {
            let pem = to_pem(PemLabel::PublicKey, spki.as_der());
            files::write(&self.folder.file("pki/clock.pub.pem"), pem.as_bytes())?;
        }
        Ok(format!("sha256 {}", spki.fingerprint()))
    }
}

/// A device's line in the report.
pub(super) fn hsm_entry(token_name: &str, info: TokenInfo) -> HsmEntry {
    let settings =
        if info.is_softhsm() { "software token, not certified; OpenSSL generator" } else { "as certified" };
    HsmEntry {
        token: token_name.into(),
        serial: info.serial,
        manufacturer: info.manufacturer,
        model: info.model,
        firmware: info.firmware,
        settings: settings.into(),
    }
}

/// A key's lines in the report, as read back from the token.
pub(super) fn key_entry(
    token_name: &str,
    key: KeySpec,
    found: &KeyAttributes,
    spki: &SubjectPublicKeyInfo,
) -> KeyEntry {
    let (name, bits) = key.describe();
    KeyEntry {
        label: found.label.to_string(),
        id: hex::encode(&found.id),
        token: token_name.into(),
        algorithm: name.into(),
        bits,
        mechanism: mechanism(key).into(),
        fingerprint: spki.fingerprint().to_string(),
        attributes: attributes(found),
    }
}

/// What the token calls a kind of key, as plans and reports do.
pub(super) fn described(spec: ndoba_hsm::KeySpec) -> KeySpec {
    match spec {
        ndoba_hsm::KeySpec::P256 => KeySpec::P256,
        ndoba_hsm::KeySpec::P384 => KeySpec::P384,
        ndoba_hsm::KeySpec::P521 => KeySpec::P521,
        ndoba_hsm::KeySpec::Rsa3072 => KeySpec::Rsa3072,
        ndoba_hsm::KeySpec::Rsa4096 => KeySpec::Rsa4096,
    }
}

fn spec(key: KeySpec) -> ndoba_hsm::KeySpec {
    match key {
        KeySpec::P256 => ndoba_hsm::KeySpec::P256,
        KeySpec::P384 => ndoba_hsm::KeySpec::P384,
        KeySpec::P521 => ndoba_hsm::KeySpec::P521,
        KeySpec::Rsa3072 => ndoba_hsm::KeySpec::Rsa3072,
        KeySpec::Rsa4096 => ndoba_hsm::KeySpec::Rsa4096,
    }
}

fn mechanism(key: KeySpec) -> &'static str {
    match key {
        KeySpec::P256 | KeySpec::P384 | KeySpec::P521 => "CKM_EC_KEY_PAIR_GEN",
        KeySpec::Rsa3072 | KeySpec::Rsa4096 => "CKM_RSA_PKCS_KEY_PAIR_GEN",
    }
}

fn attributes(key: &KeyAttributes) -> Vec<KeyAttribute> {
    let read = [
        ("CKA_TOKEN", key.token),
        ("CKA_PRIVATE", key.private),
        ("CKA_SENSITIVE", key.sensitive),
        ("CKA_ALWAYS_SENSITIVE", key.always_sensitive),
        ("CKA_EXTRACTABLE", key.extractable),
        ("CKA_NEVER_EXTRACTABLE", key.never_extractable),
        ("CKA_LOCAL", key.local),
        ("CKA_SIGN", key.sign),
        ("CKA_DECRYPT", key.decrypt),
        ("CKA_UNWRAP", key.unwrap),
        ("CKA_DERIVE", key.derive),
    ];
    read.into_iter()
        .filter_map(|(name, value)| Some(KeyAttribute { name: name.into(), value: value? }))
        .collect()
}
