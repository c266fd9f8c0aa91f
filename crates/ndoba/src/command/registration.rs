//! `ndoba registration`: the data key of an installation that has none, its successor, and the records under it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _};
use ndoba_hsm::KeyError;
use ndoba_registration::ports::{Act, DataKeyRegistry as _};
use ndoba_settings::{DataKeyRef, Settings};
use ndoba_store::Store;

use crate::cli::{ConfigArgs, RegistrationCommand};
use crate::data_keys::{self, Taken};
use crate::installation::{self, World};
use crate::tokens::Tokens;

/// How long the token may take to be there.
const TOKEN_WAIT: Duration = Duration::from_secs(30);
/// Rows of each kind that are sealed in one transaction.
const BATCH: u32 = 500;

/// Carries one out.
pub(crate) fn run(command: &RegistrationCommand) -> anyhow::Result<()> {
    match command {
        RegistrationCommand::DataKey(config) => Desk::open(config)?.make_first(),
        RegistrationCommand::RotateDataKey(config) => Desk::open(config)?.rotate(),
        RegistrationCommand::SealRecords(config) => Desk::open(config)?.seal().map(drop),
    }
}

/// How the records stand, where this configuration's role may know.
pub(crate) fn status(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let sealing = installation::open_store(settings)?.sealing()?;
    let mut lines: Vec<String> = sealing
        .under
        .iter()
        .map(|(number, rows)| format!("{rows} records are sealed under data key {number}"))
        .collect();
    if sealing.clear > 0 {
        lines.push(format!("{} records are in clear: ndoba registration seal-records", sealing.clear));
    }
    Ok(lines)
}

struct Desk {
    data_key: DataKeyRef,
    store: Store,
    tokens: Tokens,
    world: World,
}

impl Desk {
    fn open(config: &ConfigArgs) -> anyhow::Result<Self> {
        let settings = installation::load(&config.config)?;
        let data_key = settings.data_key.clone().context("the configuration has no section [data_key]")?;
        let store = installation::open_store(&settings)?;
        let world = World::of(&settings)?;
        let tokens = Tokens::start(&settings, |name| name == data_key.token)?;
        tokens.wait_ready(TOKEN_WAIT)?;
        Ok(Self { data_key, store, tokens, world })
    }

    fn make_first(&self) -> anyhow::Result<()> {
        let DataKeyRef { token, label } = &self.data_key;
        let token = self.tokens.get(token)?;
        match token.generate_wrapping(label) {
            Ok(_) => println!("made {label}"),
            Err(KeyError::Exists { .. }) => println!("{label} is there"),
            Err(error) => return Err(error.into()),
        }
        // Read back, whoever made it (requirements P-41).
        let offending = token.inspect_wrapping(label)?.offending();
        anyhow::ensure!(offending.is_empty(), "the key {label} must not be used: {}", offending.join(", "));
        if let Some(newest) = self.store.data_keys()?.last() {
            println!("data key {} is there", newest.number);
            return Ok(());
        }
        let number = data_keys::make(token, label, &self.store, &self.world, actor("data-key"))?;
        println!("made data key {number}");
        Ok(())
    }

    fn rotate(&self) -> anyhow::Result<()> {
        let DataKeyRef { token, label } = &self.data_key;
        let token = self.tokens.get(token)?;
        match &self.store.data_keys()?[..] {
            [] => anyhow::bail!("there is no data key yet: ndoba registration data-key"),
            [_] => {
                let number =
                    data_keys::make(token, label, &self.store, &self.world, actor("rotate-data-key"))?;
                println!("made data key {number}");
            }
            // An earlier rotation was cut off.
            [.., newest] => println!("going on with data key {}", newest.number),
        }
        let newest = self.seal()?;
        // A role that had not seen the new key yet may have sealed a row under an older one: the database refuses then.
        let what = EventKind::DataKeysDestroyed { before: newest.into() };
        let event = self.event("rotate-data-key", what)?;
        self.store.destroy_data_keys_before(newest, Act { events: &[event], receipt: None }).context(
            "a record is still sealed under an older key: run `ndoba registration rotate-data-key` again",
        )?;
        println!("destroyed the data keys before {newest}");
        Ok(())
    }

    /// Seals what is not sealed under the newest key; that key's number.
    fn seal(&self) -> anyhow::Result<u32> {
        let token = self.tokens.get(&self.data_key.token)?;
        let stored = self.store.data_keys()?;
        let keys = data_keys::unwrap(token, &stored, self.store.installation(), &self.world.random)?;
        let newest = keys.newest();
        let store = self.store.clone().with_vault(Arc::new(Taken(Arc::new(keys))));
        let mut rows = 0;
        loop {
            let found = store.seal_records(BATCH)?;
            if found == 0 {
                break;
            }
            rows += found;
        }
        println!("sealed {rows} records under data key {newest}");
        if rows > 0 {
            self.store.record(&[
                self.event("seal-records", EventKind::RecordsSealed { number: newest.into(), rows })?
            ])?;
            match store.scrub() {
                Ok(true) => {}
                Ok(false) => {
                    println!("as the database's owner, run VACUUM FULL applications, evidence, copies")
                }
                // Somebody reads at length. What was overwritten is sealed, unless there were rows in clear.
                Err(error) => {
                    println!("the database's file is to be written anew with no role running: {error}")
                }
            }
        }
        Ok(newest)
    }

    fn event(&self, command: &'static str, what: EventKind) -> anyhow::Result<Event> {
        Ok(Event::new(&*self.world.random, self.world.clock.now(), actor(command), what)?)
    }
}

fn actor(command: &'static str) -> Actor {
    Actor::Operator(command.into())
}
