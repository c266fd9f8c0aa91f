//! SIGTERM while certificates are being issued and time-stamps made.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::accounts;
use crate::http::try_stamp;
use crate::installation::Installation;
use crate::program::eventually;

/// Orders that are approved at once.
const ORDERS: usize = 6;
/// Clients that ask for time-stamps at once.
const CLIENTS: usize = 6;

/// Approved all at once and stopped amid it: every order ends with one certificate, and no signature is lost.
pub(super) fn certificates(here: &Installation) {
    let serving = here.serve(None);
    let applications: Vec<_> = (0..ORDERS).map(|place| here.apply(&format!("010010006{place:02}"))).collect();
    let issued =
        || here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL").parse::<usize>().unwrap();
    let mut approvals: Vec<_> = applications.iter().map(|id| here.start_approval(id)).collect();
    // Amid it: one has its row at least, and hardly all.
    eventually(|| issued() > 0, || here.log());
    serving.stop();
    for approval in &mut approvals {
        approval.await_end();
    }

    let serving = here.serve(None);
    for application in &applications {
        // Who was not heard before the stop approves once more.
        if here.application(application).contains("submitted") {
            here.approve(application);
        }
        here.await_certificate(application);
    }
    assert_eq!(issued(), ORDERS);
    // A stop is no crash: what was being signed was waited for.
    let accounts = accounts::settled(here);
    assert_eq!((usize::try_from(accounts.orders).unwrap(), accounts.lost), (ORDERS, 0), "{accounts:?}");
    serving.stop();
}

/// Every client has a whole answer or none, and every token that left is in the journal.
pub(super) fn time_stamps(here: &Installation) {
    fs::write(here.file("document"), "a contract").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha256", "-out", "q.tsq"]);
    let (request, granted) = (here.read("q.tsq"), AtomicUsize::new(0));
    let serving = here.serve(None);
    let tokens: Vec<Vec<u8>> = thread::scope(|scope| {
        let ask = || {
            let mut tokens = Vec::new();
            // Until nobody answers any more.
            while let Some(reply) = try_stamp(here.public(), "/tsa", &request) {
                let length: usize = reply.header("content-length").unwrap().parse().unwrap();
                assert_eq!((reply.status, reply.body.len()), (200, length), "{reply:?}");
                if length > 400 {
                    granted.fetch_add(1, Ordering::Relaxed);
                    tokens.push(reply.body);
                }
            }
            tokens
        };
        let clients = [(); CLIENTS].map(|()| scope.spawn(ask));
        eventually(|| granted.load(Ordering::Relaxed) > 20 * CLIENTS, || here.log());
        serving.stop();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });

    // The last of each client and some before: each look-up walks the whole journal.
    for token in tokens.iter().step_by((tokens.len() / 12).max(1)).chain(tokens.last()) {
        fs::write(here.file("r.tsr"), token).unwrap();
        let told = here.openssl(&["ts", "-reply", "-in", "r.tsr", "-text"]);
        let serial = told.lines().find_map(|line| line.strip_prefix("Serial number: ")).unwrap();
        here.must(&["tsa", "find", "--config", "ndoba.toml", "--serial", serial]);
    }
    // All that was sealed at the stop is in the audit log after the next start.
    let serving = here.serve(None);
    eventually(|| here.export_log("log.jsonl").matches("tsu-segment-sealed").count() > 0, || here.log());
    here.must(&["tsa", "verify-journal", "--config", "ndoba.toml", "--export", "log.jsonl"]);
    serving.stop();
}
