//! A key on a card: found or made, judged, signed with; and the certificates beside it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::error::Error;
use cryptoki::object::{Attribute, AttributeType, CertificateType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ndoba_types::{CardUri, Signature, SignatureAlgorithm, SubjectPublicKeyInfo};

use super::reader::Reader;
use super::{Card, CardError, shown};
use crate::mechanism::{TokenInput, encode_signature, mechanism};
use crate::{KeySpec, attributes, objects, public_key};

/// What guards an officer's key (as P-41 does a service's): it came into being on the card and cannot leave it. The
/// card must say so.
const GUARDS: [Attribute; 8] = [
    Attribute::Token(true),
    Attribute::Private(true),
    Attribute::Sensitive(true),
    Attribute::AlwaysSensitive(true),
    Attribute::Extractable(false),
    Attribute::NeverExtractable(true),
    Attribute::Local(true),
    Attribute::Sign(true),
];

/// A private key on a card, judged fit for an officer.
pub struct CardKey {
    session: Mutex<Session>,
    handle: ObjectHandle,
    card: String,
    id: Vec<u8>,
    spec: KeySpec,
    algorithm: SignatureAlgorithm,
    public_key: SubjectPublicKeyInfo,
    /// After the session, as in [`Card`].
    _reader: Arc<Reader>,
}

impl Card {
    /// The one key that `wanted` names, read back and judged.
    ///
    /// # Errors
    ///
    /// [`CardError`]; [`CardError::NoKey`] where there is none.
    pub fn key(&self, wanted: &CardUri) -> Result<CardKey, CardError> {
        let handles =
            self.with(|session| session.find_objects(&template(ObjectClass::PRIVATE_KEY, wanted)))?;
        let (card, name) = (self.label(), wanted.to_string());
        match handles[..] {
            [handle] => self.judged(handle, name),
            [] => Err(CardError::NoKey { card, wanted: name, keys: self.with(labels)? }),
            _ => Err(CardError::TwoKeys { card, wanted: name }),
        }
    }

    /// Makes a key pair under the name that `wanted` gives: sensitive, never extractable, for signing only. What the card
    /// made is read back and judged as any key is.
    ///
    /// # Errors
    ///
    /// [`CardError`]; a pair that must not be used does not stay.
    pub fn generate(&self, wanted: &CardUri, spec: KeySpec) -> Result<CardKey, CardError> {
        let label = wanted.object.as_ref().ok_or(CardError::Nameless)?.clone().into_bytes();
        let made = self.writable(|session| objects::make_pair(session, label, wanted.id.as_deref(), spec))?;
        let named = match wanted.id {
            Some(_) => Ok(true),
            None => self.writable(|session| objects::name_by_key(session, made)),
        };
        named.and_then(|_| self.key(wanted)).inspect_err(|_| {
            let (public, private) = made;
            let destroyed = self.writable(|session| {
                session.destroy_object(private)?;
                session.destroy_object(public)
            });
            if let Err(error) = destroyed {
                tracing::error!(%error, "a key pair that was refused is still on the card");
            }
        })
    }

    /// The X.509 certificates on the card, DER, whosever they are.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, CardError> {
        self.with(|session| {
            let x509 = Attribute::CertificateType(CertificateType::X_509);
            let wanted = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::Token(true), x509];
            let mut found = Vec::new();
            for handle in session.find_objects(&wanted)? {
                found.extend(values(session, handle, &[AttributeType::Value])?);
            }
            Ok(found)
        })
    }

    /// Puts a certificate of `key` on the card, under the key's identifier.
    ///
    /// `subject` – its subject's name, DER, as PKCS#11 wants it told.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn write_certificate(
        &self,
        key: &CardKey,
        wanted: &CardUri,
        certificate: &[u8],
        subject: &[u8],
    ) -> Result<(), CardError> {
        let label = wanted.object.clone().unwrap_or_default().into_bytes();
        self.writable(|session| {
            session.create_object(&[
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Label(label),
                Attribute::Id(key.id.clone()),
                Attribute::Subject(subject.to_vec()),
                Attribute::Value(certificate.to_vec()),
            ])
        })
        .map(drop)
    }

    fn judged(&self, handle: ObjectHandle, wanted: String) -> Result<CardKey, CardError> {
        let attributes = self.with(|session| offending(session, handle))?;
        if !attributes.is_empty() {
            return Err(CardError::NotConforming { card: self.label(), wanted, attributes });
        }
        let (id, public_key) = self.with(|session| public_half(session, handle))?;
        let of_officers = public_key.and_then(|key| match public_key::spec_of(&key)? {
            spec @ KeySpec::P256 => Some((key, spec, SignatureAlgorithm::EcdsaP256Sha256)),
            spec @ KeySpec::P384 => Some((key, spec, SignatureAlgorithm::EcdsaP384Sha384)),
            KeySpec::P521 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => None,
        });
        let Some((public_key, spec, algorithm)) = of_officers else {
            return Err(CardError::WrongKind { card: self.label(), wanted });
        };
        let session = self.reader.pkcs11().open_ro_session(self.slot).map_err(|error| self.failed(&error))?;
        let (session, card) = (Mutex::new(session), self.label());
        let reader = Arc::clone(&self.reader);
        Ok(CardKey { session, handle, card, id, spec, algorithm, public_key, _reader: reader })
    }
}

