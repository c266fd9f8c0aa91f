//! What an officer does with an order: see the very bytes in plain words, then sign them.
//!
//! Nothing that the server says about an order is believed: its digest is recomputed from the text that is shown,
//! the text must be the canonical form of an order, and the roles follow from that order.

use std::thread;
use std::time::{Duration, Instant};

use ndoba_order::{FlatJws, GrantDocument, Language, MediaType, Order as Document, SignerRole, describe};
use ndoba_types::{Sha256Digest, UtcTime};

use crate::error::ClientError;
use crate::identity::Identity;
use crate::officer::OfficerClient;
use crate::resource::{Application, Grant, GrantDraft, Order, OrderSignature, StatusDraft};

/// An order that was checked and is ready to be shown.
#[derive(Debug)]
pub struct Review {
    document: Document,
    content: Vec<u8>,
    digest: Sha256Digest,
    role: SignerRole,
    over: Option<FlatJws>,
}

impl Review {
    /// Checks what the server gave as an order to be signed.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotSigned`] when the text is no canonical order, is another order than `order.order_id`, has
    /// another digest than stated, or lacks nobody's signature.
    pub fn of(order: &Order) -> Result<Self, ClientError> {
        let Order { order_id, content, digest, signatures, .. } = order;
        Self::of_text(content, digest, Some(order_id), signatures)
    }

    /// The same for a draft that the server has not recorded.
    ///
    /// # Errors
    ///
    /// As for [`Self::of`].
    pub fn of_draft(draft: &StatusDraft) -> Result<Self, ClientError> {
        Self::of_text(&draft.content, &draft.digest, None, &[])
    }

    fn of_text(
        content: &str,
        stated: &str,
        order_id: Option<&str>,
        signatures: &[OrderSignature],
    ) -> Result<Self, ClientError> {
        let content = content.as_bytes().to_vec();
        let digest = Sha256Digest::of(&content);
        if digest.to_string() != stated {
            return refuse("the digest that the server states is not that of the text it shows");
        }
        let document = Document::from_bytes(&content)
            .map_err(|error| ClientError::NotSigned(format!("the text is no order: {error}")))?;
        if order_id.is_some_and(|id| document.order_id.to_string() != id) {
            return refuse("the text is of another order");
        }
        let signed = |role: SignerRole| signatures.iter().find(|one| one.role == role.name());
        let Some(role) = document.kind().signers().iter().copied().find(|role| signed(*role).is_none())
        else {
            return refuse("it has all its signatures");
        };
        let first = match role {
            SignerRole::Approver => Some(SignerRole::Submitter),
            SignerRole::SecondSecurityOfficer => Some(SignerRole::SecurityOfficer),
            SignerRole::Appointed
            | SignerRole::Desk
            | SignerRole::Observer
            | SignerRole::RevocationOfficer
            | SignerRole::SecurityOfficer
            | SignerRole::Submitter => None,
        };
        let over = match first.map(signed) {
            None => None,
            Some(Some(signature)) => Some(
                FlatJws::from_bytes(signature.jws.as_bytes())
                    .map_err(|error| ClientError::NotSigned(format!("the signature before: {error}")))?,
            ),
            Some(None) => return refuse("the first of the two has not signed"),
        };
        Ok(Self { document, content, digest, role, over })
    }

    /// What it says, in plain words, from the very bytes that [`Self::sign`] signs.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotSigned`] when it cannot be described: then nobody should sign it.
    pub fn lines(&self, language: Language) -> Result<Vec<String>, ClientError> {
        describe(&self.content, language).map_err(|error| ClientError::NotSigned(error.to_string()))
    }

    /// As what the officer would sign.
    pub fn role(&self) -> SignerRole {
        self.role
    }

    /// SHA-256 over the text, computed here.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// The order.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The officer's signature.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotSigned`] when the order's time has passed, or the key fails.
    pub fn sign(&self, officer: &Identity, now: UtcTime) -> Result<String, ClientError> {
        if now > self.document.expires {
            return refuse("its time has passed");
        }
        officer
            .sign(MediaType::Order, &self.content, self.role, self.over.as_ref(), now)
            .map_err(|error| ClientError::NotSigned(error.to_string()))
    }
}

