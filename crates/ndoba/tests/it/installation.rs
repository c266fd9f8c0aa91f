//! An installation of its own for a test: state folder, database, SoftHSM behind the witness, ports, officers.
//!
//! A ceremony takes seconds: one is held for each engine, and tests get copies of what it made ([`prepared`]).

mod database;
mod officers;
mod prepared;
mod relying;
mod serving;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ndoba_testkit::{PostgresCluster, free_port};

use crate::program;

pub(crate) use database::Engine;
pub(crate) use officers::{Subject, today};
pub(crate) use serving::Serving;

/// The address that certificates carry; linters take a name with dots for one on the internet.
pub(crate) const PUBLIC_URL: &str = "http://pki.example.com";
pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

pub(crate) struct Installation {
    folder: tempfile::TempDir,
    /// Public, public TLS, officers, operator.
    ports: [u16; 4],
}

impl Installation {
    /// With a registration officer, an approver, a revocation officer and an auditor.
    pub(crate) fn on(engine: Engine) -> Self {
        prepared::copy(engine)
    }

    /// As [`Self::on`] SQLite, by a ceremony of its own with this plan.
    pub(crate) fn planned(plan: &str) -> Self {
        Self::planned_on(Engine::Sqlite, plan)
    }

    /// As [`Self::on`], by a ceremony of its own with this plan.
    pub(crate) fn planned_on(engine: Engine, plan: &str) -> Self {
        let one = Self::empty();
        fs::write(one.file("plan.toml"), plan).unwrap();
        one.hold_ceremony_on(engine, &["--plan", "plan.toml"]);
        one.appoint_officers();
        one
    }

    /// As [`Self::on`] SQLite, by a ceremony of its own after which certificates carry the addresses at which this
    /// installation is served: for programs that follow them.
    pub(crate) fn found_at_its_addresses() -> Self {
        let one = Self::empty();
        let url = format!("http://{}", one.public());
        one.hold_ceremony_at(&url, &[]);
        one.appoint_officers();
        one
    }

    /// Holds a ceremony here, on a new database of this engine.
    fn hold_ceremony_on(&self, engine: Engine, options: &[&str]) {
        if engine == Engine::Postgresql {
            fs::write(self.file("database.url"), PostgresCluster::shared().new_database()).unwrap();
            self.hold_ceremony(&[&["--postgresql-url-file", "database.url"], options].concat());
        } else {
            self.hold_ceremony(options);
        }
    }

    /// A folder and ports, and nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), ports: [(); 4].map(|()| free_port().unwrap()) }
    }

    /// Holds a ceremony here with further options; what it printed.
    pub(crate) fn hold_ceremony(&self, options: &[&str]) -> String {
        self.hold_ceremony_at(PUBLIC_URL, options)
    }

    /// The same with another address in certificates.
    fn hold_ceremony_at(&self, public_url: &str, options: &[&str]) -> String {
        let list = self.ports.map(|port| port.to_string()).join(",");
        let (dir, module) = (self.file("").display().to_string(), witness_module());
        let command = ["ceremony", "run", "--development", "--dir", &dir, "--module", &module];
        let addresses = ["--ports", &list, "--public-url", public_url];
        self.must(&[&command[..], &addresses, options].concat())
    }

    /// Where the public is served over HTTP.
    pub(crate) fn public(&self) -> SocketAddr {
        self.address(0)
    }

    /// Where the public is served over HTTPS.
    pub(crate) fn public_tls(&self) -> SocketAddr {
        self.address(1)
    }

    /// Where officers are served.
    pub(crate) fn officers(&self) -> SocketAddr {
        self.address(2)
    }

    /// Where metrics and health are.
    pub(crate) fn operator(&self) -> SocketAddr {
        self.address(3)
    }

    fn address(&self, place: usize) -> SocketAddr {
        ([127, 0, 0, 1], self.ports[place]).into()
    }

    /// The state folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Runs `ndoba` to its end, which must come.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut limited = Command::new("timeout");
        let limit = (program::PATIENCE * 2).as_secs().to_string();
        let output = self.prepared(limited.args([&limit, env!("CARGO_BIN_EXE_ndoba")]), arguments).output();
        let output = output.unwrap();
        assert_ne!(output.status.code(), Some(124), "it does not end: ndoba {arguments:?}\n{}", self.log());
        output
    }

    /// Runs another program in the surroundings of this installation.
    pub(crate) fn run_beside(&self, mut command: Command) -> Output {
        self.prepared(&mut command, &[]).output().unwrap()
    }

    /// Runs `ndoba`, which must succeed; what it printed.
    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ndoba {arguments:?}: {said}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `ndoba`, which must refuse with a status of failure; what it said.
    #[track_caller]
    pub(crate) fn must_not(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = program::said(&output);
        assert!(output.status.code().is_some_and(|code| code != 0), "ndoba {arguments:?}: {said}");
        said
    }

    /// Runs `openssl` in the state folder, which must succeed; what it said on both streams.
    #[track_caller]
    pub(crate) fn openssl(&self, arguments: &[&str]) -> String {
        program::must(self.folder(), "openssl", arguments)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ndoba"));
        self.prepared(&mut command, arguments);
        command
    }

    /// Gives a command the arguments and the surroundings of this installation.
    fn prepared<'c>(&self, command: &'c mut Command, arguments: &[&str]) -> &'c mut Command {
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NDOBACTL_API", format!("https://{}", self.officers()))
            .env("NDOBACTL_WITNESS_MODULE", SOFTHSM)
            .env("NDOBACTL_WITNESS_LOG", self.file("witness.log"))
            .env("NDOBACTL_WITNESS_CONTROL", self.file("witness.control"))
            // Ours, for the tests; `ndoba` reads NDOBA_… as configuration.
            .env_remove("NDOBA_SHIMS")
            .env_remove("NDOBA_JUDGES")
            .stdin(Stdio::null())
    }
}

/// The shim that writes down every signature before it is returned; `cargo xtask test` builds it.
fn witness_module() -> String {
    let folder = std::env::var_os("NDOBA_SHIMS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/shims/debug"),
        PathBuf::from,
    );
    let module = folder.join("libndoba_witness.so").canonicalize();
    module.expect("build the shims first: cargo xtask test").display().to_string()
}
