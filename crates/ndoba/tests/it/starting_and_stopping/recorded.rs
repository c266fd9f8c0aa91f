//! What the log says of a process: one start of each role and one end, under one epoch, which is the accounts' too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::accounts::reconcile;
use crate::installation::Installation;
use crate::program::wait_for;

const ROLES: [&str; 4] = ["audit", "ca", "public", "registration"];

/// The roles that `kind` names, by epoch.
type ByEpoch = BTreeMap<String, Vec<String>>;

pub(super) fn starts_and_ends(here: &Installation) {
    let serving = here.serve(None);
    here.issue("01001012360");
    serving.stop();
    let accounts = reconcile(here, &["--json"]);
    let issuing = epochs(&accounts);

    let serving = here.serve(None);
    let (started, stopped, configurations) = wait_for(|| {
        let log = here.export_log("log.jsonl");
        let (started, stopped) = (by_epoch(&log, "service-started"), by_epoch(&log, "service-stopped"));
        let all = started.values().chain(stopped.values()).all(|roles| *roles == ROLES);
        if all && started.len() == stopped.len() + 1 {
            Ok((started, stopped, configurations(&log)))
        } else {
            Err(format!("started {started:?}, stopped {stopped:?}"))
        }
    });
    drop(serving);
    assert!(stopped.keys().all(|epoch| started.contains_key(epoch)), "{started:?} {stopped:?}");
    // The ceremony signs too, and serves nobody.
    let unknown: Vec<_> = issuing.iter().filter(|epoch| !started.contains_key(*epoch)).collect();
    assert_eq!(unknown.len(), 1, "{issuing:?} {started:?}");
    assert!(issuing.iter().any(|epoch| stopped.contains_key(epoch)), "{issuing:?} {stopped:?}");

    // What the log says of a key at the end of its epoch is what the accounts say.
    let log = here.read_text("log.jsonl");
    let closed: Vec<Value> = events(&log, "key-epoch-closed").collect();
    let used: Vec<&Value> = accounts["keys"].as_array().unwrap().iter().collect();
    let served = used.iter().filter(|one| stopped.contains_key(one["epoch"].as_str().unwrap()));
    assert_eq!(closed.len(), served.clone().count(), "{closed:?} {used:?}");
    for one in served {
        let number = |name: &str| Value::from(one[name].to_string());
        let expected = json!({
            "epoch": one["epoch"],
            "intents": number("intents"),
            "key": one["key"],
            "lost": number("lost"),
            "signed": number("signed"),
        });
        assert!(closed.contains(&expected), "{expected} is not in {closed:?}");
    }

    let digest = here.openssl(&["dgst", "-sha256", "-r", "ndoba.toml"]);
    let digest = digest.split_whitespace().next().unwrap();
    assert_eq!(configurations.last().unwrap(), digest);
}

fn epochs(accounts: &Value) -> BTreeSet<String> {
    let keys = accounts["keys"].as_array().unwrap().iter();
    keys.map(|key| key["epoch"].as_str().unwrap().to_owned()).collect()
}

fn events<'l>(log: &'l str, kind: &'l str) -> impl Iterator<Item = Value> + 'l {
    let events =
        log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("event").cloned());
    events.filter(move |event| event["kind"] == kind).map(|event| event["data"].clone())
}

fn by_epoch(log: &str, kind: &str) -> ByEpoch {
    let mut found = ByEpoch::new();
    for data in events(log, kind) {
        let word = |name: &str| data[name].as_str().unwrap().to_owned();
        found.entry(word("epoch")).or_default().push(word("role"));
    }
    found.values_mut().for_each(|roles| roles.sort());
    found
}

fn configurations(log: &str) -> Vec<String> {
    events(log, "configuration-loaded").map(|data| data["digest"].as_str().unwrap().to_owned()).collect()
}
