//! The CA role certifies responders under a standing authorisation.

mod units;

use std::sync::atomic::Ordering;

use ndoba_ca::ports::{IntentOutcome, Ledger as _, StandingWarrant, Warrant};
use ndoba_order::{AuthoriseResponder, EndResponder, GrantDocument, ProfileRef, Register, ResponderRequest};
use ndoba_registration::fake::INSTALLATION;
use ndoba_registration::ports::{Act, GrantRecord, Registry as _};
use ndoba_store::{NewResponderRequest, ResponderOutcome};
use ndoba_types::{Clock as _, OrderId, Sha256Digest, Span, UtcTime};
use ndoba_x509::{Certificate, KeyIdentifier, Profile, Subject};

use crate::cluster::{on_both, sqlite};
use crate::fixtures::{attempt, ca, event, intent};
use crate::house::{House, SoftKey, name};
use crate::raw::Raw;

impl House<'_> {
    /// The next document of the register.
    pub(crate) fn append(&self, document: impl FnOnce(u64, Sha256Digest) -> GrantDocument) {
        let chain = self.store.grants().unwrap();
        let chain = chain.iter().map(|grant| (grant.document.clone(), grant.signatures.clone()));
        let register = Register::replay(&self.world.pin().into(), chain).unwrap();
        let document = document(register.next_seq(), register.head());
        let bytes = document.to_bytes().unwrap();
        let mut signatures = self.world.sign_grant(&bytes);
        signatures.truncate(document.signatures());
        let record = GrantRecord {
            seq: document.seq(),
            document: bytes,
            signatures,
            appended: self.world.clock.now(),
        };
        self.store.append_grant(&record, Act { events: &[event()], receipt: None }).unwrap();
    }

    fn authorise(&self, id: u8, count: u32) {
        let now = self.world.clock.now();
        let profile = Profile::preset("ocsp-responder").unwrap();
        self.append(|seq, prev| {
            GrantDocument::AuthoriseResponder(Box::new(AuthoriseResponder {
                installation: INSTALLATION,
                seq,
                prev,
                authorisation: OrderId::from_bytes([id; 16]),
                ca: KeyIdentifier::of(&self.ca_key.spki).unwrap(),
                enrolment: self.enrolment.spki.clone(),
                profile: ProfileRef { name: profile.name().into(), digest: profile.digest() },
                subject: Subject::Authority(name("TEST OCSP Responder")),
                days: 14,
                count,
                not_before: now,
                not_after: now.plus(Span::days(60)),
                created: now,
            }))
        });
    }

    fn end(&self, id: u8) {
        let now = self.world.clock.now();
        let authorisation = OrderId::from_bytes([id; 16]);
        self.append(|seq, prev| {
            GrantDocument::EndResponder(EndResponder {
                installation: INSTALLATION,
                seq,
                prev,
                authorisation,
                created: now,
            })
        });
    }

    /// Puts a request for `key` into the inbox, signed by `enrolment`.
    fn ask(&self, key: &SoftKey, enrolment: &SoftKey) {
        let csr = key.csr();
        let document = ResponderRequest {
            installation: INSTALLATION,
            ca: KeyIdentifier::of(&self.ca_key.spki).unwrap(),
            csr: Sha256Digest::of(&csr),
            spki: key.spki.fingerprint(),
            created: self.world.clock.now(),
        }
        .to_bytes()
        .unwrap();
        let request = NewResponderRequest {
            ca: ca("seal"),
            key: key.label.clone(),
            signature: enrolment.raw(&document).as_bytes().to_vec(),
            document,
            csr,
            received: self.world.clock.now(),
        };
        self.store.record_responder_request(&request, &event()).unwrap();
        // The next one is a later one.
        self.world.clock.advance(Span::seconds(1));
    }

    fn outcome(&self) -> ResponderOutcome {
        self.store.responder_record(&ca("seal")).unwrap().request.unwrap().2
    }

    fn refusal(&self) -> String {
        match self.outcome() {
            ResponderOutcome::Refused { code, .. } => code,
            other @ (ResponderOutcome::Issued | ResponderOutcome::Waiting) => format!("{other:?}"),
        }
    }
}

