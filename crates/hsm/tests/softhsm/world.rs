//! A token folder, tokens and a process of its own for each test.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};

use ndoba_hsm::{
    Key, KeySpec, Module, ModuleConfig, PinSource, QueueLimits, Recovery, Token, TokenConfig, TokenSelector,
};
use ndoba_types::{Purpose, SignatureAlgorithm};

pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub(crate) const PIN: &str = "4711 0815";
const SO_PIN: &str = "12345678";
const DIR: &str = "NDOBA_HSM_TEST_DIR";

/// Declares tests that run in a world of their own.
macro_rules! worlds {
    ($($(#[$attribute:meta])* fn $name:ident($world:ident: &World) $body:block)*) => {$(
        $(#[$attribute])*
        #[test]
        fn $name() {
            crate::world::run(module_path!(), stringify!($name), |$world: &crate::world::World| $body);
        }
    )*};
}
pub(crate) use worlds;

/// Two tokens, `alpha` and `beta`, in a folder.
pub(crate) struct World {
    dir: PathBuf,
}

/// Runs `body` in a child process that has a world.
pub(crate) fn run(module: &str, name: &str, body: impl FnOnce(&World)) {
    if let Some(dir) = env::var_os(DIR) {
        body(&World { dir: dir.into() });
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let world = World { dir: dir.path().to_owned() };
    world.create();
    let (_, path) = module.split_once("::").unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args([&format!("{path}::{name}"), "--exact", "--nocapture"])
        .envs(world.environment())
        .status()
        .unwrap();
    assert!(status.success(), "{status}; see the child's output above");
}

impl World {
    fn create(&self) {
        fs::create_dir(self.dir.join("tokens")).unwrap();
        fs::create_dir(self.dir.join("state")).unwrap();
        // The sample that we ship, with another folder.
        let sample = include_str!("../../../../hsm/softhsm2.conf");
        let conf = sample.replace("/var/lib/ndoba/tokens", self.dir.join("tokens").to_str().unwrap());
        assert_ne!(conf, sample);
        fs::write(self.dir.join("softhsm2.conf"), conf).unwrap();
        fs::write(self.control(), "").unwrap();
        for label in ["alpha", "beta"] {
            let before = self.token_folders();
            self.tool(
                "softhsm2-util",
                &["--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN],
            );
            let folder = self.token_folders().into_iter().find(|folder| !before.contains(folder)).unwrap();
            fs::write(self.dir.join(format!("{label}.folder")), folder.to_str().unwrap()).unwrap();
            self.write_pin(label, PIN);
        }
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            (DIR, self.dir.clone().into()),
            ("SOFTHSM2_CONF", self.dir.join("softhsm2.conf").into()),
            ("NDOBACTL_WITNESS_MODULE", SOFTHSM.into()),
            ("NDOBACTL_WITNESS_LOG", self.dir.join("witness.log").into()),
            ("NDOBACTL_WITNESS_CONTROL", self.control().into()),
        ]
    }

    /// Runs a command in this world's environment.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).envs(self.environment()).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    pub(crate) fn write_pin(&self, token: &str, pin: &str) {
        let path = self.dir.join(format!("{token}.pin"));
        fs::write(&path, format!("{pin}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Where SoftHSM keeps this token.
    pub(crate) fn token_folder(&self, token: &str) -> PathBuf {
        fs::read_to_string(self.dir.join(format!("{token}.folder"))).unwrap().into()
    }

    fn token_folders(&self) -> Vec<PathBuf> {
        fs::read_dir(self.dir.join("tokens")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn control(&self) -> PathBuf {
        self.dir.join("witness.control")
    }

    /// The faults that the witness makes from now on.
    pub(crate) fn faults(&self, rules: &str) {
        // Replaced, not rewritten: the witness must never read half of it. A comment of changing length makes sure
        // that it notices the change.
        static TURN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let turn = TURN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let next = self.dir.join("witness.control.next");
        fs::write(&next, format!("# {}\n{rules}\n", "x".repeat(turn))).unwrap();
        fs::rename(next, self.control()).unwrap();
    }

    /// The witness's lines: input, return value, signature.
    pub(crate) fn witnessed(&self) -> Vec<(String, String, String)> {
        let text = fs::read_to_string(self.dir.join("witness.log")).unwrap_or_default();
        text.lines()
            .map(|line| {
                let words: Vec<_> = line.split(' ').collect();
                assert_eq!(words.len(), 5, "{line}");
                (words[2].into(), words[3].into(), words[4].into())
            })
            .collect()
    }

    /// Starts SoftHSM itself.
    pub(crate) fn softhsm(&self) -> Module {
        self.start(Path::new(SOFTHSM), |_| {})
    }

    /// Starts SoftHSM behind the witness.
    pub(crate) fn witness(&self, change: impl FnOnce(&mut ModuleConfig)) -> Module {
        self.start(&witness_module(), change)
    }

    fn start(&self, module: &Path, change: impl FnOnce(&mut ModuleConfig)) -> Module {
        let mut config = self.config(module);
        change(&mut config);
        Module::start(config).unwrap()
    }

    pub(crate) fn config(&self, module: &Path) -> ModuleConfig {
        let token = |name: &str| TokenConfig {
            name: name.into(),
            selector: TokenSelector::Label(name.into()),
            pin: PinSource::File(self.dir.join(format!("{name}.pin"))),
            limits: QueueLimits {
                depth: NonZeroUsize::new(256).unwrap(),
                deadline: Duration::from_secs(8),
                sessions: NonZeroUsize::new(3).unwrap(),
            },
            canary: "canary/canary/1".parse().unwrap(),
        };
        ModuleConfig {
            path: module.into(),
            state_dir: self.state(),
            tokens: vec![token("alpha"), token("beta")],
            recovery: Recovery {
                probe_every: Duration::from_millis(200),
                reinitialise_min: Duration::from_millis(100),
                reinitialise_max: Duration::from_secs(1),
                hang_after: Duration::from_secs(2),
            },
        }
    }
}

/// The token, ready.
pub(crate) fn ready(module: &Module, name: &str) -> Token {
    let token = module.token(name).unwrap();
    assert!(token.wait_ready(Duration::from_secs(10)), "{:?}", token.health());
    token
}

/// Makes a P-256 key and opens it.
pub(crate) fn p256_key<P: Purpose>(token: &Token, label: &str) -> Key<P> {
    let label = label.parse().unwrap();
    token.generate(&label, KeySpec::P256).unwrap();
    token.open(&label, SignatureAlgorithm::EcdsaP256Sha256).unwrap()
}

/// Waits until `happens`.
pub(crate) fn eventually(what: &str, mut happens: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happens() {
        assert!(began.elapsed() < Duration::from_secs(15), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Builds the witness, once per process.
pub(crate) fn witness_module() -> PathBuf {
    static BUILD: Once = Once::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target/shims");
    BUILD.call_once(|| {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--manifest-path"])
            .arg(root.join("tests/shims/witness/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
    target.join("debug/libndoba_witness.so")
}
