//! A token that signs something else than it was asked to: no thread asks it again (design §5).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ndoba_ca::{Arrow, CaError, Failpoints, NoFailpoints};
use ndoba_types::Span;

use crate::cluster::on_both;
use crate::house::{House, SoftKey};
use crate::raw::Raw;

/// Orders of one thread's batch: so few are not parted.
const BATCH: u64 = 8;

/// Lets the first thread pass its arrow when there is another, and the others once the token has answered the first, and
/// has been found out.
struct OthersLater {
    at: Arrow,
    key: Arc<SoftKey>,
    came: AtomicU64,
}

impl Failpoints for OthersLater {
    fn reached(&self, arrow: Arrow) {
        if arrow != self.at {
            return;
        }
        let wait = |on: &dyn Fn() -> bool| {
            while on() {
                thread::sleep(Duration::from_millis(1));
            }
        };
        if self.came.fetch_add(1, Ordering::SeqCst) == 0 {
            wait(&|| self.came.load(Ordering::SeqCst) == 1);
        } else {
            wait(&|| self.key.errs.load(Ordering::SeqCst));
            thread::sleep(Duration::from_millis(300));
        }
    }
}

#[test]
fn one_wrong_signature_stops_every_thread() {
    on_both(|database| {
        let mut house = House::new(database);
        let orders = house.queue_many();
        let mut raw = Raw::open(&database.engine);
        let (open, mut in_doubt) = ("attempts WHERE outcome = 'open'", 0);
        // Before the others record anything; and after all have recorded what they are about to ask for.
        for at in [Arrow::BeforeIntent, Arrow::AfterIntent] {
            let key = Arc::clone(&house.ca_key);
            house.restart(Arc::new(OthersLater { at, key, came: AtomicU64::new(0) }));
            house.ca_key.errs.store(true, Ordering::SeqCst);
            let before = raw.count(open);
            assert!(matches!(house.service.step(), Err(CaError::Halted { .. })), "{}", at.name());
            let (signatures, intents) =
                (house.ca_key.signatures.load(Ordering::SeqCst), raw.count(open) - before);
            assert!((1..=BATCH).contains(&signatures), "{}: {signatures} signatures", at.name());
            assert_eq!(intents > BATCH, at == Arrow::AfterIntent, "{}: {intents} intents", at.name());
            assert!(matches!(house.service.step(), Err(CaError::Halted { .. })), "for good");
            assert_eq!(raw.count(open), before + intents);
            in_doubt += intents;
            assert_eq!(raw.count("certificates WHERE der IS NOT NULL"), 0, "nothing of it is issued");
            // Somebody has found out why. What was in doubt is given up, and its orders wait again.
            house.restart(Arc::new(NoFailpoints));
            house.ca_key.away.store(true, Ordering::SeqCst);
            house.world.clock.advance(Span::seconds(6));
            house.steps();
            house.ca_key.away.store(false, Ordering::SeqCst);
        }
        assert_eq!(raw.count("attempts WHERE outcome = 'lost'"), in_doubt);
        house.world.clock.advance(Span::seconds(6));
        house.steps();
        house.must_be_settled(database, &orders);
    });
}
