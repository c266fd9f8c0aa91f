//! A key in a token, for one purpose.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use ndoba_types::{
    DigestToBeSigned, KeyLabel, Purpose, SignReply, SignatureAlgorithm, SigningKey, SubjectPublicKeyInfo,
    ToBeSigned,
};

use crate::KeySpec;
use crate::mechanism::TokenInput;
use crate::metrics::KeyMetrics;
use crate::opened::OpenedKey;
use crate::token::Shared;

/// A private key in a token that signs for purpose `P`: see [`Token::open`](crate::Token::open).
///
/// Stays usable across losses of the token; what it answers meanwhile is `Unavailable`.
pub struct Key<P> {
    shared: Arc<Shared>,
    key: Arc<OpenedKey>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> Key<P> {
    pub(crate) fn new(shared: Arc<Shared>, key: Arc<OpenedKey>) -> Self {
        Self { shared, key, purpose: PhantomData }
    }

    /// The kind of key.
    pub fn spec(&self) -> KeySpec {
        self.key.spec
    }

    /// What it has done since the process started, under all its purposes.
    pub fn metrics(&self) -> KeyMetrics {
        self.key.counters.snapshot(&self.key.label)
    }

    /// Why it cannot be asked now; `None` when the token is there and nothing is known against the key. What is
    /// queued during a short outage is waited out; who can wait elsewhere asks here first.
    pub fn away(&self) -> Option<String> {
        self.shared.away(&self.key)
    }
}

impl<P: Purpose> SigningKey<P> for Key<P> {
    fn label(&self) -> &KeyLabel {
        &self.key.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.key.public_key
    }

    fn submit(&self, message: ToBeSigned<P>, reply: SignReply) {
        self.shared.submit(&self.key, TokenInput::of(self.key.algorithm, message.as_bytes()), reply);
    }

    fn submit_digest(&self, message: DigestToBeSigned<P>, reply: SignReply) {
        let fits = message.algorithm() == self.key.algorithm;
        let input = fits.then(|| TokenInput::of_digest(self.key.algorithm, message.digest().to_vec()));
        self.shared.submit(&self.key, input.flatten(), reply);
    }
}

impl<P: Purpose> Clone for Key<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), key: Arc::clone(&self.key), purpose: PhantomData }
    }
}

impl<P: Purpose> fmt::Debug for Key<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key<{}>({})", P::NAME, self.key.label)
    }
}
