//! `ndoba ca reconcile`: accounts for every signature of the CAs' keys (design §5). Reads the database and changes
//! nothing; the roles may run.

use std::collections::BTreeMap;
use std::process::ExitCode;

use ndoba_ca::accounting::{AttemptKey, AttemptRow, Extent, KeyUse, Violation};
use ndoba_ca::ports::Ledger as _;
use ndoba_store::Store;
use ndoba_types::{CaName, SubjectPublicKeyInfo};
use ndoba_x509::{Certificate, take_apart};
use serde_json::{Value, json};

use crate::cli::ReconcileArgs;
use crate::installation;

/// Attempts that are read at once.
const PAGE: usize = 256;

/// Prints the accounts.
pub(crate) fn run(args: &ReconcileArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config.config)?;
    let store = installation::open_store(&settings)?;
    let uses = store.key_uses()?;
    let mut violations: Vec<Violation> = uses.iter().filter_map(KeyUse::violation).collect();
    violations.extend(store.violations(Extent::All)?);
    let mut rows = Vec::new();
    if args.rows || args.signatures {
        let keys = public_keys(&store)?;
        each_attempt(&store, |row| {
            if args.signatures {
                violations.extend(row.violation(keys.get(&row.ca)));
            }
            if args.rows {
                rows.push(describe(&row));
            }
        })?;
    }
    if args.json {
        let report = report(&uses, &violations, args.rows.then_some(rows));
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&uses, &violations, &rows);
    }
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The CAs' public keys, from their certificates as the ceremony recorded them.
fn public_keys(store: &Store) -> anyhow::Result<BTreeMap<CaName, SubjectPublicKeyInfo>> {
    let mut keys = BTreeMap::new();
    for authority in store.authorities()? {
        let certificate = Certificate::from_der(&authority.certificate)?;
        keys.insert(authority.name, certificate.spki().clone());
    }
    Ok(keys)
}

fn each_attempt(store: &Store, mut each: impl FnMut(AttemptRow)) -> anyhow::Result<()> {
    let mut last: Option<AttemptKey> = None;
    loop {
        let page = store.attempts_after(last.as_ref(), PAGE)?;
        let Some(end) = page.last() else { return Ok(()) };
        last = Some(end.place.clone());
        page.into_iter().for_each(&mut each);
    }
}

fn describe(row: &AttemptRow) -> Value {
    let AttemptRow { place: AttemptKey { key, epoch, number }, row: what, ca: _, at, digest, outcome, made } =
        row;
    let signature =
        made.as_ref().and_then(|made| take_apart(made).ok()).map(|parts| hex::encode(parts.signature));
    json!({
        "key": key.to_string(),
        "epoch": epoch,
        "number": number,
        "row": what.to_string(),
        "at": at.to_string(),
        "digest": hex::encode(digest),
        "outcome": outcome.name(),
        "signature": signature,
    })
}

fn report(uses: &[KeyUse], violations: &[Violation], rows: Option<Vec<Value>>) -> Value {
    let keys: Vec<Value> = uses
        .iter()
        .map(|one| {
            let KeyUse { key, epoch, node, began, intents, signed, lost, repeated, unsigned, token } = one;
            json!({
                "key": key.to_string(),
                "epoch": epoch,
                "node": node,
                "began": began.to_string(),
                "intents": intents,
                "signed": signed,
                "lost": lost,
                "repeated": repeated,
                "unsigned": unsigned,
                "in_doubt": one.in_doubt(),
                "accounted_for": one.accounted_for(),
                "token": token,
            })
        })
        .collect();
    let violations: Vec<Value> = violations
        .iter()
        .map(|Violation { rule, row }| {
            json!({ "rule": rule.code(), "row": row.to_string(), "message": rule.explanation() })
        })
        .collect();
    let mut report = json!({ "clean": violations.is_empty(), "keys": keys, "violations": violations });
    if let Some(rows) = rows {
        report["rows"] = Value::Array(rows);
    }
    report
}

fn print(uses: &[KeyUse], violations: &[Violation], rows: &[Value]) {
    println!(
        "{:<24} {:<34} {:>8} {:>8} {:>6} {:>6} {:>8} {:>6}",
        "key", "epoch", "intents", "signed", "lost", "open", "unsigned", "token"
    );
    let mut open = 0;
    for one in uses {
        open += one.in_doubt();
        println!(
            "{:<24} {:<34} {:>8} {:>8} {:>6} {:>6} {:>8} {:>6}",
            one.key.to_string(),
            one.epoch,
            one.intents,
            one.signed,
            one.lost + one.repeated,
            one.in_doubt(),
            one.unsigned,
            one.token.map_or_else(|| "-".into(), |count| count.to_string()),
        );
    }
    for row in rows {
        let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        println!(
            "{} {} {} {} {}",
            word("key"),
            word("row"),
            word("outcome"),
            word("digest"),
            word("signature")
        );
    }
    println!("{open} intents have neither a signature nor an end yet");
    for Violation { rule, row } in violations {
        println!("VIOLATION {} {row}: {}", rule.code(), rule.explanation());
    }
    if violations.is_empty() {
        println!("every signature has its row");
    } else {
        println!("{} rows do not agree: the CA issues nothing until it is known why", violations.len());
    }
}
