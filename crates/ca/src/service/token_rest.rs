//! Tokens that did not sign are left alone for a moment.

use std::collections::BTreeMap;

use ndoba_types::{CaName, Span, UtcTime};

use crate::authority::IssuingCa;

/// How long.
const TOKEN_PAUSE: Span = Span::seconds(1);

/// By the CA whose key it was.
#[derive(Default)]
pub(super) struct TokenRest(BTreeMap<CaName, UtcTime>);

impl TokenRest {
    /// The CA's key did not sign.
    pub(super) fn begin(&mut self, ca: &CaName, now: UtcTime) {
        self.0.insert(ca.clone(), now.plus(TOKEN_PAUSE));
    }

    /// Whether the CA's key can be asked now, as far as is known.
    pub(super) fn key_answers(&self, ca: &IssuingCa, now: UtcTime) -> bool {
        // A clock that was set back meanwhile does not lengthen it.
        let rests = |until: &UtcTime| now < *until && until.since(now) <= TOKEN_PAUSE;
        let rests = self.0.get(&ca.name).is_some_and(rests);
        !rests && ca.watch.away().is_none()
    }
}
