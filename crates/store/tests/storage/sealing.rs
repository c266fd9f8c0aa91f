//! Personal data at rest: nothing in clear, nothing moved, and keys that follow each other (ADR 0020).

use ndoba_registration::application::{ApplicationContent, ApplicationId, Salt, StoredState};
use ndoba_registration::ports::{
    Act, ApplicationFilter, ApplicationRecord, CertificateFilter, Conflict, CopyRecord, CopyRegistry as _,
    DataKeyRegistry as _, EvidenceRecord, OrderKind, OrderRecord, PageRequest, Registry as _, RegistryError,
    RevocationRequestRecord, Sealing, WrappedDataKey,
};
use ndoba_store::{Engine, Store};
use ndoba_types::Sha256Digest;

use crate::cluster::{Database, on_both, public_half, vault};
use crate::fixtures::{at, event, fresh, officer, order, serial};
use crate::raw::Raw;

const EVERYTHING: PageRequest = PageRequest { limit: 100, after: None };
/// What stands in the records below and nowhere else.
const PERSONAL: [&str; 5] =
    ["01001077777", "nino@example.ge", "12IA34567", "a call to 599 123456", "signed by hand"];

fn act<T>(run: impl FnOnce(Act<'_>) -> T) -> T {
    run(Act { events: &[event()], receipt: None })
}

fn content() -> ApplicationContent {
    serde_json::from_value(serde_json::json!({
        "profile": "sign-qscd",
        "days": 730,
        "subject": {
            "type": "natural-person",
            "given_names": "ნინო",
            "surname": "მაგალითი",
            "personal_number": PERSONAL[0],
            "email": PERSONAL[1],
        },
        "identity_document": {"type": "passport", "number": PERSONAL[2], "issued_by": "SDA"},
        "identity_proofing": {"method": "physical-presence", "date": "2026-11-23", "seen_by": "01"},
        "csr": "-----BEGIN CERTIFICATE REQUEST-----",
    }))
    .unwrap()
}

/// An application with evidence and a signed copy.
struct Case {
    application: ApplicationRecord,
    order: OrderRecord,
    evidence: EvidenceRecord,
    copy: CopyRecord,
}

impl Case {
    fn enter(store: &Store) -> Self {
        let mut id = [4; 16];
        id[8..].copy_from_slice(&fresh().to_be_bytes());
        let id = ApplicationId::from_bytes(id);
        let mut application = ApplicationRecord {
            id,
            version: 1,
            state: StoredState::Draft,
            content: content(),
            salt: Salt::from_bytes([0x53; 32]),
            opened_by: officer(1),
            opened: at(1),
            updated: at(1),
            order: None,
            remark: None,
            without_code: None,
            replaces: None,
        };
        act(|act| store.insert_application(&application, act)).unwrap();
        let frozen = OrderRecord { application: Some(id), ..order(OrderKind::Issue, None) };
        let item = format!(r#"{{"kind":"{}","note":"{}"}}"#, frozen.id, PERSONAL[3]).into_bytes();
        let evidence = EvidenceRecord {
            digest: Sha256Digest::of(&item),
            order: frozen.id,
            kind: "identity-document".into(),
            content: item,
        };
        application = ApplicationRecord {
            version: 2,
            state: StoredState::Submitted,
            order: Some(frozen.id),
            remark: Some(PERSONAL[3].into()),
            without_code: Some(PERSONAL[3].into()),
            ..application
        };
        let items = [evidence.clone()];
        act(|act| store.freeze_application(&application, &frozen, &items, act)).unwrap();
        let file = format!("%PDF-1.7 {id} {}", PERSONAL[4]).into_bytes();
        let copy = CopyRecord {
            application: id,
            sha256: Sha256Digest::of(&file),
            media_type: "application/pdf".into(),
            content: file,
            added_by: officer(1),
            added: at(2),
        };
        act(|act| store.put_copy(&copy, act)).unwrap();
        Self { application, order: frozen, evidence, copy }
    }

    /// It reads as it was entered, and is found by its subject.
    #[track_caller]
    fn reads(&self, store: &Store) {
        let there = store.application(self.application.id).unwrap().unwrap();
        assert_eq!(there.application, self.application);
        assert_eq!(store.evidence(self.order.id).unwrap(), std::slice::from_ref(&self.evidence));
        assert_eq!(store.copy(self.copy.application, self.copy.sha256).unwrap().unwrap(), self.copy);
        let filter = ApplicationFilter { subject: Some(PERSONAL[0].into()), ..ApplicationFilter::default() };
        let found = store.applications(&filter, &EVERYTHING).unwrap().items;
        assert!(found.iter().any(|one| one.application.id == self.application.id));
    }
}

/// Every row of the three tables, and the octets of SQLite's files.
fn at_rest(database: &Database) -> Vec<u8> {
    let mut raw = Raw::open(&database.engine);
    let (hex, close) = match &raw {
        Raw::Postgres(_) => ("encode(", ", 'hex')"),
        Raw::Sqlite(_) => ("lower(hex(", "))"),
    };
    let mut octets = Vec::new();
    for (table, columns) in [
        ("applications", &["content", "subject", "salt", "remark", "without_code"][..]),
        ("evidence", &["content"]),
        ("copies", &["content"]),
    ] {
        for column in columns {
            let lines = raw.lines(&format!(
                "SELECT {hex}{column}{close} AS line FROM {table} WHERE {column} IS NOT NULL"
            ));
            assert!(!lines.is_empty(), "{table}.{column}");
            lines.iter().for_each(|line| octets.extend(unhex(line)));
        }
    }
    drop(raw);
    if let Engine::Sqlite { path } = &database.engine {
        for ending in ["", "-wal"] {
            octets.extend(std::fs::read(format!("{}{ending}", path.display())).unwrap_or_default());
        }
    }
    octets
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap().to_be_bytes()[3]).collect();
    digits.chunks(2).map(|two| two[0] * 16 + two[1]).collect()
}

fn holds(octets: &[u8], words: &str) -> bool {
    octets.windows(words.len()).any(|window| window == words.as_bytes())
}

fn damaged<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, place: &str) {
    let Err(RegistryError::Damaged { what }) = outcome else { panic!("{place}: {outcome:?}") };
    assert!(what.starts_with(place) && !PERSONAL.iter().any(|words| what.contains(words)), "{what}");
}

