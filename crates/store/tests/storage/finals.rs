//! Final answers: what is missing, what is accounted for, and when a CA is finished.

use ndoba_ca::ports::{CertificateKind, IntentOutcome, Ledger as _, StatusAction};
use ndoba_ocsp::{CertStatusFacts, FinalAuthority, FinalQuestion, HashAlgorithm, StatusSource as _};
use ndoba_store::{Dating, FinalBatch, SignedFinal, StatusRecords, Store, Unfinished};
use ndoba_types::SerialNumber;
use ndoba_x509::RevocationReason;

use crate::cluster::on_both;
use crate::fixtures::{at, ca, ceremony, change, event, fresh, intent, issue, issued};

fn batch(intents: u64) -> FinalBatch {
    FinalBatch {
        ca: ca("seal"),
        key: "seal/ca/1".parse().unwrap(),
        node: "node-a".into(),
        epoch: "final-epoch".into(),
        number: fresh(),
        at: at(40),
        intents,
    }
}

/// Signs what is missing, as the command does.
fn answer(store: &Store, hash: HashAlgorithm, about: &[SerialNumber]) {
    let batch = batch(about.len() as u64);
    store.begin_final_batch(&batch, &event()).unwrap();
    let answers: Vec<_> = about
        .iter()
        .map(|serial| SignedFinal {
            serial: serial.clone(),
            hash,
            der: format!("{} of {serial}", hash.name()).into_bytes(),
            produced_at: at(50),
        })
        .collect();
    store.end_final_batch(&batch, &answers, &event()).unwrap();
}

#[test]
fn what_is_missing_and_when_it_is_finished() {
    on_both(|database| {
        let store = &database.store;
        let (first, second) = (issue(store), issue(store));
        // What has not ended and is not revoked, and what is suspended, may change yet.
        assert_eq!(
            store.unfinished(&ca("seal"), at(10)).unwrap(),
            Unfinished { signing: 0, suspended: 0, unexpired: 2 }
        );
        change(store, &first.certificate, StatusAction::Suspend);
        assert_eq!(store.unfinished(&ca("seal"), at(10)).unwrap().suspended, 1);
        change(store, &first.certificate, StatusAction::Revoke(RevocationReason::CessationOfOperation));
        assert_eq!(
            store.unfinished(&ca("seal"), at(2_000_000)).unwrap(),
            Unfinished { signing: 0, suspended: 0, unexpired: 0 },
            "after the second one's end"
        );
        // A responder's certificate is nobody's concern; one that is being signed is.
        let mut responder = intent(ceremony());
        responder.kind = CertificateKind::Responder;
        assert_eq!(store.record_intents(vec![responder.clone()]).unwrap(), [IntentOutcome::Recorded]);
        assert_eq!(store.unfinished(&ca("seal"), at(2_000_000)).unwrap().signing, 1);
        assert_eq!(store.record_issued(vec![issued(&responder)]).unwrap(), [true]);
        assert_eq!(store.unfinished(&ca("seal"), at(10)).unwrap().unexpired, 1);

        let missing = |hash, after: Option<&SerialNumber>, limit| {
            store.without_final(&ca("seal"), hash, after, limit).unwrap()
        };
        let all = missing(HashAlgorithm::Sha1, None, 9);
        assert_eq!(all.len(), 3);
        assert!(all.iter().any(|(serial, facts)| {
            *serial == first.certificate.serial && matches!(facts, CertStatusFacts::Revoked { .. })
        }));
        let serials: Vec<_> = all.into_iter().map(|(serial, _)| serial).collect();
        assert_eq!(missing(HashAlgorithm::Sha1, serials.first(), 1)[0].0, serials[1]);
        assert!(store.without_final(&ca("other"), HashAlgorithm::Sha1, None, 9).unwrap().is_empty());

        // A process ends between intent and record: counted as open, nothing of it is there.
        store.begin_final_batch(&batch(3), &event()).unwrap();
        answer(store, HashAlgorithm::Sha1, &serials[..2]);
        assert_eq!(missing(HashAlgorithm::Sha1, None, 9)[0].0, serials[2]);
        assert!(!store.finish_ca(&ca("seal"), at(60), &event()).unwrap());
        answer(store, HashAlgorithm::Sha1, &serials[2..]);
        assert!(!store.finish_ca(&ca("seal"), at(60), &event()).unwrap(), "for every hash function");
        answer(store, HashAlgorithm::Sha256, &serials);
        assert!(store.finished_cas().unwrap().is_empty());
        assert!(store.finish_ca(&ca("seal"), at(60), &event()).unwrap());
        assert!(!store.finish_ca(&ca("seal"), at(61), &event()).unwrap(), "once");
        assert_eq!(store.finished_cas().unwrap(), [ca("seal")]);
        assert_eq!(store.final_progress(&ca("seal")).unwrap(), (3, 3 * FinalAuthority::HASHES.len() as u64));
        let uses = store.key_uses().unwrap();
        let of_finals = uses.iter().find(|one| one.epoch == "final-epoch").unwrap();
        assert_eq!((of_finals.intents, of_finals.signed, of_finals.lost), (9, 6, 0));

        // As the responder finds it.
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        let question =
            |serial: &SerialNumber, hash| FinalQuestion { ca: ca("seal"), hash, serial: serial.clone() };
        let found = records.final_answer(&question(&serials[0], HashAlgorithm::Sha256)).unwrap().unwrap();
        assert_eq!(found.der, format!("sha256 of {}", serials[0]).into_bytes());
        assert_eq!(found.produced_at, at(50));
        let unknown: SerialNumber = "77".parse().unwrap();
        assert_eq!(records.final_answer(&question(&unknown, HashAlgorithm::Sha1)).unwrap(), None);
        let _ = second;
    });
}
