//! An installation of its own for a test: state folder, database, SoftHSM behind the witness, ports, officers.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ndoba_testkit::PostgresCluster;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Each has one officer, whose file is `officers/<role>.pem`.
const ROLES: [&str; 4] = ["registration-officer", "approver", "revocation-officer", "auditor"];
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Where an installation keeps its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A database of the test program's cluster.
    Postgresql,
    /// A file in the state folder.
    Sqlite,
}

impl Engine {
    pub(crate) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgresql];
}

pub(crate) struct Installation {
    folder: tempfile::TempDir,
    ports: [u16; 4],
}

/// A `serve` process; killed when dropped.
pub(crate) struct Serving(Child);

impl Installation {
    /// Holds a ceremony and appoints a registration officer, an approver, a revocation officer and an auditor.
    pub(crate) fn on(engine: Engine) -> Self {
        let database = match engine {
            Engine::Postgresql => Some(PostgresCluster::shared().new_database()),
            Engine::Sqlite => None,
        };
        Self::with_database(database.as_deref())
    }

    /// As [`Self::on`] SQLite, by a ceremony with this plan.
    pub(crate) fn planned(plan: &str) -> Self {
        Self::with(None, Some(plan))
    }

    /// As [`Self::on`], on SQLite or in the empty PostgreSQL database with this connection string.
    pub(crate) fn with_database(postgresql: Option<&str>) -> Self {
        Self::with(postgresql, None)
    }