#[test]
fn nothing_of_a_person_lies_in_clear() {
    on_both(|database| {
        let case = Case::enter(&database.store);
        case.reads(&database.store);
        let octets = at_rest(database);
        for words in PERSONAL {
            assert!(!holds(&octets, words), "{words}");
        }
        assert!(!holds(&octets, &"S".repeat(32)), "the salt");
        assert_eq!(database.store.sealing().unwrap(), Sealing { clear: 0, under: vec![(1, 3)] });
    });
}

#[test]
fn what_was_moved_to_another_place_does_not_open() {
    on_both(|database| {
        let store = &database.store;
        let (one, other) = (Case::enter(store), Case::enter(store));
        let mut raw = Raw::open(&database.engine);
        let blob = |octets: &[u8]| {
            let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            if matches!(database.engine, Engine::Sqlite { .. }) {
                format!("x'{hex}'")
            } else {
                format!("'\\x{hex}'")
            }
        };
        let (mine, theirs) = (one.application.id, other.application.id);
        let (mine, theirs) = (blob(mine.as_bytes()), blob(theirs.as_bytes()));
        let read = || store.application(one.application.id);
        for (set, place) in [
            (
                format!("content = (SELECT content FROM applications WHERE id = {theirs})"),
                "applications.content",
            ),
            (format!("salt = (SELECT salt FROM applications WHERE id = {theirs})"), "applications.salt"),
            ("remark = salt".to_owned(), "applications.remark"),
            ("without_code = remark".to_owned(), "applications.without_code"),
            (format!("content = {}", blob(br#"{"profile":"forged"}"#)), "applications.content"),
            (format!("content = {}", blob(b"")), "applications.content"),
        ] {
            let before = raw.lines(&column(&database.engine, &mine, place));
            raw.run(&format!("UPDATE applications SET {set} WHERE id = {mine}")).unwrap();
            damaged(read(), place);
            let column = place.split_once('.').unwrap().1;
            let back = blob(&unhex(&before[0]));
            raw.run(&format!("UPDATE applications SET {column} = {back} WHERE id = {mine}")).unwrap();
            read().unwrap();
        }
        let (a, b) = (blob(one.evidence.digest.as_bytes()), blob(other.evidence.digest.as_bytes()));
        raw.run(&format!("UPDATE evidence SET content = (SELECT content FROM evidence WHERE digest = {a}) WHERE digest = {b}"))
            .unwrap();
        damaged(store.evidence(other.order.id), "evidence.content");
        raw.run(&format!(
            "UPDATE copies SET content = (SELECT content FROM copies WHERE application = {mine})
             WHERE application = {theirs}"
        ))
        .unwrap();
        damaged(store.copy(other.copy.application, other.copy.sha256), "agreement_copies.content");
        one.reads(store);
    });
}

fn column(engine: &Engine, id: &str, place: &str) -> String {
    match engine {
        Engine::Postgres { .. } => {
            format!("SELECT encode({place}, 'hex') AS line FROM applications WHERE id = {id}")
        }
        Engine::Sqlite { .. } => {
            format!("SELECT lower(hex({place})) AS line FROM applications WHERE id = {id}")
        }
    }
}

/// Rows from before there was a data key are read and found, and sealed in steps that may be cut off anywhere.
#[test]
fn rows_in_clear_are_sealed_and_their_traces_scrubbed() {
    on_both(|database| {
        let store = &database.store;
        let cases: Vec<_> = (0..3).map(|_| Case::enter(store)).collect();
        let mut raw = Raw::open(&database.engine);
        for case in &cases {
            unseal(&mut raw, case);
        }
        assert_eq!(store.sealing().unwrap(), Sealing { clear: 9, under: vec![] });
        assert!(PERSONAL.iter().all(|words| holds(&at_rest(database), words)));
        cases.iter().for_each(|case| case.reads(store));

        assert_eq!(store.seal_records(2).unwrap(), 6);
        assert_eq!(store.sealing().unwrap(), Sealing { clear: 3, under: vec![(1, 6)] });
        cases.iter().for_each(|case| case.reads(store));
        assert_eq!(store.seal_records(2).unwrap(), 3);
        assert_eq!(store.seal_records(2).unwrap(), 0);
        drop(raw);
        assert_eq!(store.scrub().unwrap(), matches!(database.engine, Engine::Sqlite { .. }));
        let octets = at_rest(database);
        for words in PERSONAL {
            assert!(!holds(&octets, words), "{words}");
        }
        cases.iter().for_each(|case| case.reads(store));
    });
}

/// Puts a case back as the program wrote it before there were data keys.
fn unseal(raw: &mut Raw, case: &Case) {
    let postgres = matches!(raw, Raw::Postgres(_));
    let blob = |octets: &[u8]| {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        if postgres { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
    };
    let ApplicationRecord { id, content, salt, remark, without_code, .. } = &case.application;
    raw.run(&format!(
        "UPDATE applications SET data_key = NULL, content = {}, subject = {}, salt = {}, remark = {}, without_code = {},
         profile = NULL WHERE id = {};
         UPDATE evidence SET data_key = NULL, content = {} WHERE digest = {};
         UPDATE copies SET data_key = NULL, content = {} WHERE application = {}",
        blob(&serde_json::to_vec(content).unwrap()),
        blob(PERSONAL[0].as_bytes()),
        blob(salt.as_bytes()),
        blob(remark.as_ref().unwrap().as_bytes()),
        blob(without_code.as_ref().unwrap().as_bytes()),
        blob(id.as_bytes()),
        blob(&case.evidence.content),
        blob(case.evidence.digest.as_bytes()),
        blob(&case.copy.content),
        blob(id.as_bytes()),
    ))
    .unwrap();
}

#[test]
fn a_data_key_is_followed_by_another_and_destroyed_when_nothing_needs_it() {
    on_both(|database| {
        let case = Case::enter(&database.store);
        let next = |number| WrappedDataKey {
            number,
            wrapped_by: "registration/data/1".into(),
            wrapped: vec![7],
            public: vec![8; 32],
            created: at(3),
        };
        let stale = |outcome| assert!(matches!(outcome, Err(RegistryError::Conflict(Conflict::Stale))));
        stale(act(|act| database.store.add_data_key(&next(3), act)));
        act(|act| database.store.add_data_key(&next(2), act)).unwrap();
        stale(act(|act| database.store.add_data_key(&next(2), act)));
        assert_eq!(database.store.data_keys().unwrap()[1], next(2));

        let both = database.store.clone().with_vault(vault(&[1, 2]));
        case.reads(&both);
        let newer = Case::enter(&both);
        // Who has not read the new key yet is told to wait, and not that the record is damaged.
        assert!(matches!(database.store.evidence(newer.order.id), Err(RegistryError::Locked)));
        stale(act(|act| both.destroy_data_keys_before(2, act)));
        // Nor by hand.
        assert!(Raw::open(&database.engine).run("DELETE FROM data_keys WHERE number = 1").is_err());
        assert_eq!(both.seal_records(100).unwrap(), 3);
        act(|act| both.destroy_data_keys_before(2, act)).unwrap();
        assert_eq!(both.data_keys().unwrap(), [next(2)]);

        let after = database.store.clone().with_vault(vault(&[2]));
        case.reads(&after);
        newer.reads(&after);
        // Who has not heard of it seals nothing under what was destroyed.
        let mut late = case.application.clone();
        late.version += 1;
        assert!(act(|act| database.store.update_application(&late, act)).is_err());
        assert_eq!(after.sealing().unwrap(), Sealing { clear: 0, under: vec![(2, 6)] });
    });
}

/// An order to revoke with the request behind it and what was said.
fn revocation() -> (OrderRecord, RevocationRequestRecord, EvidenceRecord) {
    let serial = serial(fresh());
    let revoke = order(OrderKind::Revoke, Some(&serial));
    let item = br#"{"note":"her lawyer"}"#.to_vec();
    let evidence = EvidenceRecord {
        digest: Sha256Digest::of(&item),
        order: revoke.id,
        kind: "revocation-request".into(),
        content: item,
    };
    let request = RevocationRequestRecord {
        order: revoke.id,
        serial,
        received: at(1),
        begins: at(1),
        decided: None,
        channel: "letter".into(),
    };
    (revoke, request, evidence)
}

#[test]
fn without_a_data_key_nothing_of_a_person_is_read_or_written() {
    on_both(|database| {
        let case = Case::enter(&database.store);
        let bare = Store::open(&database.engine, 2).unwrap();
        fn locked<T: std::fmt::Debug>(outcome: Result<T, RegistryError>) {
            assert!(matches!(outcome, Err(RegistryError::Locked)), "{outcome:?}");
        }
        locked(bare.application(case.application.id));
        locked(bare.applications(&ApplicationFilter::default(), &EVERYTHING));
        locked(bare.evidence(case.order.id));
        locked(bare.copy(case.copy.application, case.copy.sha256));
        locked(act(|act| bare.insert_application(&case.application, act)));
        let someone = CertificateFilter { subject: Some(PERSONAL[0].into()), ..CertificateFilter::default() };
        locked(bare.certificates(&someone, &EVERYTHING));
        // A revocation does not wait for the token: its evidence is sealed to the key's public half.
        let (revoke, request, item) = revocation();
        let entered = |store: &Store| {
            act(|act| store.insert_order(&revoke, std::slice::from_ref(&item), &request, act))
        };
        locked(entered(&bare));
        entered(&bare.clone().with_vault(public_half())).unwrap();
        assert!(!holds(&at_rest(database), "her lawyer"));
        assert_eq!(database.store.evidence(revoke.id).unwrap(), std::slice::from_ref(&item));
        // What the CA and relying parties need is not about persons' records.
        assert!(bare.order(case.order.id).unwrap().is_some());
        assert!(bare.certificates(&CertificateFilter::default(), &EVERYTHING).unwrap().items.is_empty());
        bare.all_marks().unwrap();
    });
}
