//! Many orders wait when the process starts, and it dies in the midst of them: each ends with one certificate all the
//! same, and each signature has its row.

use std::collections::BTreeSet;

use super::await_kill;
use crate::accounts::{self, LogOnPanic};
use crate::installation::{Engine, Installation};
use crate::program::eventually;
use crate::softhsm::Safekeeping;

/// More than one thread's batch.
const ORDERS: usize = 9;
/// Signatures of a batch that left the token before the process is killed.
const SEEN: usize = 3;

on_both_engines!(killed_in_the_midst_of_a_batch);

fn killed_in_the_midst_of_a_batch(engine: Engine) {
    let here = Installation::on(engine);
    let _log = LogOnPanic(&here);
    let tokens = Safekeeping::of(&here);
    // Whoever queues orders must hear that somebody carries them out.
    let signs = here.serve(None);
    here.await_that("a sign of life", || here.sql("SELECT count(*) FROM heartbeat") == "1");
    signs.stop();
    here.sql("UPDATE heartbeat SET at = 4102444800000000, token_answers = 1");
    let mut before = accounts::settled(&here);

    // At an arrow that one of the threads reaches first; and while the token signs for all of them. What differs between
    // the engines at an arrow is seen with one order each (the tests beside) and in the store's own tests of batches.
    let kills = match engine {
        Engine::Sqlite => vec![Some("after-sign"), None],
        Engine::Postgresql => vec![Some("after-intent"), Some("after-issued"), None],
    };
    for (place, arrow) in kills.into_iter().enumerate() {
        let applications = queue(&here, place);
        match arrow {
            Some(arrow) => await_kill(here.start("ndoba.toml", Some(arrow)), arrow),
            None => {
                let seen = here.ca_signatures() + SEEN;
                here.token_faults("C_Sign delay_ms=200");
                let serving = here.start("ndoba.toml", None);
                eventually(|| here.ca_signatures() >= seen, || here.log());
                // SIGKILL.
                drop(serving);
                here.token_faults("");
            }
        }
        tokens.mend();
        let serving = here.serve(None);
        let serials: BTreeSet<_> = applications.iter().map(|one| here.await_certificate(one)).collect();
        assert_eq!(serials.len(), ORDERS, "{arrow:?}: a serial number twice: {serials:?}");
        let now = accounts::settled(&here);
        drop(serving);
        assert_eq!(now.orders, before.orders + ORDERS as u64, "{arrow:?}");
        let lost = now.lost_under_orders - before.lost_under_orders;
        // The other threads went on for as long as the killing took.
        let least = u64::from(arrow != Some("after-issued"));
        assert!((least..=ORDERS as u64).contains(&lost), "{arrow:?}: {lost} lost, {now:?}");
        before = now;
    }
}

/// Orders that were approved while nobody carried them out.
fn queue(here: &Installation, place: usize) -> Vec<String> {
    here.configure_roles("desk.toml", &["registration"], 1);
    let mut desk = here.start("desk.toml", None);
    here.await_officers_of(&mut desk);
    let applications: Vec<_> = (0..ORDERS).map(|one| here.apply(&format!("010010700{place}{one}"))).collect();
    let approvals: Vec<_> = applications.iter().map(|one| here.start_approval(one)).collect();
    let queued = "SELECT count(*) FROM orders WHERE state = 'queued'";
    eventually(|| here.sql(queued) == ORDERS.to_string(), || here.log());
    drop(approvals);
    desk.stop();
    applications
}
