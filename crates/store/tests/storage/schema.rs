//! The two directories of migrations make one schema, and databases of others are refused.

use std::collections::BTreeSet;

use ndoba_audit::{Event, EventKind};
use ndoba_store::{Engine, OpenError, Store, StoreError};

use crate::cluster::{HOME, empty_postgres, on_both, postgres, sqlite};
use crate::fixtures::{at, event};
use crate::raw::Raw;

/// `table.column type null`, types as families.
fn columns(engine: &Engine) -> BTreeSet<String> {
    let mut raw = Raw::open(engine);
    let lines = match &raw {
        Raw::Postgres(_) => raw.lines(
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' ||
                    CASE is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END AS line
             FROM information_schema.columns WHERE table_schema = 'public'",
        ),
        Raw::Sqlite(_) => raw.lines(
            "SELECT t.name || '.' || c.name || ' ' || c.type || ' ' ||
                    CASE c.\"notnull\" WHEN 0 THEN 'null' ELSE 'not null' END AS line
             FROM sqlite_master t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        ),
    };
    lines
        .into_iter()
        .filter(|line| !line.starts_with("__diesel"))
        .map(|line| {
            line.replace(" bytea ", " BLOB ").replace(" bigint ", " INTEGER ").replace(" text ", " TEXT ")
        })
        .collect()
}

/// Names of indexes and triggers: the other half of what a schema promises.
fn rules(engine: &Engine) -> BTreeSet<String> {
    let mut raw = Raw::open(engine);
    match &raw {
        Raw::Postgres(_) => raw.lines(
            "SELECT indexname::text AS line FROM pg_indexes WHERE schemaname = 'public'
               AND indexname NOT IN (SELECT conname FROM pg_constraint) AND indexname NOT LIKE '\\_\\_%'
             UNION SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE '%\\_no\\_truncate'",
        ),
        Raw::Sqlite(_) => raw.lines(
            "SELECT name AS line FROM sqlite_master WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite_%'",
        ),
    }
    .into_iter()
    .collect()
}

#[test]
fn both_engines_have_one_schema() {
    let (sqlite, postgres) = (sqlite(), postgres());
    let columns_there = columns(&postgres.engine);
    assert!(columns_there.len() > 100, "{}", columns_there.len());
    assert_eq!(columns(&sqlite.engine), columns_there);
    assert_eq!(rules(&sqlite.engine), rules(&postgres.engine));
}

#[test]
fn a_database_has_one_identity() {
    on_both(|database| {
        assert_eq!(database.store.installation(), HOME);
        assert!(matches!(Store::create(&database.engine, 2, HOME, at(9)), Err(OpenError::AlreadyThere)));
        assert_eq!(Store::open(&database.engine, 2).unwrap().installation(), HOME);
        assert!(upgrade(&database.engine).unwrap().is_empty());
    });
}

fn upgrade(engine: &Engine) -> Result<Vec<String>, OpenError> {
    Store::upgrade(engine, &mut |version| {
        Ok(Event { what: EventKind::SchemaMigrated { version: version.parse().unwrap() }, ..event() })
    })
}

