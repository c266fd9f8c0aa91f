//! The accounting: what crashes leave is settled and counted, and rows that do not agree are named.

use ndoba_ca::accounting::{Extent, Outcome, RowName, Rule, TokenCount, Violation};
use ndoba_ca::ports::{CrlFailure, InDoubt, Intent, Ledger as _, LossCause, Queue, Warrant};
use ndoba_store::Store;

use crate::cluster::on_both;
use crate::fixtures::{
    at, attempt, ca, ceremony, crl_intent, crl_issued, crl_octets, event, intent, issue, issued, queued_issue,
};
use crate::raw::Raw;

fn begun(store: &Store, warrant: Warrant) -> (Intent, InDoubt) {
    let intent = intent(warrant);
    store.record_intents(vec![intent.clone()]).unwrap();
    let doubt = InDoubt {
        certificate: intent.certificate.clone(),
        warrant: intent.warrant.clone(),
        tbs: intent.tbs.clone(),
        attempt: intent.attempt.clone(),
    };
    (intent, doubt)
}

fn rules(store: &Store, extent: Extent) -> Vec<Rule> {
    let found = store.violations(extent).unwrap();
    found.iter().map(|violation| violation.rule).collect()
}

#[test]
fn an_order_is_not_blamed_for_crashes() {
    on_both(|database| {
        let store = &database.store;
        let order = queued_issue(store);
        for _ in 0..5 {
            let (_, doubt) = begun(store, Warrant::Order(order));
            assert!(store.record_lost(&doubt, LossCause::Interrupted, at(9), event()).unwrap());
        }
        let waiting = store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap();
        assert_eq!((waiting[0].order_id, waiting[0].lost_before, waiting[0].begun), (order, 0, Some(at(1))));
        let (_, doubt) = begun(store, Warrant::Order(order));
        assert!(store.record_lost(&doubt, LossCause::Token, at(9), event()).unwrap());
        assert_eq!(store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap()[0].lost_before, 1);
        let (last, _) = begun(store, Warrant::Order(order));
        assert_eq!(store.record_issued(vec![issued(&last)]).unwrap(), [true]);
        assert_eq!(store.violations(Extent::All).unwrap(), []);
        let uses = store.key_uses().unwrap();
        assert_eq!((uses[0].intents, uses[0].signed, uses[0].lost, uses[0].in_doubt()), (7, 1, 6, 0));
    });
}

#[test]
fn the_same_signature_again_is_an_attempt_of_its_own() {
    on_both(|database| {
        let store = &database.store;
        let (intent, doubt) = begun(store, ceremony());
        let again = attempt("epoch-2");
        assert!(store.record_again(&doubt, again.clone(), event()).unwrap());
        assert!(!store.record_again(&doubt, attempt("epoch-3"), event()).unwrap(), "once");
        assert_eq!(
            store.record_issued(vec![issued(&intent)]).unwrap(),
            [false],
            "the first try is over; that it signed is counted"
        );
        let mut made = issued(&intent);
        made.attempt = again;
        assert_eq!(store.record_issued(vec![made]).unwrap(), [true]);
        let uses = store.key_uses().unwrap();
        let numbers: Vec<_> =
            uses.iter().map(|one| (one.intents, one.signed, one.repeated, one.token)).collect();
        assert_eq!(numbers, [(1, 0, 1, Some(1)), (1, 1, 0, Some(1))]);
        assert_eq!(store.violations(Extent::All).unwrap(), []);
        // Both are listed; only the second made something.
        let rows = store.attempts_after(None, 10).unwrap();
        let listed: Vec<_> = rows.iter().map(|row| (row.outcome, row.made.is_some())).collect();
        assert_eq!(listed, [(Outcome::Repeated, false), (Outcome::Signed, true)]);
        assert_eq!(store.attempts_after(Some(&rows[0].place), 10).unwrap().len(), 1);
        assert!(store.attempts_after(Some(&rows[1].place), 10).unwrap().is_empty());
    });
}

#[test]
fn crls_in_doubt_are_found_and_end_once() {
    on_both(|database| {
        let store = &database.store;
        let [lost, unsigned, signed] = [1, 2, 3].map(|number| {
            let intent = crl_intent(number);
            assert!(store.record_crl_intent(intent.clone()).unwrap());
            intent
        });
        assert!(store.record_crl(crl_issued(&signed, 0), &crl_octets(&signed)).unwrap());
        assert!(store.crls_in_doubt("node-a", "epoch-1", at(1)).unwrap().is_empty(), "its own and young");
        let doubts = store.crls_in_doubt("node-a", "epoch-2", at(0)).unwrap();
        assert_eq!(
            doubts.iter().map(|doubt| doubt.number).collect::<Vec<_>>(),
            [lost.number, unsigned.number]
        );
        assert!(store.in_doubt("node-a", "epoch-2", at(0)).unwrap().is_empty(), "no certificates");
        for (doubt, failure) in doubts.iter().zip([CrlFailure::Lost, CrlFailure::Unsigned]) {
            assert!(store.record_crl_failure(doubt, failure, event()).unwrap());
            assert!(!store.record_crl_failure(doubt, CrlFailure::Lost, event()).unwrap());
        }
        let uses = &store.key_uses().unwrap()[0];
        assert_eq!((uses.intents, uses.signed, uses.lost, uses.unsigned), (3, 1, 1, 1));
        assert_eq!((uses.in_doubt(), uses.accounted_for()), (0, 2));
        assert_eq!(store.violations(Extent::All).unwrap(), []);
    });
}

