//! Keys that wrap data keys: AES-256 in the token, for enciphering and deciphering short secrets and for nothing else.
//!
//! CKM_AES_GCM by C_Encrypt and C_Decrypt, and not C_WrapKey: what is wrapped is a key of this program's and not the
//! token's, and a token that unwraps it into an object would have to let it out again, which certified devices refuse
//! (ADR 0020).

use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ndoba_types::KeyLabel;
use zeroize::Zeroizing;

use crate::KeyError;
use crate::objects::refuse;

/// Octets of an AES-256 key.
const KEY_OCTETS: u64 = 32;
/// Octets of a nonce (NIST SP 800-38D §8.2.1: 96 bits).
pub(crate) const NONCE: usize = 12;
/// Bits of the tag.
const TAG_BITS: u64 = 128;
const TAG: usize = 16;

/// What must be so of a wrapping key (requirements P-41), by the names of the attributes.
const ASKED: [(AttributeType, bool); 14] = [
    (AttributeType::Token, true),
    (AttributeType::Private, true),
    (AttributeType::Sensitive, true),
    (AttributeType::AlwaysSensitive, true),
    (AttributeType::Extractable, false),
    (AttributeType::NeverExtractable, true),
    (AttributeType::Local, true),
    (AttributeType::Encrypt, true),
    (AttributeType::Decrypt, true),
    (AttributeType::Sign, false),
    (AttributeType::Verify, false),
    (AttributeType::Wrap, false),
    (AttributeType::Unwrap, false),
    (AttributeType::Derive, false),
];

/// What a token says of a wrapping key: attribute and value, as [`KeyAttributes`](crate::KeyAttributes) for key pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappingAttributes(Vec<(&'static str, Option<bool>, bool)>);

impl WrappingAttributes {
    /// The attributes that the token states, by name.
    pub fn stated(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        self.0.iter().filter_map(|(name, value, _)| Some((*name, (*value)?)))
    }

    /// The names of those for which the key must not be used; empty when it conforms. A usage that the token does not
    /// mention is one that the key lacks; what guards the key must be stated.
    pub fn offending(&self) -> Vec<&'static str> {
        let usage =
            |name: &str| ["CKA_SIGN", "CKA_VERIFY", "CKA_WRAP", "CKA_UNWRAP", "CKA_DERIVE"].contains(&name);
        let holds = |(name, value, wanted): &(&'static str, Option<bool>, bool)| match value {
            Some(value) => value == wanted,
            None => usage(name),
        };
        self.0.iter().filter(|one| !holds(one)).map(|(name, ..)| *name).collect()
    }
}

fn name(attribute: AttributeType) -> &'static str {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a hundred attributes of another crate; these are ASKED"
    )]
    match attribute {
        AttributeType::Token => "CKA_TOKEN",
        AttributeType::Private => "CKA_PRIVATE",
        AttributeType::Sensitive => "CKA_SENSITIVE",
        AttributeType::AlwaysSensitive => "CKA_ALWAYS_SENSITIVE",
        AttributeType::Extractable => "CKA_EXTRACTABLE",
        AttributeType::NeverExtractable => "CKA_NEVER_EXTRACTABLE",
        AttributeType::Local => "CKA_LOCAL",
        AttributeType::Encrypt => "CKA_ENCRYPT",
        AttributeType::Decrypt => "CKA_DECRYPT",
        AttributeType::Sign => "CKA_SIGN",
        AttributeType::Verify => "CKA_VERIFY",
        AttributeType::Wrap => "CKA_WRAP",
        AttributeType::Unwrap => "CKA_UNWRAP",
        _ => "CKA_DERIVE",
    }
}

fn value(attribute: &Attribute) -> Option<(AttributeType, bool)> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a hundred attributes of another crate; these are ASKED"
    )]
    match attribute {
        Attribute::Token(value)
        | Attribute::Private(value)
        | Attribute::Sensitive(value)
        | Attribute::AlwaysSensitive(value)
        | Attribute::Extractable(value)
        | Attribute::NeverExtractable(value)
        | Attribute::Local(value)
        | Attribute::Encrypt(value)
        | Attribute::Decrypt(value)
        | Attribute::Sign(value)
        | Attribute::Verify(value)
        | Attribute::Wrap(value)
        | Attribute::Unwrap(value)
        | Attribute::Derive(value) => Some((attribute.attribute_type(), *value)),
        _ => None,
    }
}

