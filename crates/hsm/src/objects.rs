//! Making, listing and destroying key pairs, on the keeper's thread.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ndoba_types::KeyLabel;

use crate::ckr::{Failure, Remedy, describe};
use crate::{KeyAttributes, KeyError, KeySpec, attributes, public_key};

/// A private key found in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// CKA_LABEL as it is, whoever wrote it.
    pub label_text: String,
    /// The label, when it is one of ours.
    pub label: Option<KeyLabel>,
    /// CKA_ID.
    pub id: Vec<u8>,
}

/// Makes a key pair in a read-write session.
pub(crate) fn generate(
    session: &Session,
    label: &KeyLabel,
    spec: KeySpec,
) -> Result<KeyAttributes, KeyError> {
    let taken = !attributes::find_private(session, label).map_err(refuse)?.is_empty()
        || !attributes::find_public(session, label).map_err(refuse)?.is_empty();
    if taken {
        return Err(KeyError::Exists { label: label.clone() });
    }
    let (public_handle, private_handle) =
        make_pair(session, label.to_string().into_bytes(), None, spec).map_err(refuse)?;
    finish(session, label, spec, public_handle, private_handle).inspect_err(|_| {
        // A pair that is not what was asked for must not stay under a label that it would block.
        for handle in [public_handle, private_handle] {
            if let Err(error) = session.destroy_object(handle) {
                tracing::error!(%label, reason = describe(&error), "a key pair that was refused is still in the token");
            }
        }
    })
}

/// Makes a key pair for signing only, under this CKA_LABEL and, where one is given, this CKA_ID: public half, private half.
pub(crate) fn make_pair(
    session: &Session,
    label: Vec<u8>,
    id: Option<&[u8]>,
    spec: KeySpec,
) -> Result<(ObjectHandle, ObjectHandle), Error> {
    let (mechanism, numbers) = match spec {
        KeySpec::P256 | KeySpec::P384 | KeySpec::P521 => {
            let params = public_key::ec_params(spec).ok_or(Error::InvalidValue)?;
            (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(params)])
        }
        KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            let bits = spec.bits().try_into()?;
            let numbers = vec![Attribute::ModulusBits(bits), Attribute::PublicExponent(vec![1, 0, 1])];
            (Mechanism::RsaPkcsKeyPairGen, numbers)
        }
    };
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
        Attribute::Label(label.clone()),
    ];
    public.extend(numbers);
    // P-41: fixed here, read back at every load.
    let mut private = vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Label(label),
    ];
    for half in [&mut public, &mut private] {
        half.extend(id.map(|id| Attribute::Id(id.to_vec())));
    }
    session.generate_key_pair(&mechanism, &public, &private)
}

/// Gives the pair its CKA_ID, reads everything back and judges it.
fn finish(
    session: &Session,
    label: &KeyLabel,
    spec: KeySpec,
    public: ObjectHandle,
    private: ObjectHandle,
) -> Result<KeyAttributes, KeyError> {
    let refused = |reason: String| KeyError::Refused { reason };
    if !name_by_key(session, (public, private)).map_err(refuse)? {
        tracing::warn!(%label, "the token does not let CKA_ID be set");
    }
    let made = inspect(session, label)?;
    if made.spec != Some(spec) {
        return Err(refused("the token made another kind of key".into()));
    }
    let offending = made.offending();
    if !offending.is_empty() {
        return Err(refused(format!("the new key does not conform: {}", offending.join(", "))));
    }
    Ok(made)
}

/// Makes the pair's CKA_ID the key identifier that its certificates will carry. `false`: some modules cannot change an
/// attribute of a key that exists. The label finds it all the same; `KeyAttributes::id_is_ski` tells.
pub(crate) fn name_by_key(
    session: &Session,
    (public, private): (ObjectHandle, ObjectHandle),
) -> Result<bool, Error> {
    let key = attributes::read_public(session, public)?.ok_or(Error::InvalidValue)?;
    let ski = public_key::subject_key_identifier(&key).ok_or(Error::InvalidValue)?;
    for handle in [public, private] {
        match session.update_attributes(handle, &[Attribute::Id(ski.to_vec())]) {
            Ok(()) => {}
            Err(Error::Pkcs11(
                RvError::FunctionNotSupported | RvError::AttributeReadOnly | RvError::ActionProhibited,
                _,
            )) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Reads a key back.
pub(crate) fn inspect(session: &Session, label: &KeyLabel) -> Result<KeyAttributes, KeyError> {
    let handles = attributes::find_private(session, label).map_err(refuse)?;
    match handles[..] {
        [] => Err(KeyError::NotFound { label: label.clone() }),
        [handle] => attributes::read(session, handle, label).map_err(refuse),
        _ => Err(KeyError::Ambiguous { label: label.clone() }),
    }
}

/// All private keys in the token, by label.
pub(crate) fn list(session: &Session) -> Result<Vec<ListedKey>, KeyError> {
    let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
    let mut keys = Vec::new();
    for handle in session.find_objects(&wanted).map_err(refuse)? {
        let (mut text, mut id) = (String::new(), Vec::new());
        let asked = [AttributeType::Label, AttributeType::Id];
        for attribute in session.get_attributes(handle, &asked).map_err(refuse)? {
            if let Attribute::Label(bytes) = attribute {
                text = String::from_utf8_lossy(&bytes).into_owned();
            } else if let Attribute::Id(bytes) = attribute {
                id = bytes;
            }
        }
        keys.push(ListedKey { label: text.parse().ok(), label_text: text, id });
    }
    keys.sort_by(|a, b| a.label_text.cmp(&b.label_text));
    Ok(keys)
}

/// Destroys a key pair (requirements P-34), the private half first: it is the one that matters.
pub(crate) fn destroy(session: &Session, label: &KeyLabel) -> Result<(), KeyError> {
    let private = attributes::find_private(session, label).map_err(refuse)?;
    let [private] = private[..] else {
        let label = label.clone();
        return Err(if private.is_empty() {
            KeyError::NotFound { label }
        } else {
            KeyError::Ambiguous { label }
        });
    };
    session.destroy_object(private).map_err(refuse)?;
    for public in attributes::find_public(session, label).map_err(refuse)? {
        session.destroy_object(public).map_err(refuse)?;
    }
    Ok(())
}

/// A failed call as an answer to the operator.
pub(crate) fn refuse(error: Error) -> KeyError {
    let Failure { remedy, reason, maybe_signed: _, session_gone: _ } = error.into();
    match remedy {
        Remedy::SameSession | Remedy::NewSession | Remedy::LogInAgain | Remedy::Reinitialise => {
            KeyError::Unavailable { reason }
        }
        Remedy::KeyMissing | Remedy::Permanent | Remedy::Bug => KeyError::Refused { reason },
    }
}
