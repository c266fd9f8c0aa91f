//! Two processes publish one CA's lists, a command and the role say: whoever comes second neither fails nor puts an older
//! list online.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use ndoba_ca::ports::Ledger as _;
use ndoba_ca::{Arrow, CaError, CaService, Failpoints, NoFailpoints};
use ndoba_types::Span;
use ndoba_x509::CrlReader;

use crate::cluster::on_both;
use crate::fixtures::whole;
use crate::house::House;
use crate::raw::Raw;

/// Between recording a list and putting it online, another process has its turn once.
struct Between {
    other: Mutex<Option<CaService>>,
    before: Box<dyn Fn() + Send + Sync>,
}

impl Failpoints for Between {
    fn reached(&self, arrow: Arrow) {
        if arrow == Arrow::AfterCrlRecorded
            && let Some(mut other) = self.other.lock().unwrap().take()
        {
            (self.before)();
            // What it finds may stop it, too.
            while other.step().is_ok_and(|progress| progress.worked()) {}
        }
    }
}

/// The next list is due, `before` happens once it is recorded, and another process has its turn; what the step said.
fn overtaken(house: &mut House<'_>, before: impl Fn() + Send + Sync + 'static) -> Result<usize, CaError> {
    house.world.clock.advance(Span::hours(13));
    let other = Mutex::new(Some(house.another(Arc::new(NoFailpoints))));
    house.restart(Arc::new(Between { other, before: Box::new(before) }));
    house.service.step().map(|progress| progress.crls)
}

fn number_online(house: &House<'_>) -> u64 {
    let online = house.published.list().unwrap();
    CrlReader::open(Cursor::new(online)).unwrap().number().get()
}

#[test]
fn another_process_puts_the_recorded_list_online_or_the_one_after_it() {
    on_both(|database| {
        let mut house = House::new(database);
        assert_eq!(number_online(&house), 1);

        assert_eq!(overtaken(&mut house, || {}).unwrap(), 1);
        assert_eq!(
            (number_online(&house), database.store.crl_state(&whole("seal")).unwrap().highest_number),
            (2, 2)
        );

        let clock = Arc::clone(&house.world.clock);
        assert_eq!(overtaken(&mut house, move || clock.advance(Span::hours(13))).unwrap(), 0);
        assert_eq!(
            (number_online(&house), database.store.crl_state(&whole("seal")).unwrap().highest_number),
            (4, 4)
        );
        assert!(database.store.crl_state(&whole("seal")).unwrap().published);
        assert_eq!(Raw::open(&database.engine).count("crls WHERE der IS NOT NULL"), 4);
        house.steps();
        assert_eq!(number_online(&house), 4);
    });
}

/// A list that the ledger did not number is a sign that it is not what it was: nobody may write over it.
#[test]
fn a_list_of_another_ledger_halts_the_ca() {
    let (database, elsewhere) = (crate::cluster::sqlite(), crate::cluster::sqlite());
    let (mut house, mut twin) = (House::new(&database), House::new(&elsewhere));
    // The twin has the same key: its lists are well signed, and others than ours, with the same number or a higher one.
    for lists in [1, 2] {
        for _ in 0..lists {
            twin.world.clock.advance(Span::hours(14));
            twin.steps();
        }
        let (sink, foreign) = (Arc::clone(&house.published), twin.published.list().unwrap());
        let halted = overtaken(&mut house, move || sink.put(foreign.clone()));
        assert!(matches!(halted, Err(CaError::Halted { .. })), "{halted:?}");
        assert_eq!(house.published.list(), twin.published.list());
    }
}
