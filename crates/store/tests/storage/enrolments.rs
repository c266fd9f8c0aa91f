//! Officers-to-be and the keys that they presented.

use ndoba_registration::CodeHash;
use ndoba_registration::ports::{
    Act, Conflict, EnrolmentRecord, EnrolmentRegistry as _, PageRequest, PresentedKey, RegistryError,
};
use ndoba_types::SubjectPublicKeyInfo;

use crate::cluster::on_both;
use crate::fixtures::{at, event, officer};
use crate::raw::Raw;

fn enrolment(number: u8) -> EnrolmentRecord {
    EnrolmentRecord {
        officer: officer(number),
        name: "ნინო".into(),
        roles: vec!["approver".into(), "registration-officer".into()],
        office: "GE/Tbilisi".into(),
        hash: CodeHash::from_bytes([number; 32]),
        opened_by: officer(1),
        opened: at(number.into()),
        expires: at(1000),
        presented: None,
        certificate: None,
    }
}

#[test]
fn a_key_is_presented_once_and_certified_after() {
    on_both(|database| {
        let store = &database.store;
        let events = [event()];
        let act = Act { events: &events, receipt: None };
        let (one, other) = (enrolment(10), enrolment(11));
        store.open_enrolment(&one, act).unwrap();
        store.open_enrolment(&other, act).unwrap();
        assert!(store.open_enrolment(&one, act).is_err(), "an officer-to-be has one code");
        let page = |limit: u32, after: Option<&str>| {
            let page = store.enrolments(&PageRequest { limit, after: after.map(str::to_owned) }).unwrap();
            (page.items, page.next)
        };
        assert_eq!(page(10, None), (vec![other.clone(), one.clone()], None));
        let next = other.officer.to_string();
        assert_eq!(page(1, None), (vec![other.clone()], Some(next.clone())));
        assert_eq!(page(1, Some(&next)), (vec![one.clone()], None));
        for nothing in [one.officer.to_string(), officer(99).to_string(), "x".into()] {
            assert_eq!(page(1, Some(&nothing)), (Vec::new(), None), "{nothing}");
        }
        assert_eq!(store.enrolment(other.officer).unwrap(), Some(other));
        assert_eq!(store.enrolment(officer(99)).unwrap(), None);
        assert_eq!(store.enrolment_of_code(&one.hash).unwrap(), Some(one.clone()));
        assert_eq!(store.enrolment_of_code(&CodeHash::from_bytes([9; 32])).unwrap(), None);
        assert!(!store.certify_enrolment(one.officer, b"too early", &event()).unwrap());

        let key = |octet: u8| SubjectPublicKeyInfo::assertion(vec![0x30, octet]);
        let presented = PresentedKey { key: key(1), at: at(20), acceptance: Some("{}".into()) };
        let mut raw = Raw::open(&database.engine);
        raw.break_inserts("audit_events");
        assert!(store.present_key(one.officer, &presented, act).is_err());
        raw.mend_inserts("audit_events");
        assert_eq!(store.enrolment_of_key(&key(1)).unwrap(), None, "no log, no act");
        store.present_key(one.officer, &presented, act).unwrap();
        let again =
            store.present_key(one.officer, &PresentedKey { key: key(2), at: at(21), acceptance: None }, act);
        assert!(matches!(again, Err(RegistryError::Conflict(Conflict::Stale))));
        let nobody = store.present_key(officer(99), &presented, act);
        assert!(matches!(nobody, Err(RegistryError::Conflict(Conflict::Stale))));
        raw.break_inserts("audit_events");
        assert!(store.certify_enrolment(one.officer, b"certificate", &event()).is_err());
        raw.mend_inserts("audit_events");
        assert_eq!(
            store.enrolment_of_key(&key(1)).unwrap().unwrap().certificate,
            None,
            "no log, no certificate"
        );
        assert!(store.certify_enrolment(one.officer, b"certificate", &event()).unwrap());
        let kept =
            EnrolmentRecord { presented: Some(presented), certificate: Some(b"certificate".to_vec()), ..one };
        assert_eq!(store.enrolment_of_key(&key(1)).unwrap(), Some(kept));
    });
}
