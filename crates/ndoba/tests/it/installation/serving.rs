//! Processes that serve: all roles or some, as configured or otherwise, started and stopped.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::Installation;
use crate::program::{self, eventually, wait_for};

/// A process of ours, such as `serve`; killed when dropped.
pub(crate) struct Serving(Child);

impl Installation {
    /// Starts serving, perhaps with a failpoint armed, and waits until the officers' address answers.
    pub(crate) fn serve(&self, failpoint: Option<&str>) -> Serving {
        let mut serving = self.start("ndoba.toml", failpoint);
        self.await_officers_of(&mut serving);
        serving
    }

    /// Waits until `serving` answers at the officers' address.
    pub(crate) fn await_officers_of(&self, serving: &mut Serving) {
        self.await_address(serving, self.officers());
    }

    /// Waits until `serving` listens there.
    #[track_caller]
    pub(crate) fn await_address(&self, serving: &mut Serving, address: SocketAddr) {
        wait_for(|| {
            assert!(serving.0.try_wait().unwrap().is_none(), "it ended\n{}", self.log());
            TcpStream::connect(address).map_err(|error| format!("{address}: {error}\n{}", self.log()))
        });
    }

    /// As [`Self::serve`], with the clock put forward by so many hours.
    pub(crate) fn serve_ahead(&self, hours: u32) -> Serving {
        let mut serving = self.start_ahead("ndoba.toml", hours);
        self.await_officers_of(&mut serving);
        serving
    }

    /// As [`Self::start`], with the clock put forward by so many hours.
    pub(crate) fn start_ahead(&self, configuration: &str, hours: u32) -> Serving {
        self.start_with(configuration, &[("NDOBACTL_CLOCK_AHEAD", &(hours * 3600).to_string())])
    }

    /// Starts serving by another configuration, and waits for nothing.
    pub(crate) fn start(&self, configuration: &str, failpoint: Option<&str>) -> Serving {
        let armed = failpoint.map(|arrow| ("NDOBACTL_FAILPOINT", arrow));
        self.start_with(configuration, armed.as_slice())
    }

    /// As [`Self::start`], with these environment variables.
    pub(crate) fn start_with(&self, configuration: &str, variables: &[(&str, &str)]) -> Serving {
        let log = fs::File::options().create(true).append(true).open(self.file("serve.log")).unwrap();
        let mut command = self.command(&["serve", "--config", configuration]);
        command.stdout(Stdio::null()).stderr(log);
        command.envs(variables.iter().copied());
        Serving(command.spawn().unwrap())
    }

    /// Starts `ndoba` and waits for nothing; what it says is nobody's.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Serving {
        let mut command = self.command(arguments);
        Serving(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Writes the configuration `name` for some of the roles, each list of them with a node number of its own; metrics
    /// and health stay with the public role. Time-stamps are journalled by node 0, as in the whole configuration.
    pub(crate) fn configure_roles(&self, name: &str, roles: &[&str], node: u16) {
        let mut text = String::new();
        for line in self.read_text("ndoba.toml").lines() {
            let line = match line.split(" = ").next().unwrap() {
                "roles" => format!("roles = {roles:?}\nnode = {node}"),
                "officers" if !roles.contains(&"registration") => continue,
                "operator" | "public" | "public_tls" if !roles.contains(&"public") => continue,
                _ => line.to_owned(),
            };
            text += &(line + "\n");
        }
        fs::write(self.file(name), text).unwrap();
    }

    /// Writes the configuration `name`: the whole one with `from` replaced, which must be in it.
    #[track_caller]
    pub(crate) fn configure(&self, name: &str, from: &str, to: &str) {
        let text = self.read_text("ndoba.toml");
        assert!(text.contains(from), "{from}");
        fs::write(self.file(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Sets a limit in the configuration.
    pub(crate) fn limit(&self, line: &str) {
        let text = self.read_text("ndoba.toml");
        assert!(!text.contains("[limits]"));
        fs::write(self.file("ndoba.toml"), format!("{text}\n[limits]\n{line}\n")).unwrap();
    }

    /// Waits until `ready` says so; `what` is awaited.
    #[track_caller]
    pub(crate) fn await_that(&self, what: &str, ready: impl FnMut() -> bool) {
        eventually(ready, || format!("awaited {what}\n{}", self.log()));
    }

    /// What all `serve` processes of this installation have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("serve.log")).unwrap_or_default()
    }

    /// Makes the tokens do what these lines say (`tests/shims/witness`); none: nothing.
    pub(crate) fn token_faults(&self, lines: &str) {
        // Replaced, not rewritten: the witness must never read half of it.
        fs::write(self.file("witness.control.next"), format!("{lines}\n")).unwrap();
        fs::rename(self.file("witness.control.next"), self.file("witness.control")).unwrap();
    }
}

impl Serving {
    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to stop and waits until it has.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.ask_to_stop();
        let status = self.await_end();
        assert!(status.success(), "{status}");
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn await_end(&mut self) -> ExitStatus {
        eventually(|| self.0.try_wait().unwrap().is_some(), || "it does not end".into());
        self.0.wait().unwrap()
    }

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

/// What the operator's `/health/ready` says.
impl Installation {
    pub(crate) fn health(&self) -> String {
        let url = format!("http://{}/health/ready", self.operator());
        program::said(&program::run(self.folder(), "curl", &["--silent", "--noproxy", "*", &url]))
    }
}