/// Makes a wrapping key in a read-write session, and judges what the token made.
pub(crate) fn generate(session: &Session, label: &KeyLabel) -> Result<WrappingAttributes, KeyError> {
    if !find(session, label).map_err(refuse)?.is_empty() {
        return Err(KeyError::Exists { label: label.clone() });
    }
    let text = label.to_string().into_bytes();
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(KEY_OCTETS.into()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Id(text.clone()),
        Attribute::Label(text),
    ];
    let made = session.generate_key(&Mechanism::AesKeyGen, &template).map_err(refuse)?;
    let found = read(session, made).map_err(refuse)?;
    let offending = found.offending();
    if offending.is_empty() {
        return Ok(found);
    }
    if let Err(error) = session.destroy_object(made) {
        let reason = crate::ckr::describe(&error);
        tracing::error!(%label, reason, "a key that was refused is still in the token");
    }
    Err(KeyError::Refused { reason: format!("the new key does not conform: {}", offending.join(", ")) })
}

/// Reads a wrapping key back.
pub(crate) fn inspect(session: &Session, label: &KeyLabel) -> Result<WrappingAttributes, KeyError> {
    read(session, one(session, label)?).map_err(refuse)
}

/// Enciphers `secret` for `context`: the nonce, the ciphertext, the tag.
pub(crate) fn wrap(
    session: &Session,
    label: &KeyLabel,
    context: &[u8],
    nonce: [u8; NONCE],
    secret: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let key = usable(session, label)?;
    let mut iv = nonce;
    let parameters = GcmParams::new(&mut iv, context, TAG_BITS.into()).map_err(refuse)?;
    let sealed = session.encrypt(&Mechanism::AesGcm(parameters), key, secret).map_err(refuse)?;
    Ok([&nonce[..], &sealed].concat())
}

/// Deciphers what [`wrap`] made for the same `context`.
pub(crate) fn unwrap(
    session: &Session,
    label: &KeyLabel,
    context: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let short = || KeyError::Refused { reason: "what is to be unwrapped is too short".into() };
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or_else(short)?;
    if sealed.len() < TAG {
        return Err(short());
    }
    let key = usable(session, label)?;
    let mut iv = *nonce;
    let parameters = GcmParams::new(&mut iv, context, TAG_BITS.into()).map_err(refuse)?;
    let mut secret =
        Zeroizing::new(session.decrypt(&Mechanism::AesGcm(parameters), key, sealed).map_err(refuse)?);
    // Some modules answer with the length that they asked a buffer for.
    secret.truncate(sealed.len() - TAG);
    Ok(secret)
}

/// The secret keys with this label.
pub(crate) fn find(session: &Session, label: &KeyLabel) -> Result<Vec<ObjectHandle>, Error> {
    let label = Attribute::Label(label.to_string().into_bytes());
    session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(true), label])
}

fn one(session: &Session, label: &KeyLabel) -> Result<ObjectHandle, KeyError> {
    match find(session, label).map_err(refuse)?[..] {
        [] => Err(KeyError::NotFound { label: label.clone() }),
        [key] => Ok(key),
        _ => Err(KeyError::Ambiguous { label: label.clone() }),
    }
}

/// Judged at every use, as signing keys are: uses are few.
fn usable(session: &Session, label: &KeyLabel) -> Result<ObjectHandle, KeyError> {
    let key = one(session, label)?;
    let offending = read(session, key).map_err(refuse)?.offending();
    if offending.is_empty() {
        return Ok(key);
    }
    Err(KeyError::Refused { reason: format!("{label} must not be used: {}", offending.join(", ")) })
}

fn read(session: &Session, key: ObjectHandle) -> Result<WrappingAttributes, Error> {
    let asked = ASKED.map(|(attribute, _)| attribute);
    let found: Vec<_> = session.get_attributes(key, &asked)?.iter().filter_map(value).collect();
    let said = |wanted: AttributeType| found.iter().find(|(one, _)| *one == wanted).map(|(_, value)| *value);
    Ok(WrappingAttributes(ASKED.map(|(one, wanted)| (name(one), said(one), wanted)).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conforming() -> WrappingAttributes {
        WrappingAttributes(ASKED.map(|(one, wanted)| (name(one), Some(wanted), wanted)).to_vec())
    }

    #[test]
    fn a_key_that_can_leave_or_do_more_is_named() {
        assert_eq!(conforming().offending(), [""; 0]);
        for (place, (attribute, _)) in ASKED.into_iter().enumerate() {
            let mut other = conforming();
            other.0[place].1 = Some(!other.0[place].2);
            assert_eq!(other.offending(), [name(attribute)]);
        }
        let mut silent = conforming();
        silent.0.iter_mut().for_each(|one| one.1 = None);
        // What guards and what it is for must be stated; a use that is not mentioned is one that it lacks.
        assert_eq!(silent.offending().len(), 9);
        assert_eq!(conforming().stated().count(), ASKED.len());
    }
}
