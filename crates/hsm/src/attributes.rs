//! A private key's attributes, read back from the token and judged (requirements P-41, K-P09).

use cryptoki::error::Error;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ndoba_types::{KeyLabel, SubjectPublicKeyInfo};

use crate::{KeySpec, public_key};

/// What the token says of a key pair. `None`: the token does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttributes {
    /// CKA_LABEL.
    pub label: KeyLabel,
    /// CKA_ID of the private key.
    pub id: Vec<u8>,
    /// The public key; `None` when the token has no readable public half.
    pub public_key: Option<SubjectPublicKeyInfo>,
    /// The kind of key; `None` for kinds we do not use.
    pub spec: Option<KeySpec>,
    /// CKA_TOKEN: the key survives the session.
    pub token: Option<bool>,
    /// CKA_PRIVATE: the key needs a login.
    pub private: Option<bool>,
    /// CKA_SENSITIVE: its value is never shown in clear.
    pub sensitive: Option<bool>,
    /// CKA_ALWAYS_SENSITIVE: it never was.
    pub always_sensitive: Option<bool>,
    /// CKA_EXTRACTABLE: it can be wrapped.
    pub extractable: Option<bool>,
    /// CKA_NEVER_EXTRACTABLE: it never could.
    pub never_extractable: Option<bool>,
    /// CKA_LOCAL: it was generated in this token.
    pub local: Option<bool>,
    /// CKA_SIGN.
    pub sign: Option<bool>,
    /// CKA_SIGN_RECOVER.
    pub sign_recover: Option<bool>,
    /// CKA_DECRYPT.
    pub decrypt: Option<bool>,
    /// CKA_UNWRAP.
    pub unwrap: Option<bool>,
    /// CKA_DERIVE.
    pub derive: Option<bool>,
    /// CKA_ALWAYS_AUTHENTICATE: each use asks for the PIN.
    pub always_authenticate: Option<bool>,
}

impl KeyAttributes {
    /// The names of the attributes for which the key must not be used; empty when it conforms.
    ///
    /// What guards the key must be stated by the token; a usage that the token does not mention is one the key lacks.
    pub fn offending(&self) -> Vec<&'static str> {
        let Self {
            label: _,
            id: _,
            public_key: _,
            spec: _,
            token,
            private,
            sensitive,
            always_sensitive,
            extractable,
            never_extractable,
            local,
            sign,
            sign_recover,
            decrypt,
            unwrap,
            derive,
            always_authenticate,
        } = self;
        let yes = |value: &Option<bool>| *value == Some(true);
        let rules = [
            ("CKA_TOKEN", yes(token)),
            ("CKA_PRIVATE", yes(private)),
            ("CKA_SENSITIVE", yes(sensitive)),
            ("CKA_ALWAYS_SENSITIVE", yes(always_sensitive)),
            ("CKA_EXTRACTABLE", *extractable == Some(false)),
            ("CKA_NEVER_EXTRACTABLE", yes(never_extractable)),
            ("CKA_LOCAL", yes(local)),
            ("CKA_SIGN", yes(sign)),
            ("CKA_SIGN_RECOVER", !yes(sign_recover)),
            ("CKA_DECRYPT", !yes(decrypt)),
            ("CKA_UNWRAP", !yes(unwrap)),
            ("CKA_DERIVE", !yes(derive)),
            // Our one login could not serve such a key: every signature would be refused.
            ("CKA_ALWAYS_AUTHENTICATE", !yes(always_authenticate)),
        ];
        rules.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
    }

    /// Whether CKA_ID is the key identifier that certificates carry (RFC 5280 §4.2.1.2 method 1).
    pub fn id_is_ski(&self) -> bool {
        let ski = self.public_key.as_ref().and_then(public_key::subject_key_identifier);
        ski.is_some_and(|ski| ski[..] == self.id[..])
    }
}

/// Handles of the private keys with this label: none, one, or a mistake of somebody.
pub(crate) fn find_private(session: &Session, label: &KeyLabel) -> Result<Vec<ObjectHandle>, Error> {
    find(session, ObjectClass::PRIVATE_KEY, label)
}

/// Handles of the public keys with this label.
pub(crate) fn find_public(session: &Session, label: &KeyLabel) -> Result<Vec<ObjectHandle>, Error> {
    find(session, ObjectClass::PUBLIC_KEY, label)
}

fn find(session: &Session, class: ObjectClass, label: &KeyLabel) -> Result<Vec<ObjectHandle>, Error> {
    let label = Attribute::Label(label.to_string().into_bytes());
    session.find_objects(&[Attribute::Class(class), Attribute::Token(true), label])
}

