//! What officers do all day, by role.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ndoba_client::{CertificateForm, Order, Review, StatusOrder};
use ndoba_clock::SystemClock;
use ndoba_types::{Clock as _, Sha256Digest};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::clerk::Clerk;
use crate::orders::application;

/// What an officer does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Opens an application, has the agreement accepted, submits it, and looks for the certificate.
    Register,
    /// Approves what was submitted, and looks whether it was issued.
    Approve,
    /// Finds a certificate by name and revokes it.
    Revoke,
}

/// What goes from one officer to the next over the counter.
#[derive(Debug, Default)]
pub(super) struct Counter {
    persons: AtomicU64,
    submitted: Mutex<VecDeque<String>>,
    issued: Mutex<VecDeque<String>>,
    any_issued: AtomicBool,
}

impl Counter {
    /// Whether a certificate was seen.
    pub(super) fn any_issued(&self) -> bool {
        self.any_issued.load(Ordering::Relaxed)
    }
}

impl Script {
    /// Half of all register, for each of their applications takes longest; of four more three approve.
    pub(super) fn of(number: u32) -> Self {
        match number % 8 {
            0..4 => Self::Register,
            4..7 => Self::Approve,
            _ => Self::Revoke,
        }
    }

    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Register => "registration-officer",
            Self::Approve => "approver",
            Self::Revoke => "revocation-officer",
        }
    }

    /// Follows it once. What fails is in the clerk's tally, and ends this round only.
    pub(super) fn once(self, clerk: &mut Clerk<'_>, counter: &Counter) {
        let done = match self {
            Self::Register => register(clerk, counter),
            Self::Approve => approve(clerk, counter),
            Self::Revoke => revoke(clerk, counter),
        };
        // Nothing on the counter, or a call that failed.
        if done.is_none() {
            clerk.pause();
        }
    }
}

fn register(clerk: &mut Clerk<'_>, counter: &Counter) -> Option<()> {
    let number = format!("{:011}", 30_000_000_000 + counter.persons.fetch_add(1, Ordering::Relaxed));
    let now = SystemClock.now();
    let content = application(&number, &request()?, now).ok()?;
    let id = clerk.call("open", |api| api.open_application(&content, None))?.id;
    let agreement = clerk.call("agreement", |api| api.agreement(&id))?;
    let digest = Sha256Digest::of(&agreement).to_string();
    let today = now.to_date_time().date().to_string();
    clerk.call("agree", |api| api.agree(&id, None, &digest, &today, None))?;
    // As a scan of what was signed; a page or two are longer.
    clerk.call("attach", |api| api.attach_copy(&id, None, &agreement))?;
    let order = clerk.call("submit", |api| api.freeze(&id, None, None))?;
    sign(clerk, "sign as submitter", &order)?;
    counter.submitted.lock().unwrap_or_else(PoisonError::into_inner).push_back(id.clone());
    clerk.call("list", |api| api.applications(&[("state", "submitted"), ("limit", "20")]))?;
    let shown = clerk.call("show", |api| api.application(&id))?;
    if let Some(serial) = shown.certificate {
        clerk.call("download", |api| api.download(&serial, CertificateForm::Pem))?;
    }
    Some(())
}

fn approve(clerk: &mut Clerk<'_>, counter: &Counter) -> Option<()> {
    let id = counter.submitted.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
    let order = clerk.call("show", |api| api.application(&id))?.order?;
    let order = clerk.call("show the order", |api| api.order(&order))?;
    sign(clerk, "sign as approver", &order)?;
    let serial = clerk.call("show", |api| api.application(&id))?.certificate?;
    counter.any_issued.store(true, Ordering::Relaxed);
    counter.issued.lock().unwrap_or_else(PoisonError::into_inner).push_back(serial);
    Some(())
}

fn revoke(clerk: &mut Clerk<'_>, counter: &Counter) -> Option<()> {
    let serial = counter.issued.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
    clerk.call("search", |api| api.certificates(&[("name", "ნინო ბ"), ("limit", "20")]))?;
    clerk.call("certificate", |api| api.certificate(&serial))?;
    let asked = StatusOrder {
        kind: "revoke",
        reason: Some("superseded"),
        received: None,
        effective: None,
        channel: "in-person",
        note: "The subscriber came with an identity card.",
        control: BTreeMap::new(),
    };
    let order = clerk.call("propose", |api| api.propose(&serial, &asked, None))?;
    sign(clerk, "sign a revocation", &order)
}

/// Reviews an order as the command does, signs it, and waits for nothing.
fn sign(clerk: &mut Clerk<'_>, kind: &'static str, order: &Order) -> Option<()> {
    let officer = clerk.officer;
    clerk.call(kind, |api| {
        let review = Review::of(order)?;
        api.add_signature(&order.order_id, &review.sign(&officer.identity, SystemClock.now())?, None)
    })?;
    Some(())
}

/// A PKCS#10 request of a new key, PEM.
fn request() -> Option<String> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok()?;
    CertificateParams::default().serialize_request(&key).ok()?.pem().ok()
}
