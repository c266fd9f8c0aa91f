//! Of the keys of one CA the one issues whose time it is, and two security officers say when that is (ADR 0017).

use ndoba_ca::ports::{Authority, Ledger as _};
use ndoba_order::{GrantDocument, SucceedCa};
use ndoba_registration::fake::INSTALLATION;
use ndoba_types::{Clock as _, SerialNumber, SignatureAlgorithm, UtcTime};
use ndoba_x509::{
    CertificatePlan, IssueRequest, IssuerFacts, KeyIdentifier, PublicUrls, Subject, SubjectKey, assemble,
};

use super::*;
use crate::fixtures::{ca, event, whole};
use crate::house::name;

/// The CA's key before or after, which is not this process's.
fn other_key() -> SoftKey {
    SoftKey::new(51, "seal/ca/9")
}

impl House<'_> {
    /// Makes a CA of the same name known, so many days older.
    fn know_an_older_one(&self, days: u32) {
        let key = other_key();
        let since = self.world.clock.now().minus(Span::days(days));
        let urls = PublicUrls {
            base: "http://pki.example".parse().unwrap(),
            documents: "https://docs.example".parse().unwrap(),
        };
        let root = SoftKey::new(52, "root/ca/1");
        let issuer = IssuerFacts {
            name: name("TEST Root").distinguished_name(),
            ski: KeyIdentifier::of(&root.spki).unwrap(),
            spki: root.spki.clone(),
            not_before: since,
            not_after: since.plus(Span::days(100)),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            urls: urls.of_issuer("root").unwrap(),
        };
        // Any certificate with the name: which kind it is of is not looked at.
        let plan = CertificatePlan::new(&IssueRequest {
            profile: &Profile::preset("ocsp-responder").unwrap(),
            subject: &Subject::Authority(name("TEST CA")),
            key: SubjectKey::Token(&key.spki),
            issuer: &issuer,
            documents: &urls.documents,
            device_evidence: None,
            serial: &SerialNumber::from_unsigned(&[9; 16]).unwrap(),
            now: since,
            days: 14,
        });
        let tbs = plan.unwrap().to_tbs();
        let authority = Authority {
            name: ca("seal-before"),
            certificate: assemble(&tbs, SignatureAlgorithm::EcdsaP256Sha256, &root.raw(&tbs)),
            ski: KeyIdentifier::of(&key.spki).unwrap().as_bytes().to_vec(),
            not_before: since,
        };
        self.store.register_authority(authority, event()).unwrap();
    }

    /// Two security officers decide when the key `next` takes over.
    fn decide(&self, [ca, next]: [&SoftKey; 2], from: UtcTime) {
        let [ca, next] = [ca, next].map(|key| KeyIdentifier::of(&key.spki).unwrap());
        let created = self.world.clock.now();
        let succeed =
            |seq, prev| SucceedCa { installation: INSTALLATION, seq, prev, ca, next, from, created };
        self.append(|seq, prev| GrantDocument::SucceedCa(succeed(seq, prev)));
    }

    fn ordered(&mut self, number: u64) -> OrderState {
        let order = self.queue(number, number, number);
        self.steps();
        self.state(order)
    }
}

fn refused(state: &OrderState) -> &str {
    if let OrderState::Refused { code, .. } = state { code } else { state.name() }
}

#[test]
fn a_next_key_issues_from_when_it_was_decided() {
    on_both(|database| {
        let mut house = House::new(database);
        house.know_an_older_one(300);
        house.restart(Arc::new(NoFailpoints));
        house.steps();
        assert_eq!(refused(&house.ordered(1)), "ca-not-appointed");

        // What is ordered before its time waits for it, over a restart too.
        let from = house.world.clock.now().floor_to_second().plus(Span::hours(2));
        house.decide([&other_key(), &house.ca_key], from);
        let early = house.queue(2, 2, 2);
        house.steps();
        assert_eq!(house.state(early), OrderState::Queued);
        house.restart(Arc::new(NoFailpoints));
        house.steps();
        house.world.clock.advance(Span::seconds(7199));
        house.steps();
        assert_eq!(house.state(early), OrderState::Queued);
        assert_eq!(house.ca_key.signatures.load(Ordering::SeqCst), 0);
        house.world.clock.advance(Span::seconds(1));
        house.steps();
        assert_eq!(refused(&house.state(early)), "done");
        assert_eq!(refused(&house.ordered(3)), "done");
        assert!(house.service.violations().is_empty());
    });
}

#[test]
fn a_key_issues_until_the_next_one_does_and_its_lists_go_on() {
    on_both(|database| {
        let mut house = House::new(database);
        let from = house.world.clock.now().floor_to_second().plus(Span::hours(2));
        house.decide([&house.ca_key, &other_key()], from);
        house.world.clock.advance(Span::seconds(7199));
        assert_eq!(refused(&house.ordered(1)), "done");
        house.world.clock.advance(Span::seconds(1));
        assert_eq!(refused(&house.ordered(2)), "ca-succeeded");
        house.restart(Arc::new(NoFailpoints));
        assert_eq!(refused(&house.ordered(3)), "ca-succeeded");

        // Its lists go on.
        let number = |house: &House<'_>| house.store.crl_state(&whole("seal")).unwrap().last.unwrap().number;
        let before = number(&house);
        house.world.clock.advance(Span::hours(13));
        house.steps();
        assert!(number(&house) > before);
    });
}