#[test]
fn a_responder_is_certified_and_no_more_often_than_authorised() {
    on_both(|database| {
        let mut house = House::new(database);
        let first = SoftKey::new(61, "seal/ocsp/2");
        // Nobody authorised it yet.
        house.ask(&first, &house.enrolment);
        house.steps();
        assert_eq!(house.refusal(), "responder-not-authorised");
        house.authorise(1, 2);
        house.ask(&first, &house.enrolment);
        assert_eq!(house.outcome(), ResponderOutcome::Waiting);
        house.steps();
        assert_eq!(house.outcome(), ResponderOutcome::Issued);
        let (label, der) = house.store.responder_record(&ca("seal")).unwrap().certificate.unwrap();
        assert_eq!(label, first.label);
        let certificate = Certificate::from_der(&der).unwrap();
        assert_eq!(certificate.spki(), &first.spki);
        assert!(certificate.verify_signed_by(&house.ca_key.spki).is_ok());
        assert_eq!(certificate.not_after().since(certificate.not_before()).as_seconds(), 14 * 86_400 - 1);
        // It answers for its CA, and is a certificate of the ledger like any other: counted, and good.
        assert_eq!(
            Raw::open(&database.engine).count("certificates WHERE kind = 'responder' AND der IS NOT NULL"),
            1
        );
        assert_eq!(Raw::open(&database.engine).count("certificate_status WHERE state = 'issued'"), 1);
        assert_eq!(Raw::open(&database.engine).count("orders"), 0);

        house.world.clock.advance(Span::days(7));
        let second = SoftKey::new(62, "seal/ocsp/3");
        house.ask(&second, &house.enrolment);
        house.steps();
        assert_eq!(house.outcome(), ResponderOutcome::Issued);
        assert_eq!(house.store.responders_under(OrderId::from_bytes([1; 16])).unwrap(), 2);
        // Two were authorised.
        house.ask(&SoftKey::new(63, "seal/ocsp/4"), &house.enrolment);
        house.steps();
        assert_eq!(house.refusal(), "responder-count-used-up");
        let newest = house.store.responder_record(&ca("seal")).unwrap().certificate.unwrap();
        assert_eq!(newest.0, second.label, "what was issued stays");
        // Another authorisation takes its place, and ends.
        house.authorise(2, 9);
        house.ask(&SoftKey::new(63, "seal/ocsp/4"), &house.enrolment);
        house.steps();
        assert_eq!(house.outcome(), ResponderOutcome::Issued);
        house.end(2);
        house.ask(&SoftKey::new(64, "seal/ocsp/5"), &house.enrolment);
        house.steps();
        assert_eq!(house.refusal(), "responder-not-authorised");
    });
}

#[test]
fn what_somebody_else_writes_into_the_inbox_is_refused() {
    let database = sqlite();
    let mut house = House::new(&database);
    house.authorise(1, 9);
    let key = SoftKey::new(61, "seal/ocsp/2");
    house.ask(&key, &SoftKey::new(66, "seal/enrolment/1"));
    house.steps();
    assert_eq!(house.refusal(), "responder-enrolment-signature");
    // The CA's own key, and one that another subject has.
    let own = SoftKey { label: "seal/ocsp/2".parse().unwrap(), ..SoftKey::new(50, "seal/ca/1") };
    house.ask(&own, &house.enrolment);
    house.steps();
    assert_eq!(house.refusal(), "key-is-issuers");
    let mut others = intent(crate::fixtures::ceremony());
    others.spki = key.spki.fingerprint();
    assert_eq!(house.store.record_intents(vec![others]).unwrap(), [IntentOutcome::Recorded]);
    house.ask(&key, &house.enrolment);
    house.steps();
    assert_eq!(house.refusal(), "key-in-use");
    assert_eq!(
        house.store.responders_under(OrderId::from_bytes([1; 16])).unwrap(),
        0,
        "nothing was reserved"
    );
    // Past the authorisation's end.
    house.world.clock.advance(Span::days(61));
    house.ask(&SoftKey::new(67, "seal/ocsp/2"), &house.enrolment);
    house.steps();
    assert_eq!(house.refusal(), "responder-not-authorised");
}