/// Reads the attributes of the private key `key`, and its public half.
pub(crate) fn read(session: &Session, key: ObjectHandle, label: &KeyLabel) -> Result<KeyAttributes, Error> {
    let mut found = KeyAttributes {
        label: label.clone(),
        id: Vec::new(),
        public_key: None,
        spec: None,
        token: None,
        private: None,
        sensitive: None,
        always_sensitive: None,
        extractable: None,
        never_extractable: None,
        local: None,
        sign: None,
        sign_recover: None,
        decrypt: None,
        unwrap: None,
        derive: None,
        always_authenticate: None,
    };
    for attribute in session.get_attributes(key, &ASKED)? {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "a hundred attributes of another crate; we asked for these"
        )]
        match attribute {
            Attribute::Id(id) => found.id = id,
            Attribute::Token(value) => found.token = Some(value),
            Attribute::Private(value) => found.private = Some(value),
            Attribute::Sensitive(value) => found.sensitive = Some(value),
            Attribute::AlwaysSensitive(value) => found.always_sensitive = Some(value),
            Attribute::Extractable(value) => found.extractable = Some(value),
            Attribute::NeverExtractable(value) => found.never_extractable = Some(value),
            Attribute::Local(value) => found.local = Some(value),
            Attribute::Sign(value) => found.sign = Some(value),
            Attribute::SignRecover(value) => found.sign_recover = Some(value),
            Attribute::Decrypt(value) => found.decrypt = Some(value),
            Attribute::Unwrap(value) => found.unwrap = Some(value),
            Attribute::Derive(value) => found.derive = Some(value),
            Attribute::AlwaysAuthenticate(value) => found.always_authenticate = Some(value),
            _ => {}
        }
    }
    // A private RSA key shows its public half itself; an EC key does not.
    let mut holders = find_public(session, label)?;
    holders.push(key);
    for holder in holders {
        if let Some(public) = read_public(session, holder)? {
            found.spec = public_key::spec_of(&public);
            found.public_key = Some(public);
            break;
        }
    }
    Ok(found)
}

/// The SPKI of a key object from its numbers.
pub(crate) fn read_public(
    session: &Session,
    key: ObjectHandle,
) -> Result<Option<SubjectPublicKeyInfo>, Error> {
    let (mut kind, mut params, mut point, mut modulus, mut exponent) = (None, None, None, None, None);
    let mut take = |attribute| {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "a hundred attributes of another crate; we asked for these"
        )]
        match attribute {
            Attribute::KeyType(value) => kind = Some(value),
            Attribute::EcParams(value) => params = Some(value),
            Attribute::EcPoint(value) => point = Some(value),
            Attribute::Modulus(value) => modulus = Some(value),
            Attribute::PublicExponent(value) => exponent = Some(value),
            _ => {}
        }
    };
    session.get_attributes(key, &[AttributeType::KeyType])?.into_iter().for_each(&mut take);
    let numbers = [AttributeType::EcParams, AttributeType::EcPoint];
    session.get_attributes(key, &numbers)?.into_iter().for_each(&mut take);
    let numbers = [AttributeType::Modulus, AttributeType::PublicExponent];
    session.get_attributes(key, &numbers)?.into_iter().for_each(&mut take);
    Ok(match kind {
        Some(KeyType::EC) => {
            params.zip(point).and_then(|(params, point)| public_key::from_ec(&params, &point))
        }
        Some(KeyType::RSA) => modulus.zip(exponent).and_then(|(n, e)| public_key::from_rsa(&n, &e)),
        _ => None,
    })
}

const ASKED: [AttributeType; 14] = [
    AttributeType::Id,
    AttributeType::Token,
    AttributeType::Private,
    AttributeType::Sensitive,
    AttributeType::AlwaysSensitive,
    AttributeType::Extractable,
    AttributeType::NeverExtractable,
    AttributeType::Local,
    AttributeType::Sign,
    AttributeType::SignRecover,
    AttributeType::Decrypt,
    AttributeType::Unwrap,
    AttributeType::Derive,
    AttributeType::AlwaysAuthenticate,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn conforming() -> KeyAttributes {
        KeyAttributes {
            label: "signature/ca/1".parse().unwrap(),
            id: vec![1; 20],
            public_key: None,
            spec: None,
            token: Some(true),
            private: Some(true),
            sensitive: Some(true),
            always_sensitive: Some(true),
            extractable: Some(false),
            never_extractable: Some(true),
            local: Some(true),
            sign: Some(true),
            sign_recover: None,
            decrypt: Some(false),
            unwrap: Some(false),
            derive: None,
            always_authenticate: None,
        }
    }

    #[test]
    fn each_attribute_is_named_when_it_offends() {
        assert!(conforming().offending().is_empty());
        let imported = KeyAttributes {
            always_sensitive: Some(false),
            never_extractable: Some(false),
            local: Some(false),
            ..conforming()
        };
        assert_eq!(imported.offending(), ["CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE", "CKA_LOCAL"]);
        let dual_use = KeyAttributes { decrypt: Some(true), derive: Some(true), ..conforming() };
        assert_eq!(dual_use.offending(), ["CKA_DECRYPT", "CKA_DERIVE"]);
    }

    #[test]
    fn a_guard_that_the_token_does_not_state_offends() {
        let silent = KeyAttributes { local: None, extractable: None, ..conforming() };
        assert_eq!(silent.offending(), ["CKA_EXTRACTABLE", "CKA_LOCAL"]);
    }
}