    fn with(postgresql: Option<&str>, plan: Option<&str>) -> Self {
        let listeners: Vec<_> = (0..4).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|one| one.local_addr().unwrap().port()).collect();
        drop(listeners);
        let one = Self { folder: tempfile::tempdir().unwrap(), ports: ports.try_into().unwrap() };
        let list = one.ports.map(|port| port.to_string()).join(",");
        let (dir, module) = (one.file("").display().to_string(), witness_module());
        let mut ceremony =
            vec!["ceremony", "run", "--development", "--dir", &dir, "--module", &module, "--ports", &list];
        if let Some(url) = postgresql {
            fs::write(one.file("database.url"), url).unwrap();
            ceremony.extend(["--postgresql-url-file", "database.url"]);
        }
        if let Some(plan) = plan {
            fs::write(one.file("plan.toml"), plan).unwrap();
            ceremony.extend(["--plan", "plan.toml"]);
        }
        one.must(&ceremony);
        let serving = one.serve(None);
        for (place, role) in ROLES.into_iter().enumerate() {
            let pem = format!("officers/{role}.pem");
            one.must(&["officer", "new", "--config", "ndoba.toml", "--name", role, "--out", &pem]);
            let number = format!("0100100000{place}");
            one.must(&[
                "officer",
                "grant",
                "--as",
                "officers/security-1.pem",
                "--second",
                "officers/security-2.pem",
                "--officer",
                &pem,
                "--name",
                role,
                "--personal-number",
                &number,
                "--roles",
                role,
                "--yes",
            ]);
        }
        drop(serving);
        one
    }

    /// Where the public is served over HTTP.
    pub(crate) fn public(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports[0]).into()
    }

    /// Where the public is served over HTTPS.
    pub(crate) fn public_tls(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports[1]).into()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `ndoba`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `ndoba`, which must succeed; what it printed.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ndoba {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts serving, perhaps with a failpoint armed, and waits until the officers' address answers.
    pub(crate) fn serve(&self, failpoint: Option<&str>) -> Serving {
        let mut serving = self.start("ndoba.toml", failpoint);
        self.await_officers_of(&mut serving);
        serving
    }

    /// Waits until `serving` answers at the officers' address.
    pub(crate) fn await_officers_of(&self, serving: &mut Serving) {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.ports[2])).is_err() {
            assert!(start.elapsed() < PATIENCE && serving.0.try_wait().unwrap().is_none(), "{}", self.log());
            sleep(Duration::from_millis(50));
        }
    }

    /// Starts serving by another configuration, and waits for nothing.
    pub(crate) fn start(&self, configuration: &str, failpoint: Option<&str>) -> Serving {
        let armed: Vec<_> =
            failpoint.map(|arrow| ("NDOBACTL_FAILPOINT", arrow.to_owned())).into_iter().collect();
        self.start_under(configuration, &armed)
    }

    /// As [`Self::start`], with these environment variables.
    pub(crate) fn start_under(&self, configuration: &str, variables: &[(&str, String)]) -> Serving {
        let log = fs::File::options().create(true).append(true).open(self.file("serve.log")).unwrap();
        let mut command = self.command(&["serve", "--config", configuration]);
        command.stdout(Stdio::null()).stderr(log);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Serving(command.spawn().unwrap())
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("serve.log")).unwrap_or_default()
    }

    /// Opens and submits an application for the person with this number; its id.
    pub(crate) fn apply(&self, number: &str) -> String {
        let (key, csr) = (self.file("person.key"), self.file("person.csr"));
        let openssl = |arguments: &[&str]| {
            assert!(Command::new("openssl").args(arguments).output().unwrap().status.success());
        };
        openssl(&[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            &key.to_string_lossy(),
        ]);
        openssl(&[
            "req",
            "-new",
            "-key",
            &key.to_string_lossy(),
            "-subj",
            "/CN=x",
            "-out",
            &csr.to_string_lossy(),
        ]);
        let today =
            String::from_utf8(Command::new("date").args(["-u", "+%F"]).output().unwrap().stdout).unwrap();
        let content = format!(
            "profile = \"person-signature\"\ndays = 365\n[subject]\ntype = \"natural-person\"\n\
             given_names = \"ნინო\"\nsurname = \"ბერიძე\"\npersonal_number = \"{number}\"\nemail = \"n@example.ge\"\n\
             [identity_document]\ntype = \"identity-card\"\nnumber = \"12IA34567\"\nissued_by = \"PSDA\"\n\
             [identity_proofing]\nmethod = \"physical-presence\"\ndate = \"{}\"\nseen_by = \"officer\"\n",
            today.trim()
        );
        fs::write(self.file("person.toml"), content).unwrap();
        let registration = "officers/registration-officer.pem";
        let said = self.must(&[
            "application",
            "new",
            "--file",
            "person.toml",
            "--csr",
            "person.csr",
            "--as",
            registration,
        ]);
        let id = said.split_whitespace().last().unwrap().to_owned();
        self.must(&["application", "submit", &id, "--as", registration, "--yes"]);
        id
    }

    /// Waits until the application has its certificate; the serial number.
    pub(crate) fn await_certificate(&self, application: &str) -> String {
        let start = Instant::now();
        loop {
            let said =
                self.must(&["application", "show", application, "--as", "officers/registration-officer.pem"]);
            let last = said.split_whitespace().last().unwrap();
            if last != "yet" {
                return last.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{said}\n{}", self.log());
            sleep(Duration::from_millis(100));
        }
    }

    /// Has a certificate issued to the person with this number; its serial number.
    pub(crate) fn issue(&self, number: &str) -> String {
        let application = self.apply(number);
        self.must(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
        self.await_certificate(&application)
    }

    /// Asks for a certificate to be revoked because its key was lost.
    pub(crate) fn revoke(&self, serial: &str) -> Output {
        self.run(&[
            "certificate",
            "revoke",
            serial,
            "--reason",
            "keyCompromise",
            "--channel",
            "own-finding",
            "--note",
            "a drill",
            "--as",
            "officers/revocation-officer.pem",
            "--yes",
        ])
    }

    /// What the officers see of a certificate.
    pub(crate) fn shown(&self, serial: &str) -> String {
        self.must(&["certificate", "show", serial, "--as", "officers/registration-officer.pem"])
    }

    /// The CRL for signatures that is online, as openssl tells it.
    pub(crate) fn crl(&self) -> String {
        let arguments = ["crl", "-inform", "DER", "-noout", "-text", "-in"];
        let told =
            Command::new("openssl").args(arguments).arg(self.file("published/crl/signature.crl")).output();
        String::from_utf8_lossy(&told.unwrap().stdout).to_lowercase()
    }

    /// Waits until the CRL lists the certificate.
    pub(crate) fn await_listed(&self, serial: &str) {
        let start = Instant::now();
        while !self.crl().contains(serial) {
            assert!(start.elapsed() < PATIENCE, "{serial} is not on the CRL\n{}", self.log());
            sleep(Duration::from_millis(100));
        }
    }

    /// What OCSP says of a certificate for signatures, as openssl tells it, its signature verified.
    pub(crate) fn ocsp(&self, serial: &str) -> String {
        let (root, issuer) = (self.file("pki/root.pem"), self.file("pki/signature.pem"));
        let told = Command::new("openssl")
            .args(["ocsp", "-no_nonce", "-url", &format!("http://127.0.0.1:{}/ocsp", self.ports[0])])
            .args(["-issuer".as_ref(), issuer.as_os_str(), "-verify_other".as_ref(), issuer.as_os_str()])
            .args(["-CAfile".as_ref(), root.as_os_str()])
            .args(["-serial", &format!("0x{serial}")])
            .output()
            .unwrap();
        String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ndoba"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NDOBACTL_API", format!("https://127.0.0.1:{}", self.ports[2]))
            .env("NDOBACTL_WITNESS_MODULE", SOFTHSM)
            .env("NDOBACTL_WITNESS_LOG", self.file("witness.log"))
            // Ours, for the tests; `ndoba` reads NDOBA_… as configuration.
            .env_remove("NDOBA_SHIMS")
            .env_remove("NDOBA_JUDGES")
            .stdin(Stdio::null());
        command
    }
}

impl Serving {
    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let start = Instant::now();
        loop {
            match self.0.try_wait().unwrap() {
                Some(status) => return assert!(status.success(), "{status}"),
                None => assert!(start.elapsed() < PATIENCE, "it does not stop"),
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end that a failpoint brings.
    pub(crate) fn await_end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the failpoint was not reached");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Serving {
    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
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