#[test]
fn a_token_that_fails_delays_and_a_lost_signature_counts() {
    on_both(|database| {
        let mut house = House::new(database);
        house.authorise(1, 2);
        house.ca_key.away.store(true, Ordering::SeqCst);
        let key = SoftKey::new(61, "seal/ocsp/2");
        house.ask(&key, &house.enrolment);
        house.steps();
        assert_eq!(house.outcome(), ResponderOutcome::Waiting);
        house.ca_key.away.store(false, Ordering::SeqCst);
        house.world.clock.advance(Span::seconds(2));
        house.steps();
        assert_eq!(house.outcome(), ResponderOutcome::Issued);

        // The signature that may exist is the second certificate, and there are two.
        house.ca_key.loses.store(true, Ordering::SeqCst);
        house.ask(&SoftKey::new(62, "seal/ocsp/3"), &house.enrolment);
        house.steps();
        house.world.clock.advance(Span::seconds(2));
        house.steps();
        assert_eq!(house.refusal(), "responder-count-used-up");
        assert_eq!(Raw::open(&database.engine).count("certificate_status WHERE state = 'issued_lost'"), 1);
    });
}

#[test]
fn a_crash_between_signature_and_record_is_settled() {
    let database = sqlite();
    let mut house = House::new(&database);
    house.authorise(1, 5);
    let key = SoftKey::new(61, "seal/ocsp/2");
    // As a process leaves it that ends while the token signs: the intent is there, nothing else.
    house.ask(&key, &house.enrolment);
    let waiting = house.store.responder_requests(9).unwrap().remove(0);
    let standing =
        StandingWarrant { authorisation: OrderId::from_bytes([1; 16]), request: waiting.id, number: 1 };
    let mut left = intent(Warrant::Standing(standing.clone()));
    left.kind = ndoba_ca::ports::CertificateKind::Responder;
    left.attempt.node = "node-a".into();
    left.name_owner = Sha256Digest::of(name("TEST OCSP Responder").distinguished_name().as_der());
    assert_eq!(house.store.record_intents(vec![left.clone()]).unwrap(), [IntentOutcome::Recorded]);
    assert!(house.store.responder_requests(9).unwrap().is_empty());
    house.ask(&SoftKey::new(62, "seal/ocsp/3"), &house.enrolment);
    let other = house.store.responder_requests(9).unwrap().remove(0).id;
    // A second process that acts on the same request, or takes the same number, gets neither.
    for warrant in [standing.clone(), StandingWarrant { request: other, ..standing }] {
        let mut second = intent(Warrant::Standing(warrant));
        second.attempt = attempt("epoch-2");
        assert_eq!(house.store.record_intents(vec![second]).unwrap(), [IntentOutcome::OrderTaken]);
    }
    // ECDSA is not made again: given up, its number used, and the request answered with the next one.
    house.world.clock.advance(Span::seconds(10));
    house.steps();
    house.steps();
    assert_eq!(house.outcome(), ResponderOutcome::Issued);
    assert_eq!(house.store.responders_under(OrderId::from_bytes([1; 16])).unwrap(), 3);
    let mut raw = Raw::open(&database.engine);
    assert_eq!(raw.count("certificate_status WHERE state = 'issued_lost'"), 1);
    assert_eq!(raw.count("responder_certificates WHERE state = 'issued'"), 2);
}

/// Nodes that share a token: one at a time makes keys.
#[test]
fn one_process_at_a_time_has_the_turn() {
    on_both(|database| {
        let store = &database.store;
        let at = |minutes| UtcTime::from_unix_seconds(1_795_000_000).unwrap().plus(Span::minutes(minutes));
        let take = |ca: &str, holder: &str, now, until| {
            store.take_responder_turn(&ca.parse().unwrap(), holder, at(now), at(until)).unwrap()
        };
        // Whoever comes first, and nobody else, however many come at once.
        let winners: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|one| scope.spawn(move || Some(one.to_string()).filter(|one| take("seal", one, 0, 10))))
                .collect();
            all.into_iter().filter_map(|one| one.join().unwrap()).collect()
        });
        let [winner] = winners.as_slice() else { panic!("{winners:?}") };
        assert!(take("signature", "another", 0, 10), "each CA has its own");
        assert!(take("seal", winner, 5, 15), "prolonged");
        assert!(!take("seal", "another", 14, 24));
        assert!(take("seal", "another", 15, 25), "lapsed");
        assert!(!take("seal", winner, 16, 26));
    });
}