#[test]
fn a_token_that_signed_more_than_was_intended_is_seen() {
    on_both(|database| {
        let store = &database.store;
        let intent = issue(store);
        assert_eq!(store.key_uses().unwrap()[0].violation(), None);
        let count = |signatures| TokenCount {
            key: intent.attempt.key.clone(),
            epoch: "epoch-1".into(),
            node: "node-a".into(),
            signatures,
            at: at(20),
        };
        store.record_alarm(Some(count(2)), vec![event()]).unwrap();
        store.record_alarm(Some(count(1)), Vec::new()).unwrap();
        let uses = &store.key_uses().unwrap()[0];
        assert_eq!((uses.intents, uses.token), (1, Some(2)), "a count never goes back");
        let row = RowName::Epoch { key: intent.attempt.key.clone(), epoch: "epoch-1".into() };
        assert_eq!(uses.violation(), Some(Violation { rule: Rule::MoreSignaturesThanIntents, row }));
    });
}

#[test]
fn rows_that_do_not_agree_are_named() {
    on_both(|database| {
        let store = &database.store;
        let mut raw = Raw::open(&database.engine);
        let order = queued_issue(store);
        let (done, _) = begun(store, Warrant::Order(order));
        store.record_issued(vec![issued(&done)]).unwrap();
        store.record_crl_intent(crl_intent(1)).unwrap();
        for extent in [Extent::All, Extent::Newest(100)] {
            assert_eq!(store.violations(extent).unwrap(), []);
        }

        // Somebody who may write in the database adds what no attempt of ours made.
        let (another, now) = match &raw {
            Raw::Postgres(_) => ("decode('4242', 'hex')", "recorded + 1"),
            Raw::Sqlite(_) => ("x'4242'", "recorded + 1"),
        };
        raw.run(&format!(
            "INSERT INTO certificates (ca, serial, order_id, kind, tbs_digest, profile, profile_digest, lint, subject_name,
                name_owner, spki, not_before, not_after, recorded, der, issued)
             SELECT ca, {another}, order_id, kind, tbs_digest, profile, profile_digest, lint, subject_name,
                name_owner, spki, not_before, not_after, {now}, der, issued FROM certificates WHERE order_id IS NOT NULL"
        ))
        .unwrap();
        let expected = [Rule::CertificateWithoutIntent, Rule::OrderTwice, Rule::OrderWithoutCertificate];
        for extent in [Extent::All, Extent::Newest(100)] {
            assert_eq!(rules(store, extent), expected);
        }
        assert_eq!(store.violations(Extent::All).unwrap()[0].row.to_string(), "seal:4242");

        // An attempt ends as signed, and nothing was made; one is lost, and the answer is not.
        let (open, _) = begun(store, ceremony());
        let (lost, _) = begun(store, ceremony());
        raw.run(&format!("UPDATE attempts SET outcome = 'signed' WHERE number = {}", open.attempt.number))
            .unwrap();
        raw.run(&format!("UPDATE attempts SET outcome = 'lost' WHERE number = {}", lost.attempt.number))
            .unwrap();
        raw.run("UPDATE attempts SET outcome = 'signed' WHERE crl_number = 1").unwrap();
        let found = store.violations(Extent::All).unwrap();
        let has = |rule, row: RowName| found.contains(&Violation { rule, row });
        assert!(has(Rule::SignedWithoutCertificate, RowName::Certificate(open.certificate)), "{found:?}");
        assert!(has(Rule::LostButThere, RowName::Certificate(lost.certificate)), "{found:?}");
        let crl = RowName::Crl { ca: ca("seal"), number: 1 };
        assert!(has(Rule::SignedWithoutCertificate, crl), "{found:?}");

        // An order that nobody carries out and nobody can take.
        let stranded = queued_issue(store);
        raw.run("UPDATE orders SET state = 'claimed' WHERE state = 'queued'").unwrap();
        let found = store.violations(Extent::Newest(1)).unwrap();
        assert!(
            found.contains(&Violation { rule: Rule::OrderStranded, row: RowName::Order(stranded) }),
            "{found:?}"
        );
    });
}