impl CardKey {
    /// The public half.
    pub fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.public_key
    }

    /// What it signs with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Signs `message`; the card sees its digest only.
    ///
    /// # Errors
    ///
    /// [`CardError::Failed`].
    pub fn sign(&self, message: &[u8]) -> Result<Signature, CardError> {
        let failed = |reason: String| CardError::Failed { card: self.card.clone(), reason };
        let (Some(mechanism), Some(input)) =
            (mechanism(self.algorithm), TokenInput::of(self.algorithm, message))
        else {
            return Err(failed("no mechanism".into()));
        };
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = session.sign(&mechanism, self.handle, input.as_bytes());
        let raw = raw.map_err(|error| failed(crate::ckr::describe(&error)))?;
        encode_signature(self.spec, raw).map_err(failed)
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardKey({:?} on {})", self.public_key, self.card)
    }
}

fn template(class: ObjectClass, wanted: &CardUri) -> Vec<Attribute> {
    let mut template = vec![Attribute::Class(class), Attribute::Token(true)];
    template.extend(wanted.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    template.extend(wanted.id.clone().map(Attribute::Id));
    template
}

/// The names of the attributes for which the key must not be used.
fn offending(session: &Session, handle: ObjectHandle) -> Result<Vec<String>, Error> {
    // Our one login could not serve a key that asks for the PIN at each use.
    let asked: Vec<_> = GUARDS.iter().map(Attribute::attribute_type).collect();
    let found =
        session.get_attributes(handle, &[&asked[..], &[AttributeType::AlwaysAuthenticate]].concat())?;
    let mut offending: Vec<_> =
        GUARDS.iter().filter(|guard| !found.contains(guard)).map(Attribute::attribute_type).collect();
    if found.contains(&Attribute::AlwaysAuthenticate(true)) {
        offending.push(AttributeType::AlwaysAuthenticate);
    }
    Ok(offending.into_iter().map(|attribute| attribute.to_string()).collect())
}

/// The key's identifier, and the public key that bears the same one: or the same label, where there is none.
fn public_half(
    session: &Session,
    handle: ObjectHandle,
) -> Result<(Vec<u8>, Option<SubjectPublicKeyInfo>), Error> {
    let id = values(session, handle, &[AttributeType::Id])?.pop().unwrap_or_default();
    let name = if id.is_empty() {
        Attribute::Label(values(session, handle, &[AttributeType::Label])?.pop().unwrap_or_default())
    } else {
        Attribute::Id(id.clone())
    };
    let public = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Token(true), name];
    for handle in session.find_objects(&public)? {
        if let Some(key) = attributes::read_public(session, handle)? {
            return Ok((id, Some(key)));
        }
    }
    Ok((id, None))
}

/// The labels of the private keys on the card.
fn labels(session: &Session) -> Result<Vec<String>, Error> {
    let keys = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
    let mut labels = Vec::new();
    for handle in session.find_objects(&keys)? {
        let found = values(session, handle, &[AttributeType::Label])?;
        labels.extend(found.iter().map(|label| shown(&String::from_utf8_lossy(label))));
    }
    labels.sort();
    Ok(labels)
}

/// Attributes that are octets.
fn values(session: &Session, handle: ObjectHandle, asked: &[AttributeType]) -> Result<Vec<Vec<u8>>, Error> {
    let found = session.get_attributes(handle, asked)?.into_iter();
    Ok(found
        .filter_map(|attribute| {
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "a hundred attributes of another crate; we asked for these"
            )]
            match attribute {
                Attribute::Id(octets) | Attribute::Label(octets) | Attribute::Value(octets) => Some(octets),
                _ => None,
            }
        })
        .collect())
}
