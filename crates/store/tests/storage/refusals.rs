//! What the schema itself refuses, whoever asks.

use ndoba_audit::EventLog as _;
use ndoba_ca::ports::{Ledger as _, StatusAction};
use ndoba_registration::ports::{Act, GrantRecord, Registry as _};
use ndoba_types::SubjectPublicKeyInfo;
use ndoba_x509::RevocationReason;

use crate::cluster::{Database, on_both};
use crate::fixtures::{at, change, crl_intent, crl_issued, event, issue};
use crate::raw::Raw;

/// A row in every table of the ledger.
fn fill(database: &Database) {
    let store = &database.store;
    let certificate = issue(store).certificate;
    change(store, &certificate, StatusAction::Revoke(RevocationReason::Superseded));
    let crl = crl_intent(1);
    store.record_crl_intent(crl.clone()).unwrap();
    // Longer than its first part.
    let long = vec![0; (1 << 20) + 1];
    store.record_crl(crl_issued(&crl, 1), &long).unwrap();
    let authority = ndoba_ca::ports::Authority {
        name: "seal".parse().unwrap(),
        certificate: b"der".to_vec(),
        ski: b"ski".to_vec(),
        not_before: at(0),
    };
    store.register_authority(authority, event()).unwrap();
    let events = [event()];
    let act = Act { events: &events, receipt: None };
    let grant =
        GrantRecord { seq: 1, document: b"grant".to_vec(), signatures: vec!["jws".into()], appended: at(0) };
    store.append_grant(&grant, act).unwrap();
    let pending = store.pending(1).unwrap();
    let leaf = ndoba_audit::Leaf { row: pending[0].row, index: 0, bytes: b"leaf".to_vec() };
    assert!(store.append(0, &[leaf]).unwrap());
    store.register_audit_key(&SubjectPublicKeyInfo::assertion(b"spki".to_vec()), at(0)).unwrap();
    let mut raw = Raw::open(&database.engine);
    raw.run("INSERT INTO audit_checkpoints (number, size, signed) VALUES (0, 1, 'x')").unwrap_or_else(|_| {
        // STRICT tables of SQLite want a blob.
        raw.run("INSERT INTO audit_checkpoints (number, size, signed) VALUES (0, 1, x'00')").unwrap();
    });
}

#[test]
fn nothing_of_the_ledger_is_deleted() {
    on_both(|database| {
        fill(database);
        let mut raw = Raw::open(&database.engine);
        for table in [
            "attempts",
            "audit_checkpoints",
            "audit_events",
            "audit_keys",
            "audit_leaves",
            "authorities",
            "ca_status",
            "certificate_status",
            "certificates",
            "crls",
            "crl_parts",
            "dn_owners",
            "meta",
            "officer_grant_signatures",
            "officer_grants",
            "order_signatures",
            "orders",
            "revocation_records",
            "revocation_requests",
        ] {
            let rows = raw.count(table);
            assert!(rows > 0, "{table} is empty: the test would prove nothing");
            let refusal = raw.run(&format!("DELETE FROM {table}")).unwrap_err();
            assert!(refusal.contains("refused: "), "{table}: {refusal}");
            if matches!(raw, Raw::Postgres(_)) {
                let refusal = raw.run(&format!("TRUNCATE {table} CASCADE")).unwrap_err();
                assert!(refusal.contains("refused: "), "{table}: {refusal}");
            }
            assert_eq!(raw.count(table), rows);
        }
    });
}

#[test]
fn what_was_recorded_is_not_rewritten() {
    on_both(|database| {
        fill(database);
        let mut raw = Raw::open(&database.engine);
        let blob = if matches!(raw, Raw::Postgres(_)) { "'\\x1234'" } else { "x'1234'" };
        for change in [
            "attempts SET number = 9".to_owned(),
            "attempts SET outcome = 'open'".to_owned(),
            format!("audit_checkpoints SET signed = {blob}"),
            format!("audit_events SET event = {blob}"),
            "audit_events SET leaf = 77 WHERE leaf IS NOT NULL".to_owned(),
            format!("audit_keys SET spki = {blob}"),
            format!("audit_leaves SET entry = {blob}"),
            format!("authorities SET certificate = {blob}"),
            "ca_status SET version = version - 1".to_owned(),
            "ca_status SET highest_crl_number = 0".to_owned(),
            "certificate_status SET revoked = NULL, reason = NULL".to_owned(),
            "certificate_status SET reason = 'certificateHold'".to_owned(),
            "certificate_status SET state = 'signing', certificate = NULL".to_owned(),
            format!("certificates SET der = {blob}"),
            format!("certificates SET serial = {blob}"),
            format!("certificates SET tbs = {blob}"),
            format!("certificates SET tbs_digest = {blob}"),
            format!("crls SET der = {blob}"),
            format!("crls SET tbs_digest = {blob}"),
            format!("crl_parts SET octets = {blob}"),
            format!("dn_owners SET owner = {blob}"),
            "meta SET value = 'other'".to_owned(),
            format!("officer_grants SET document = {blob}"),
            "officer_grant_signatures SET jws = 'other'".to_owned(),
            format!("orders SET content = {blob}"),
            "orders SET state = 'queued', result = NULL".to_owned(),
            "order_signatures SET jws = 'other'".to_owned(),
            "revocation_records SET at = 1".to_owned(),
        ] {
            let refusal = raw.run(&format!("UPDATE {change}")).unwrap_err();
            assert!(refusal.contains("refused: "), "{change}: {refusal}");
        }
        assert_eq!(database.store.marks().unwrap().len(), 1, "and the store goes on");
    });
}

#[test]
fn impossible_combinations_are_refused() {
    on_both(|database| {
        issue(&database.store);
        let mut raw = Raw::open(&database.engine);
        for change in [
            "certificate_status SET revoked = 1",
            "certificate_status SET reason = 'superseded'",
            "ca_status SET version = -1",
        ] {
            let outcome = raw.run(&format!("UPDATE {change}"));
            assert!(outcome.is_err() || raw.count("ca_status") == 0, "{change}");
        }
    });
}
