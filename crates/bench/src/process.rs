//! Child processes: their end, their share of the processors, their memory.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long a child may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A child that does not outlive this value.
pub(crate) struct Running {
    child: Child,
    name: &'static str,
    started: Instant,
}

impl Running {
    /// Starts `command`, called `name` in messages.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name, started })
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Fails when it has ended.
    pub(crate) fn must_live(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("{} ended: {status}", self.name),
        }
    }

    /// Waits until `port` takes connections.
    pub(crate) fn await_port(&mut self, port: u16) -> anyhow::Result<()> {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            self.must_live()?;
            anyhow::ensure!(start.elapsed() < PATIENCE, "{} does not listen on port {port}", self.name);
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Processor time it has had so far, in all its threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// Octets of memory it has now, and has had at most.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = |key: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|line| line.split_whitespace().next()).context("no such line")?;
            Ok(number.parse::<f64>()? * 1024.0)
        };
        Ok(Memory { resident: kibibytes("VmRSS:")?, peak: kibibytes("VmHWM:")? })
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(asked.success(), "{} cannot be asked to end", self.name);
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            anyhow::ensure!(start.elapsed() < PATIENCE, "{} does not end", self.name);
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Octets of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: f64,
    /// At most, since the process began.
    pub(crate) peak: f64,
}

/// Processor time of this process so far.
pub(crate) fn own_cpu() -> anyhow::Result<Duration> {
    cpu_of("self")
}

fn cpu_of(process: &str) -> anyhow::Result<Duration> {
    /// `sysconf(_SC_CLK_TCK)`: 100 on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses, which may hold anything.
    let fields = stat.rsplit_once(") ").context("an unknown form of /proc/…/stat")?.1;
    let ticks = |place: usize| -> anyhow::Result<u32> {
        Ok(fields.split(' ').nth(place).context("too few fields")?.parse()?)
    };
    // utime and stime are fields 14 and 15, counted from the process id.
    Ok(TICK * (ticks(11)? + ticks(12)?))
}
