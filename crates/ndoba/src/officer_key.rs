//! An officer's key as the command line names it: on a card, or, for development, in a file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use ndoba_client::{CannotSign, Identity, OfficerKey};
use ndoba_hsm::{Card, CardError, CardKey, KeySpec, PinWords};
use ndoba_types::{BadCardUri, CardUri, Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::Certificate;
use rustls_pki_types::CertificateDer;

use crate::operations_ca::{OperationsCa, made_in_development};
use crate::words::Words;
use crate::{files, tokens};

/// The variable that names the library by which cards are reached, where a URI does not.
const MODULE: &str = "NDOBACTL_PKCS11_MODULE";

/// Where an officer's key is.
#[derive(Clone, Debug)]
pub(crate) enum OfficerRef {
    /// On a card.
    Card(Box<CardUri>),
    /// In a file, with its certificates: key, certificate and chain, PEM.
    File(PathBuf),
}

impl FromStr for OfficerRef {
    type Err = BadCardUri;

    fn from_str(text: &str) -> Result<Self, BadCardUri> {
        if text.starts_with(CardUri::SCHEME) {
            text.parse().map(|uri| Self::Card(Box::new(uri)))
        } else {
            Ok(Self::File(text.into()))
        }
    }
}

/// For messages.
impl fmt::Display for OfficerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(uri) => uri.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl OfficerRef {
    /// The officer's key and certificate. A card's PIN is asked for here, once.
    ///
    /// A key in a file is used only with a certificate that was made in development: a production installation's server
    /// believes in no such certificate, and cannot see by itself where a key lies (ADR 0021).
    pub(crate) fn identity(&self) -> anyhow::Result<Identity> {
        match self {
            Self::File(path) => {
                let identity = from_file(path)?;
                let leaf = identity.chain().first().context("no certificate")?;
                ensure!(
                    made_in_development(Certificate::from_der(leaf)?.issuer()),
                    Words::spoken().file_for_development(path.display())
                );
                Ok(identity)
            }
            Self::Card(uri) => {
                let (card, uri) = card(uri)?;
                let key = OnCard(card.key(&uri)?);
                let own = newest_certificate(&card, key.public_key())?;
                Ok(Identity::new(Arc::new(key), vec![CertificateDer::from(own)])?)
            }
        }
    }
}

impl OfficerRef {
    /// The same at a ceremony: a key that is not on the card is made there, and one that has no certificate yet gets it from the
    /// operations CA beside.
    pub(crate) fn identity_or_certified(
        &self,
        operations: &OperationsCa,
        name: &str,
        now: UtcTime,
    ) -> anyhow::Result<Identity> {
        let Self::Card(uri) = self else { return self.identity() };
        let (card, uri) = card(uri)?;
        let key = match card.key(&uri) {
            Err(CardError::NoKey { .. }) => OnCard(card.generate(&uri, KeySpec::P256)?),
            found => OnCard(found?),
        };
        let own = match newest_certificate(&card, key.public_key()) {
            Ok(own) => own,
            Err(_) => {
                let own = operations.certify(key.public_key(), name, now)?;
                keep_certificate(&card, &key, &uri, &own)?;
                own
            }
        };
        Ok(Identity::new(Arc::new(key), vec![CertificateDer::from(own)])?)
    }
}

impl PinWords for Words {
    fn question(&self, card: &str, last: bool) -> String {
        if last { self.pin_of_card_last(card) } else { self.pin_of_card(card) }
    }

    fn at_the_reader(&self, card: &str) -> String {
        self.pin_at_reader(card)
    }
}

/// Key and certificates from a file, whosever they are.
pub(crate) fn from_file(path: &Path) -> anyhow::Result<Identity> {
    let pem = files::read(path)?;
    Identity::from_pem(&pem).with_context(|| Words::spoken().no_officers_file(path.display()))
}

/// A key on a card, as it signs for its officer.
#[derive(Debug)]
pub(crate) struct OnCard(CardKey);

impl OfficerKey for OnCard {
    fn public_key(&self) -> &SubjectPublicKeyInfo {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, CannotSign> {
        self.0.sign(message).map_err(|error| CannotSign(error.to_string()))
    }
}

/// The key that `uri` names, made on the card if it is not there yet.
pub(crate) fn found_or_made(uri: &CardUri, spec: KeySpec) -> anyhow::Result<OnCard> {
    let (card, uri) = card(uri)?;
    match card.key(&uri) {
        Err(CardError::NoKey { .. }) => {
            let key = card.generate(&uri, spec)?;
            eprintln!("{}", Words::spoken().made_key(&uri, card.label()));
            Ok(OnCard(key))
        }
        found => Ok(OnCard(found?)),
    }
}

/// The key that `uri` names, and its card.
pub(crate) fn found(uri: &CardUri) -> anyhow::Result<(Card, OnCard)> {
    let (card, uri) = card(uri)?;
    let key = card.key(&uri)?;
    Ok((card, OnCard(key)))
}

/// Puts the certificate of `key` on its card, unless it is there.
pub(crate) fn keep_certificate(card: &Card, key: &OnCard, uri: &CardUri, der: &[u8]) -> anyhow::Result<()> {
    let certificate = Certificate::from_der(der).with_context(|| Words::spoken().certificate_unread())?;
    ensure!(certificate.spki() == key.public_key(), Words::spoken().certificate_of_another());
    if card.certificates()?.iter().any(|there| there == der) {
        return Ok(());
    }
    Ok(card.write_certificate(&key.0, uri, der, certificate.subject().as_der())?)
}

/// The certificate of this key that ends last.
fn newest_certificate(card: &Card, key: &SubjectPublicKeyInfo) -> anyhow::Result<Vec<u8>> {
    let all = card.certificates()?.into_iter().filter_map(|der| Certificate::from_der(&der).ok());
    let own = all.filter(|one| one.spki() == key).max_by_key(Certificate::not_after);
    let own = own.with_context(|| Words::spoken().card_without_certificate(card.label()))?;
    Ok(own.as_der().to_vec())
}

/// The card that `uri` names, logged in to, and the URI with its library.
fn card(uri: &CardUri) -> anyhow::Result<(Card, CardUri)> {
    let module = uri.module.clone().or_else(|| std::env::var_os(MODULE).map(PathBuf::from));
    let uri = CardUri { module, ..uri.clone() };
    let card = Card::find(&uri)?;
    card.log_in(uri.pin.as_ref().map(tokens::pin_source).transpose()?, &Words::spoken())?;
    Ok((card, uri))
}
