//! A CA whose certificates are dealt into shards of its list (ADR 0029): which certificate names which list, and that each
//! list says what it should, whatever the configuration says later.

use ndoba_ca::ports::{AcceptedState, CertificateId, Ledger, StatusAction};
use ndoba_ca::{PublishedCrl, RestorePlan};
use ndoba_order::{GrantDocument, TerminateCa};
use ndoba_registration::fake::INSTALLATION;
use ndoba_types::{Clock as _, CrlName, CrlShards, SerialNumber};
use ndoba_x509::{Certificate, Crl, KeyIdentifier, RevocationReason};

use super::*;
use crate::fixtures::{ca, change, event, whole};
use crate::restored::copy;

const REVOKE: StatusAction = StatusAction::Revoke(RevocationReason::Superseded);

impl House<'_> {
    fn online(&self, list: &str) -> Crl {
        let crl = Crl::from_der(&self.published.list_of(&whole(list)).expect(list)).unwrap();
        crl.verify_signed_by(&self.ca_key.spki).unwrap();
        crl
    }

    fn number(&self, list: &str) -> u64 {
        self.online(list).number().get()
    }

    fn lists(&self, serial: &SerialNumber) -> Vec<String> {
        let owed = self.store.owed_crls(&ca("seal")).unwrap();
        let names = owed.iter().map(|list| list.name.to_string());
        names.filter(|list| self.online(list).entry(serial).is_some()).collect()
    }

    /// A new certificate, and the list that it names.
    fn certify(&mut self, number: u64) -> (CertificateId, String) {
        let order = self.queue(number, number, number);
        self.steps();
        let state = self.state(order);
        let OrderState::Done { serial } = state else { panic!("{state:?}") };
        let id = CertificateId { ca: ca("seal"), serial };
        let certificate =
            Certificate::from_der(&Ledger::certificate(self.store, &id).unwrap().unwrap()).unwrap();
        let address = certificate.crl_address().unwrap();
        let list = address.as_str().strip_prefix("http://pki.example/crl/").unwrap();
        (id, list.strip_suffix(".crl").unwrap().into())
    }

    fn revoke(&mut self, id: &CertificateId) {
        change(self.store, id, REVOKE);
        self.steps();
    }

    fn reconfigure(&mut self, shards: Option<u8>) {
        self.shards = shards.and_then(CrlShards::new);
        self.restart(Arc::new(NoFailpoints));
    }

    /// One certificate on each of two shards.
    fn certify_on_both(&mut self) -> [(CertificateId, String); 2] {
        let mut found: [Option<(CertificateId, String)>; 2] = [None, None];
        for number in 100.. {
            let one = self.certify(number);
            let place = if one.1 == "seal.1" { 0 } else { 1 };
            found[place] = Some(one);
            if let [Some(first), Some(second)] = &found {
                return [first.clone(), second.clone()];
            }
        }
        unreachable!()
    }
}

#[test]
fn a_certificate_names_its_shard_and_is_on_it_and_on_the_whole() {
    on_both(|database| {
        let mut house = House::with_shards(database, CrlShards::new(2));
        // There before a certificate names them: made before the first is issued.
        for (list, address) in [("seal.1", "seal.1.crl"), ("seal.2", "seal.2.crl")] {
            let crl = house.online(list);
            let addresses: Vec<_> = crl.addresses().iter().map(ToString::to_string).collect();
            assert_eq!(addresses, [format!("http://pki.example/crl/{address}")]);
            assert!(crl.expired_certs_on_crl().is_some() && crl.entries().is_empty());
        }
        assert!(house.online("seal").addresses().is_empty(), "the whole list is what it always was");

        let [(first, own), (second, other)] = house.certify_on_both();
        assert_eq!([own.as_str(), &other], ["seal.1", "seal.2"]);
        let before = (house.number("seal.1"), house.number("seal.2"), house.number("seal"));
        house.revoke(&first);
        assert_eq!(house.lists(&first.serial), ["seal.1", "seal"]);
        assert!(house.number("seal.1") > before.0 && house.number("seal") > before.2);
        assert_eq!(house.number("seal.2"), before.1, "nothing changed on it");
        assert!(house.lists(&second.serial).is_empty());

        // When nothing happens, each comes anew in its time.
        let before = (house.number("seal.1"), house.number("seal.2"));
        house.world.clock.advance(Span::hours(13));
        house.steps();
        assert!(house.number("seal.1") > before.0 && house.number("seal.2") > before.1);
        assert!(house.service.violations().is_empty());
    });
}

#[test]
fn what_was_dealt_stays_whatever_the_configuration_says() {
    on_both(|database| {
        // Before the CA was divided.
        let mut house = House::new(database);
        let (undivided, list) = house.certify(1);
        assert_eq!(list, "seal");
        house.reconfigure(Some(2));
        house.steps();
        let [(first, _), (second, _)] = house.certify_on_both();
        // More shards, then none.
        house.reconfigure(Some(3));
        let names: BTreeSet<String> = (200..230).map(|number| house.certify(number).1).collect();
        assert_eq!(Vec::from_iter(names), ["seal.1", "seal.2", "seal.3"]);
        house.reconfigure(None);
        assert_eq!(house.certify(2).1, "seal");

        house.revoke(&undivided);
        house.revoke(&second);
        assert_eq!(house.lists(&undivided.serial), ["seal"]);
        assert_eq!(house.lists(&second.serial), ["seal.2", "seal"]);
        let before = ["seal.1", "seal.3"].map(|list| house.number(list));
        house.world.clock.advance(Span::hours(13));
        house.revoke(&first);
        assert_eq!(house.lists(&first.serial), ["seal.1", "seal"]);
        assert!(house.number("seal.1") > before[0] && house.number("seal.3") > before[1]);
    });
}