/// Each migration commits with its event: where that cannot be written, the schema stays what it was.
#[test]
fn a_migration_commits_with_its_event_or_not_at_all() {
    on_both(|database| {
        let mut raw = Raw::open(&database.engine);
        raw.run("DELETE FROM data_keys").unwrap();
        let before = match &raw {
            Raw::Postgres(_) => [
                include_str!("../../migrations/postgres/2026-11-28-000032_without_code/down.sql"),
                include_str!("../../migrations/postgres/2026-11-28-000031_application_profile/down.sql"),
                include_str!("../../migrations/postgres/2026-11-28-000021_crl_shards/down.sql"),
                include_str!("../../migrations/postgres/2026-11-28-000013_published_certificates/down.sql"),
                include_str!("../../migrations/postgres/2026-11-28-000012_representatives/down.sql"),
                include_str!("../../migrations/postgres/2026-11-28-000011_copies/down.sql"),
                include_str!("../../migrations/postgres/2026-11-27-000014_data_keys/down.sql"),
            ],
            Raw::Sqlite(_) => [
                include_str!("../../migrations/sqlite/2026-11-28-000032_without_code/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-28-000031_application_profile/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-28-000021_crl_shards/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-28-000013_published_certificates/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-28-000012_representatives/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-28-000011_copies/down.sql"),
                include_str!("../../migrations/sqlite/2026-11-27-000014_data_keys/down.sql"),
            ],
        };
        before.into_iter().for_each(|down| raw.run(down).unwrap());
        raw.run("ALTER TABLE crls DROP COLUMN published; DROP TABLE key_places; DROP TABLE responder_turns; DROP TABLE agreement_copies; DROP TABLE crl_parts; DROP TABLE officer_enrolments; DROP TABLE webhook_turns; DROP TABLE webhook_deliveries; DROP TABLE webhook_events; DELETE FROM __diesel_schema_migrations WHERE version >= '20261127000008'")
            .unwrap();
        raw.break_inserts("audit_events");
        assert!(matches!(upgrade(&database.engine), Err(OpenError::Store(StoreError::Unavailable(_)))));
        assert!(matches!(Store::open(&database.engine, 2), Err(OpenError::SchemaOld { .. })));
        assert!(raw.run("SELECT published FROM crls").is_err());

        raw.mend_inserts("audit_events");
        let missing = [
            "20261127000008",
            "20261127000011",
            "20261127000012",
            "20261127000013",
            "20261127000014",
            "20261127000015",
            "20261127000016",
            "20261128000001",
            "20261128000011",
            "20261128000012",
            "20261128000013",
            "20261128000021",
            "20261128000031",
            "20261128000032",
        ];
        assert_eq!(upgrade(&database.engine).unwrap(), missing);
        assert!(upgrade(&database.engine).unwrap().is_empty());
        Store::open(&database.engine, 2).unwrap();
        let events = raw.lines(match &raw {
            Raw::Postgres(_) => "SELECT convert_from(event, 'UTF8') AS line FROM audit_events",
            Raw::Sqlite(_) => "SELECT CAST(event AS TEXT) AS line FROM audit_events",
        });
        assert_eq!(events.len(), missing.len());
        for (event, version) in events.iter().zip(missing) {
            assert!(event.contains(r#""schema-migrated""#) && event.contains(version), "{event}");
        }
    });
}

#[test]
fn a_newer_schema_is_refused() {
    on_both(|database| {
        let mut raw = Raw::open(&database.engine);
        raw.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").unwrap();
        for outcome in [
            Store::open(&database.engine, 2).map(drop),
            upgrade(&database.engine).map(drop),
            Store::create(&database.engine, 2, HOME, at(9)).map(drop),
        ] {
            assert!(matches!(outcome, Err(OpenError::SchemaUnknown { .. })), "{outcome:?}");
        }
    });
}

/// Made by another text of the first migration, before the product's first version.
#[test]
fn a_development_database_with_other_tables_is_refused() {
    on_both(|database| {
        let mut raw = Raw::open(&database.engine);
        let drop_triggers = match &raw {
            Raw::Postgres(_) => "DROP TRIGGER meta_no_delete ON meta; DROP TRIGGER meta_no_update ON meta;",
            Raw::Sqlite(_) => "DROP TRIGGER meta_no_delete; DROP TRIGGER meta_no_update;",
        };
        raw.run(drop_triggers).unwrap();
        for make in [
            "UPDATE meta SET value = '1' WHERE key LIKE 'edition-%'",
            "DELETE FROM meta WHERE key LIKE 'edition-%'",
        ] {
            raw.run(make).unwrap();
            for outcome in [
                Store::open(&database.engine, 2).map(drop),
                upgrade(&database.engine).map(drop),
                Store::create(&database.engine, 2, HOME, at(9)).map(drop),
            ] {
                let said = outcome.unwrap_err().to_string();
                assert!(
                    said.contains("made by a development version") && said.contains("new ceremony"),
                    "{said}"
                );
            }
        }
    });
}

#[test]
fn nothing_is_created_by_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.sqlite");
    let missing = Store::open(&Engine::Sqlite { path: path.clone() }, 2);
    assert!(matches!(missing, Err(OpenError::Missing { .. })));
    assert!(!path.exists());
    assert!(matches!(Store::open(&empty_postgres(), 2), Err(OpenError::Missing { .. })));
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = sqlite();
    let Engine::Sqlite { path } = &database.engine else { unreachable!() };
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn commits_are_durable() {
    // PostgreSQL: even where the database's own default would lose commits.
    let Engine::Postgres { url } = empty_postgres() else { unreachable!() };
    let name = url.rsplit('=').next().unwrap();
    crate::cluster::cluster()
        .psql("postgres", &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let store = Store::create(&Engine::Postgres { url: url.clone() }, 2, HOME, at(0)).unwrap();
    assert_eq!(store.durability().unwrap(), "on");
    assert_eq!(sqlite().store.durability().unwrap(), "wal/2/1");
}