/// Fetches an order, shows it, signs it if the officer says yes, and sends the signature.
///
/// # Inputs
///
/// - `show` – gets the lines in plain words and the role; its answer is the officer's.
/// - `wait` – seconds to wait for the CA after the last signature.
///
/// # Errors
///
/// [`ClientError`]; [`ClientError::NotSigned`] also when the officer says no.
pub fn review_and_sign(
    api: &OfficerClient,
    officer: &Identity,
    order_id: &str,
    language: Language,
    now: UtcTime,
    wait: Option<u32>,
    show: &mut dyn FnMut(&[String], SignerRole) -> bool,
) -> Result<Order, ClientError> {
    let review = Review::of(&api.order(order_id)?)?;
    if !show(&review.lines(language)?, review.role()) {
        return refuse("the officer said no");
    }
    api.add_signature(order_id, &review.sign(officer, now)?, wait)
}

/// Waits until an order is final, at most `patience`; gives the last that was seen.
///
/// # Errors
///
/// [`ClientError`].
pub fn await_order(api: &OfficerClient, order_id: &str, patience: Duration) -> Result<Order, ClientError> {
    let start = Instant::now();
    loop {
        let order = api.order(order_id)?;
        if order.is_final() || start.elapsed() >= patience {
            return Ok(order);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Freezes an application and signs its order as the submitter; gives the order, which waits for the approver.
///
/// Called again it goes on where an earlier call was cut off, and signs nothing twice.
///
/// # Errors
///
/// As for [`review_and_sign`].
pub fn submit_application(
    api: &OfficerClient,
    officer: &Identity,
    application: &Application,
    language: Language,
    now: UtcTime,
    show: &mut dyn FnMut(&[String], SignerRole) -> bool,
) -> Result<Order, ClientError> {
    let order_id = match (&application.order, application.state.as_str()) {
        // An earlier call was cut off after the order was made, or only its answer was lost.
        (Some(order), "submitted") => {
            let order = api.order(order)?;
            if order.signed_as(SignerRole::Submitter) {
                return Ok(order);
            }
            order.order_id
        }
        (_, _) => api.freeze(&application.id, Some(application.version), None)?.order_id,
    };
    review_and_sign(api, officer, &order_id, language, now, None, show)
}

/// Signs a document of the register as a security officer.
///
/// # Errors
///
/// [`ClientError::NotSigned`] when the text is no canonical document of the register, or its digest is another.
pub fn sign_grant(draft: &GrantDraft, officer: &Identity, now: UtcTime) -> Result<String, ClientError> {
    let content = draft.content.as_bytes();
    if Sha256Digest::of(content).to_string() != draft.digest {
        return refuse("the digest that the server states is not that of the text it shows");
    }
    GrantDocument::from_bytes(content).map_err(|error| {
        ClientError::NotSigned(format!("the text is no document of the register: {error}"))
    })?;
    officer
        .sign(MediaType::Grant, content, SignerRole::SecurityOfficer, None, now)
        .map_err(|error| ClientError::NotSigned(error.to_string()))
}

/// What a document of the register says, in plain words.
///
/// # Errors
///
/// [`ClientError::NotSigned`] when it cannot be described.
pub fn grant_lines(draft: &GrantDraft, language: Language) -> Result<Vec<String>, ClientError> {
    describe(draft.content.as_bytes(), language).map_err(|error| ClientError::NotSigned(error.to_string()))
}

/// Signs a drafted document with every given security officer and appends it.
///
/// # Errors
///
/// [`ClientError`].
pub fn grant(
    api: &OfficerClient,
    draft: &GrantDraft,
    officers: &[&Identity],
    now: UtcTime,
) -> Result<Grant, ClientError> {
    let signatures: Result<Vec<String>, ClientError> =
        officers.iter().map(|officer| sign_grant(draft, officer, now)).collect();
    api.append_grant(&draft.content, &signatures?)
}

fn refuse<T>(why: &str) -> Result<T, ClientError> {
    Err(ClientError::NotSigned(why.into()))
}
