//! Who orders a time-stamping unit orders nothing else, and who orders for subscribers orders no unit. (That a unit is
//! certified is the built command's test.)

use ndoba_order::{CertifyUnit, Issue, OrderContent, ProfileRef};
use ndoba_registration::ports::{OrderState, Registry as _};
use ndoba_types::OrderId;

use super::*;

impl House<'_> {
    /// Puts an order before the CA, signed by these two in its two roles; how it ends.
    fn order(&mut self, number: u8, content: OrderContent, csr: Vec<u8>, signers: [&str; 2]) -> OrderState {
        let id = OrderId::from_bytes([number; 16]);
        self.put(id, content, csr, signers);
        self.steps();
        self.store.order(id).unwrap().unwrap().state
    }
}

fn of(profile: &str) -> ProfileRef {
    let profile = Profile::preset(profile).unwrap();
    ProfileRef { name: profile.name().into(), digest: profile.digest() }
}

fn refused(state: &OrderState) -> &str {
    if let OrderState::Refused { code, .. } = state { code } else { state.name() }
}

#[test]
fn a_units_order_makes_units_and_no_other_order_does() {
    let database = sqlite();
    let mut house = House::new(&database);
    let key = SoftKey::new(61, "tsu/tsu/2");
    let csr = Sha256Digest::of(&key.csr());
    let unit = |profile: &str| {
        OrderContent::CertifyUnit(Box::new(CertifyUnit {
            unit: "tsu".into(),
            profile: of(profile),
            subject: Subject::Authority(name("TEST Unit")),
            key: "tsu/tsu/2".parse().unwrap(),
            csr,
            spki: key.spki.fingerprint(),
            days: 4383,
            from: house.world.clock.now().plus(Span::days(1)),
            destroys: Sha256Digest::of(b"key before"),
        }))
    };
    let subject = serde_json::json!({
        "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
        "serial_number": "PNOGE-01001012345", "common_name": "ნინო ბერიძე",
    });
    let issue = OrderContent::Issue(Issue {
        profile: of("tsu"),
        subject: serde_json::from_value(subject).unwrap(),
        csr,
        spki: key.spki.fingerprint(),
        device: None,
        evidence: Vec::new(),
        agreement: None,
        person: None,
        days: 365,
        replaces: None,
    });
    let (tsu, person, responder) = (unit("tsu"), unit("person-signature"), unit("ocsp-responder"));
    let security = ["security-officer", "security-officer-too"];
    let registration = ["registration-officer", "approver"];
    for (number, content) in [(1, person), (2, responder)] {
        let state = house.order(number, content, key.csr(), security);
        assert_eq!(refused(&state), "profile-unfit", "{number}");
    }
    let state = house.order(3, issue, key.csr(), registration);
    assert_eq!(refused(&state), "profile-unfit");
    // The right one gets as far as its dates: this CA ends before any unit may.
    let other = SoftKey::new(62, "tsu/tsu/3");
    let state = house.order(4, tsu.clone(), other.csr(), security);
    assert_eq!(refused(&state), "csr-differs");
    let state = house.order(5, tsu, key.csr(), security);
    assert!(!["profile-unfit", "csr-differs", "done", "queued"].contains(&refused(&state)), "{state:?}");
    assert_eq!(house.ca_key.signatures.load(Ordering::SeqCst), 1, "its first CRL, and nothing since");
}