#[test]
fn nothing_is_issued_before_its_list_is_online() {
    on_both(|database| {
        let mut house = House::new(database);
        house.ca_key.away.store(true, Ordering::SeqCst);
        house.reconfigure(Some(2));
        let order = house.queue(1, 1, 1);
        house.steps();
        assert_eq!(house.state(order), OrderState::Queued);
        assert!(house.published.list_of(&whole("seal.1")).is_none());
        house.ca_key.away.store(false, Ordering::SeqCst);
        house.steps();
        assert!(matches!(house.state(order), OrderState::Done { .. }));
    });
}

#[test]
fn a_revocation_that_would_vanish_from_a_shard_stops_the_ca() {
    on_both(|database| {
        let mut house = House::with_shards(database, CrlShards::new(2));
        let [(first, _), (second, _)] = house.certify_on_both();
        house.revoke(&first);
        // What is online as the second shard lists what the ledger has on the first.
        let list = house.published.list_of(&whole("seal.1")).unwrap();
        house.published.put_as(&whole("seal.2"), list);
        change(house.store, &second, REVOKE);
        let stopped = house.service.step();
        assert!(
            matches!(&stopped, Err(CaError::Discontinuous { list, .. }) if list.to_string() == "seal.2"),
            "{stopped:?}"
        );
    });
}

#[test]
fn a_ca_ends_with_the_last_of_each_list() {
    on_both(|database| {
        let mut house = House::with_shards(database, CrlShards::new(2));
        let [(first, _), (second, _)] = house.certify_on_both();
        assert!(house.end_ca().is_err(), "nobody ended it");
        let (ca_key, created) = (KeyIdentifier::of(&house.ca_key.spki).unwrap(), house.world.clock.now());
        house.append(|seq, prev| {
            GrantDocument::TerminateCa(TerminateCa {
                installation: INSTALLATION,
                seq,
                prev,
                ca: ca_key,
                created,
            })
        });
        house.world.clock.advance(Span::days(40));
        for id in [&first, &second] {
            change(house.store, id, REVOKE);
        }
        let ended = house.end_ca().unwrap();
        let lists: Vec<_> = ended.iter().map(|(list, _)| list.to_string()).collect();
        assert_eq!(lists, ["seal.1", "seal.2", "seal"]);
        for (list, last) in &ended {
            assert!(last.is_last() && house.number(&list.to_string()) == last.number);
        }
        assert_eq!(house.lists(&first.serial), ["seal.1", "seal"]);
        assert_eq!(house.end_ca().unwrap(), ended, "done again it says the same");
        // No list follows, whatever the time.
        house.restart(Arc::new(NoFailpoints));
        house.world.clock.advance(Span::hours(30));
        house.steps();
        for (list, last) in &ended {
            assert_eq!(house.number(&list.to_string()), last.number);
        }
    });
}

#[test]
fn a_restored_copy_learns_from_shards_what_is_on_them() {
    on_both(|database| {
        let mut house = House::with_shards(database, CrlShards::new(2));
        let [(known, own), _] = house.certify_on_both();
        let yesterday = copy(database);
        // Yesterday's copy has one certificate as good, and never heard of the other.
        let (unknown, named) = house.certify(3);
        house.revoke(&known);
        house.revoke(&unknown);
        let published: Vec<PublishedCrl> = ["seal", "seal.1", "seal.2"]
            .map(|list| PublishedCrl {
                list: whole(list),
                key: house.ca_key.spki.clone(),
                der: house.published.list_of(&whole(list)).unwrap(),
            })
            .into();
        let plan = RestorePlan::new(&yesterday, &[], &published).unwrap();
        let found: BTreeSet<_> =
            plan.revoked.iter().map(|(list, entry)| (list.clone(), entry.serial.clone())).collect();
        let wanted =
            [(own.parse().unwrap(), known.serial.clone()), (named.parse().unwrap(), unknown.serial.clone())];
        assert_eq!(found, wanted.clone().into(), "each once, on its shard");
        let highest = published.iter().map(|one| Crl::from_der(&one.der).unwrap().number().get()).max();
        assert_eq!(Some(plan.resume[0].crl_number), highest, "above every list");

        let accepted = AcceptedState {
            expected: yesterday.marks().unwrap(),
            resume: plan.resume,
            revoked: plan.revoked,
            shards: plan.shards,
            statement: Sha256Digest::of(b"statement"),
            at: house.world.clock.now(),
            events: vec![event()],
        };
        assert!(yesterday.accept_state(accepted).unwrap());
        for (list, serial) in wanted {
            for list in [list, CrlName::whole(&ca("seal"))] {
                let mut listed = Vec::new();
                yesterday.for_each_revoked(&list, &mut |entry| listed.push(entry.serial)).unwrap();
                assert!(listed.contains(&serial), "{list}");
            }
        }
        assert_eq!(yesterday.owed_crls(&ca("seal")).unwrap().len(), 3);
    });
}
