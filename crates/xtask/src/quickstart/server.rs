//! `ndoba serve` as our child: started, waited for, stopped, and never left behind.
//!
//! It stays in our process group, so that Ctrl-C reaches it as it reaches us, and it stops in order by itself.
//! Should we die any other way, util-linux's `setpriv` has asked the kernel to end it too.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::runner::past_proxies;
use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(60);

/// How long it may take to finish what is in flight.
const STOP: Duration = Duration::from_secs(40);

/// Waits with SIGINT ignored until process `$1`, which gets SIGINT itself, has gone; passes SIGTERM on. Whether it went in
/// order its log `$2` tells: who started us may have SIGINT ignored for good, and then no trap would tell.
const WAIT_FOR_IT: &str = r#"
trap '' INT
trap 'kill -TERM "$1"' TERM HUP
while read -r _ _ state _ < "/proc/$1/stat" && [ "$state" != Z ]; do sleep 0.2; done 2>/dev/null
echo
case "$(tail -n 1 "$2")" in
  *": stopped") echo "Stopped." ;;
  *) echo "ndoba serve ended by itself; the end of $2:" >&2; tail -n 15 "$2" >&2; exit 1 ;;
esac
"#;

/// A running `ndoba serve`. Dropping it stops it.
pub(crate) struct Server {
    /// None once it has been reaped or handed over.
    child: Option<Child>,
    log: PathBuf,
}

impl Server {
    /// Starts `ndoba serve --config CONFIG`, its log going to `log`, and waits until `port` answers.
    pub(crate) fn start(ndoba: &Path, config: &Path, log: &Path, port: u16) -> Outcome<Self> {
        let file = File::create(log).doing(format_args!("write the log {}", log.display()))?;
        let also = file.try_clone().doing("use the log twice")?;
        let mut command = if shell::exists("setpriv") {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "TERM"]).arg(ndoba);
            command
        } else {
            Command::new(ndoba)
        };
        command.arg("serve").arg("--config").arg(config);
        // Checkpoints are time-stamped by a TSA on this machine.
        let child = past_proxies(&mut command)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(also)
            .spawn()
            .doing(format_args!("start {}", ndoba.display()))?;
        let mut server = Self { child: Some(child), log: log.to_owned() };
        server.wait_until_listening(port)?;
        Ok(server)
    }

    fn wait_until_listening(&mut self, port: u16) -> Outcome {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let start = Instant::now();
        while start.elapsed() < START {
            self.must_be_running()?;
            if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        Err(self.gave_up(&format!("did not listen on port {port} within {} s", START.as_secs())))
    }

    /// Fails when the program has ended.
    pub(crate) fn must_be_running(&mut self) -> Outcome {
        let Some(child) = &mut self.child else { return Err(Failure::new("the server was stopped")) };
        match child.try_wait().doing("ask after the server")? {
            None => Ok(()),
            Some(status) => Err(self.gave_up(&format!("ended by itself ({status})"))),
        }
    }

    fn gave_up(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail: String =
            lines[lines.len().saturating_sub(15)..].iter().map(|line| format!("\n  | {line}")).collect();
        Failure::new(format!("ndoba serve {what}; the end of {}:{tail}", self.log.display()))
    }

    /// Asks it to stop, waits, and fails unless it ended in order.
    pub(crate) fn stop(mut self) -> Outcome {
        self.must_be_running()?;
        let Some(mut child) = self.child.take() else { return Ok(()) };
        match end(&mut child)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.gave_up(&format!("ended with {status} when asked to stop"))),
            None => Err(self.gave_up(&format!("did not stop within {} s and was killed", STOP.as_secs()))),
        }
    }

    /// Leaves it serving in the foreground: this process becomes a shell that waits for it. Returns only on failure.
    pub(crate) fn serve_on(mut self) -> Outcome {
        self.must_be_running()?;
        let Some(child) = self.child.take() else { return Ok(()) };
        let error = wait_for_it(&child, &self.log).exec();
        self.child = Some(child);
        Err(Failure::new(format!("could not wait for the server: {error}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Nobody is left to tell.
            let _ = end(child);
        }
    }
}

fn wait_for_it(child: &Child, log: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", WAIT_FOR_IT, "wait", &child.id().to_string()]).arg(log);
    command
}

/// SIGTERM, patience, then SIGKILL. The status when it ended by itself.
fn end(child: &mut Child) -> Outcome<Option<std::process::ExitStatus>> {
    let _ = shell::capture(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    let start = Instant::now();
    while start.elapsed() < STOP {
        if let Some(status) = child.try_wait().doing("wait for the server")? {
            return Ok(Some(status));
        }
        sleep(Duration::from_millis(50));
    }
    child.kill().doing("kill the server")?;
    child.wait().doing("wait for the server")?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).spawn().unwrap()
    }

    fn server(script: &str) -> Server {
        Server { child: Some(child(script)), log: std::env::temp_dir().join("xtask-no-such-log") }
    }

    #[test]
    fn stops_in_order_or_says_so() {
        let orderly = server("trap 'exit 0' TERM; while :; do sleep 0.1; done");
        sleep(Duration::from_millis(300));
        orderly.stop().unwrap();
        let failure = server("exit 7").wait_until_listening(1).unwrap_err().to_string();
        assert!(failure.contains("ended by itself (exit status: 7)"), "{failure}");
    }

    /// A log that ends with `line`.
    fn log(line: &str) -> PathBuf {
        let file = std::env::temp_dir().join(format!("xtask-log-{}-{}", std::process::id(), line.len()));
        std::fs::write(&file, format!("serving\n{line}\n")).unwrap();
        file
    }

    #[test]
    fn waiting_ends_when_it_has_gone() {
        let mut gone = child("exit 0");
        // Not reaped yet, as after `exec`: a zombie counts as gone. Nobody asked it to go.
        let log = log("why it ended");
        let output = wait_for_it(&gone, &log).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("ended by itself") && said.contains("why it ended"), "{said}");
        gone.wait().unwrap();
        std::fs::remove_file(&log).unwrap();
    }

    #[test]
    fn asked_to_stop_it_passes_that_on_and_waits() {
        let mut serving = child("trap 'exit 0' TERM; while :; do sleep 0.1; done");
        let log = log("INFO ndoba::serve: stopped");
        let mut waiting = wait_for_it(&serving, &log).stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(500));
        assert!(waiting.try_wait().unwrap().is_none());
        for signal in ["-INT", "-TERM"] {
            shell::capture(Command::new("kill").args([signal, &waiting.id().to_string()])).unwrap();
        }
        // Reaped here, so that it is a zombie for a moment only.
        assert!(serving.wait().unwrap().success());
        assert!(waiting.wait().unwrap().success());
        std::fs::remove_file(&log).unwrap();
    }
}
