//! What officers sign, and what they enter.

use std::sync::Arc;

use ndoba_order::{
    FlatJws, GrantDocument, MediaType, Order, Pin, Pins, Register, ResponderRequest, authorise,
};
use ndoba_registration::application::ApplicationContent;
use ndoba_registration::sealed::{DataKeys, Place, RawDataKey, Seal as _};
use ndoba_registration::{ProfileOffer, Rules, SubjectKind, check};
use ndoba_types::{InstallationId, Random, RandomUnavailable, Sha256Digest, canonical};
use ndoba_x509::IdentifierScheme;

use crate::now;

const INSTALLATION: InstallationId = InstallationId::from_bytes([9; 16]);

/// An order's canonical bytes; up to the look at its signatures.
pub(crate) fn order(bytes: &[u8]) -> bool {
    let Ok(order) = Order::from_bytes(bytes) else { return false };
    assert!(order.to_bytes().is_ok_and(|again| again == bytes), "an order came back changed");
    true
}

/// A signature over a document, alone and as one over an order.
pub(crate) fn jws(bytes: &[u8]) -> bool {
    let Ok(jws) = FlatJws::from_bytes(bytes) else { return false };
    let value = canonical::decode(bytes);
    assert!(value.is_ok_and(|value| canonical::encode(&value).is_ok_and(|again| again == bytes)));
    let pin = include_bytes!("../../../fuzz/seeds/pin/two-officers");
    let order = include_bytes!("../../../fuzz/seeds/order/issue");
    if let Ok(pin) = Pin::from_bytes(pin) {
        for officer in &pin.security_officers {
            let _ = jws.verify(MediaType::Order, order, &officer.spki);
        }
        if let Ok(register) = Register::from_pin(&pin) {
            assert!(
                authorise(order, &[bytes], &register, INSTALLATION, now()).is_err(),
                "one signature is not two"
            );
        }
    }
    true
}

/// A grant or the end of one.
pub(crate) fn grant(bytes: &[u8]) -> bool {
    let Ok(document) = GrantDocument::from_bytes(bytes) else { return false };
    assert!(document.to_bytes().is_ok_and(|again| again == bytes), "a grant came back changed");
    true
}

/// A responder's request; that nobody authorised it is found after everything was read.
pub(crate) fn responder_request(bytes: &[u8]) -> bool {
    let Ok(document) = ResponderRequest::from_bytes(bytes) else { return false };
    assert!(document.to_bytes().is_ok_and(|again| again == bytes), "a request came back changed");
    true
}

/// The pinned security officers, with those who took their place.
pub(crate) fn pin(bytes: &[u8]) -> bool {
    let Ok(pins) = Pins::from_bytes(bytes) else { return false };
    assert!(pins.to_bytes().is_ok_and(|again| again == bytes), "a pin came back changed");
    Register::from_pins(&pins).is_ok()
}

/// The body of a new application, and every rule that looks at it.
pub(crate) fn application(bytes: &[u8]) -> bool {
    let Ok(content) = serde_json::from_slice::<ApplicationContent>(bytes) else { return false };
    let offer = |name: &str, subject| {
        let ca = "signature".parse().ok()?;
        Some(ProfileOffer {
            name: name.into(),
            digest: Sha256Digest::from_bytes([1; 32]),
            subject,
            organisation: name == "person-in-organisation",
            identifiers: match subject {
                SubjectKind::Natural => IdentifierScheme::OF_PERSONS.to_vec(),
                SubjectKind::Legal => IdentifierScheme::OF_ORGANISATIONS.to_vec(),
            },
            device: name.ends_with("qscd"),
            ca,
            max_days: 730,
        })
    };
    let offers = [
        offer("person-signature", SubjectKind::Natural),
        offer("person-in-organisation", SubjectKind::Natural),
        offer("organisation-seal", SubjectKind::Legal),
    ];
    let profiles: Vec<_> = offers.into_iter().flatten().collect();
    let rules = Rules { profiles: &profiles, devices: &[], proofing_max_age_days: 30, now: now() };
    let Ok(checked) = check(&content, rules) else { return false };
    // What is stored is what would be accepted again.
    assert!(check(&checked.content, rules).is_ok(), "an accepted application is refused in its stored form");
    true
}

/// Where the seeds' sealed values belong.
const PLACE: Place<'_> = Place { table: "evidence", row: &[1], column: "content" };

/// A value as it lies sealed in the database, which somebody may have written.
pub(crate) fn sealed(bytes: &[u8]) -> bool {
    let keys = RawDataKey::from_unwrapped(&[7; 32])
        .and_then(|raw| DataKeys::new(INSTALLATION, &[(1, raw)], Arc::new(Sevens)));
    let Some(keys) = keys else { return false };
    let Ok(clear) = keys.open(PLACE, bytes) else { return false };
    assert!(keys.open(Place { row: &[2], ..PLACE }, bytes).is_err(), "it opens in another place");
    assert_eq!(keys.seal(PLACE, &clear).as_deref(), Ok(bytes), "a sealed value came back changed");
    true
}

/// The seeds' nonces.
struct Sevens;

impl Random for Sevens {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomUnavailable> {
        octets.fill(7);
        Ok(())
    }
}
