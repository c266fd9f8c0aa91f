//! `ndoba-bench ca`: certificates issued and revoked, on both databases, with every signature, check and event.

mod crl;
mod disk;
mod one;
mod queue;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use ndoba_registration::ports::Registry as _;
use ndoba_store::Store;
use ndoba_types::OrderId;

use crate::database::Database;
use crate::installation::{Installation, loaded_ca};
use crate::loader::{Loader, ca_certificate};
use crate::officers::{self, Officers};
use crate::orders::Desk;
use crate::process::Running;
use crate::report::Report;
use crate::{Common, issuing_key};

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// The databases.
    #[arg(long, value_delimiter = ',', default_values_t = [Database::Sqlite, Database::Postgres])]
    databases: Vec<Database>,
    /// An empty PostgreSQL database; one of a temporary cluster when absent.
    #[arg(long, value_name = "CONNECTION")]
    postgres: Option<String>,
    /// Orders in the queue that is never empty.
    #[arg(long, value_name = "N", default_value_t = 6000)]
    orders: u64,
    /// Orders issued and revoked one after the other.
    #[arg(long, value_name = "N", default_value_t = 200)]
    single: u64,
    /// Table sizes, rising.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [10_000, 100_000])]
    sizes: Vec<u64>,
    /// Revoked certificates on the CRL that is timed; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    crl: u64,
    /// Do not issue with the ceremony's P-384 key besides.
    #[arg(long)]
    only_p256: bool,
}

/// What the issuing key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaKey {
    P256,
    /// The ceremony's.
    P384,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    // For the officers' API.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut report = Report::new("ca", options.common.json);
    for (place, database) in options.databases.iter().enumerate() {
        let bench = Bench::new(options, *database, CaKey::P256)?;
        report.say(&format!("On {database}, issuing key P-256:"));
        let issued = queue::measure(&bench, &format!("_{database}"), &mut report)?;
        if place == 0 {
            report.figure("issued_per_s", issued.per_s, "certificates, on the first database");
            report.figure(
                "issued_vs_token",
                issued.per_s / issued.token_per_s,
                "ratio to the token's own rate",
            );
        }
        one::measure(&bench, &format!("_{database}"), &mut report)?;
        let mut loader = Loader::new(&bench.installation)?;
        let before = disk::ledger(&bench)?;
        let mut loaded = 0;
        for size in &options.sizes {
            report.say(&format!("On {database} with {size} certificates more in the tables:"));
            disk::load_up_to(&bench, &mut loader, loaded, *size)?;
            if loaded == 0 {
                // Before anything else is written: these certificates are what was added.
                disk::measure(&bench, *database, before, *size, &mut report)?;
            }
            loaded = *size;
            one::measure(&bench, &format!("_{database}_{size}"), &mut report)?;
        }
        if options.crl > 0 {
            loader.load_many_up_to(&bench.installation, options.crl)?;
            crl::measure(&bench, *database, &mut report)?;
        }
        if !options.only_p256 {
            drop(bench);
            let bench = Bench::new(options, *database, CaKey::P384)?;
            report.say(&format!("On {database}, issuing key P-384:"));
            queue::measure(&bench, &format!("_{database}_p384"), &mut report)?;
        }
    }
    report.finish();
    Ok(())
}

/// An installation whose CA is given orders.
struct Bench<'a> {
    options: &'a Options,
    installation: Installation,
    store: Store,
    officers: Officers,
    /// The connection string, on PostgreSQL.
    url: Option<String>,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options, database: Database, key: CaKey) -> anyhow::Result<Self> {
        let url = database.url(options.postgres.as_deref())?;
        let installation = Installation::new(&options.common, url.as_deref())?;
        let store = installation.store()?;
        let durability = store.durability()?;
        anyhow::ensure!(
            matches!(durability.as_str(), "on" | "wal/2/1"),
            "the database says {durability} of its commits: a bench counts durable ones only"
        );
        let officers = officers::appoint(&installation)?;
        if key == CaKey::P256 {
            issuing_key::install(&installation)?;
        }
        Ok(Self { options, installation, store, officers, url })
    }

    /// Starts the CA with its audit log; returns when it is ready, and how long that took.
    fn start(&self) -> anyhow::Result<(Running, Duration)> {
        let mut server = self.installation.serve(&["ca", "audit"])?;
        server.await_port(self.installation.operator_port()).with_context(|| self.installation.log())?;
        let age = server.age();
        Ok((server, age))
    }

    fn desk(&self) -> anyhow::Result<Desk<'_>> {
        let certificate = ca_certificate(&self.installation)?;
        let ski = certificate.subject_key_identifier().context("the CA has no key identifier")?;
        Ok(Desk {
            store: &self.store,
            officers: &self.officers,
            installation: self.installation.settings()?.installation,
            ca: loaded_ca().parse()?,
            ski: ski.try_into()?,
        })
    }

    /// Waits until the CA has ended this order; it must not have refused it.
    fn await_done(&self, order: OrderId, server: &mut Running) -> anyhow::Result<()> {
        use ndoba_registration::ports::OrderState;
        loop {
            let found = self.store.order(order)?.context("an order is gone")?;
            match found.state {
                OrderState::Done { .. } => return Ok(()),
                OrderState::Open | OrderState::Queued | OrderState::Claimed => {}
                OrderState::Refused { code, message } => anyhow::bail!("the CA refused: {code}: {message}"),
                OrderState::Expired | OrderState::Withdrawn => anyhow::bail!("an order ended unasked"),
            }
            server.must_live().with_context(|| self.installation.log())?;
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}
