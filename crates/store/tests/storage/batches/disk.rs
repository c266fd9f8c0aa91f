//! The ledger's disk is full, and then it is not.

use std::sync::atomic::Ordering;

use ndoba_ca::CaError;
use ndoba_ca::ports::LedgerError;
use ndoba_store::Engine;
use ndoba_testkit::{PostgresCluster, SmallDisk};
use ndoba_types::Span;

use super::MANY;
use crate::cluster::{Database, database};
use crate::house::House;
use crate::raw::Raw;

#[test]
fn a_full_disk_under_sqlite_loses_nothing() {
    let disk = SmallDisk::new(16);
    let database = database(Engine::Sqlite { path: disk.path().join("ndoba.sqlite") });
    fill_and_free(&disk, &database, || {});
}

#[test]
fn a_full_disk_under_postgresql_loses_nothing() {
    let disk = SmallDisk::new(160);
    let cluster = PostgresCluster::start_in(disk.path());
    let database = database(Engine::Postgres { url: cluster.new_database() });
    // The server cannot write its log either, and ends where it must.
    fill_and_free(&disk, &database, || cluster.revive());
    cluster.stop();
}

fn fill_and_free(disk: &SmallDisk, database: &Database, revive: impl Fn()) {
    let mut house = House::new(database);
    let orders: Vec<_> = (0..6 * MANY).map(|number| house.queue(number, number, number)).collect();
    if let Engine::Sqlite { .. } = database.engine {
        // The log is emptied and cut: what is written next needs room.
        Raw::open(&database.engine).run("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }
    disk.fill();
    let steps = (0..100).find_map(|_| house.service.step().err());
    let refused = steps.expect("there is room in spite of all");
    assert!(matches!(refused, CaError::Ledger(LedgerError::Unavailable(_))), "{refused:?}");
    // As often as it tries: nothing more is signed than was recorded to be.
    for _ in 0..5 {
        house.world.clock.advance(Span::seconds(2));
        let _ = house.service.step();
    }
    let signatures = house.ca_key.signatures.load(Ordering::SeqCst);
    disk.free();
    revive();
    let intents = Raw::open(&database.engine).count("attempts");
    assert!(signatures <= intents, "{signatures} signatures, {intents} intents");
    // The same process goes on. What it could not record is in doubt once it is old.
    house.world.clock.advance(Span::minutes(6));
    house.steps();
    house.must_be_settled(database, &orders);
}
