//! `cargo xtask interrupted`: the quick start is killed with all it started, at random moments, and told again.
//!
//! The promise: `kill -9` at any moment of the story and a second quick start never lose or double a certificate.
//! So each run goes on in the folder that the killed one left, the last one must come to its end, and then every
//! application that was approved has one certificate of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::options::{Asked, Options, Wanted};
use super::server::Server;
use super::story::{must_ndoba, unfinished};
use super::{Stage, build, checks};
use crate::failure::{Doing as _, Failure, Outcome};
use crate::{ci, shell};

const KILLS: u64 = 8;

/// How long the ports may stay taken after everything was killed.
const FREE_AGAIN: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (kills, seed) = numbers(arguments)?;
    let folder = std::env::temp_dir().join(format!("ndoba-interrupted-{}", std::process::id()));
    let ports = ci::free_ports()?;
    let words = ["--once", "--dir", &folder.to_string_lossy(), "--ports", &ports].map(str::to_owned);
    let Asked::Run(wanted) = Wanted::parse(&words)? else { return Ok(()) };
    let options = wanted.settle(None)?;

    // First, so that the moments lie in the story and not in the compiler.
    let ndoba = build()?;
    println!("seed {seed}");
    let log = folder.with_extension("log");
    let story = told(&words, &log)?;
    println!("an undisturbed story takes {:.1} s", story.as_secs_f64());
    // It was told in a folder of its own: the killed ones begin with nothing.
    std::fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;

    let mut moments = Moments(seed);
    for kill in 1..=kills {
        let moment = moments.within(story);
        killed(&words, &log, moment)?;
        until_free(&options)?;
        println!("killed after {:.2} s ({kill}/{kills})", moment.as_secs_f64());
    }
    told(&words, &log)?;
    let stage = Stage { options, folder, ndoba };
    let certificates = count(&stage)?;
    println!("{kills} kills, {certificates} certificates, none lost, none doubled");
    let killed = unfinished(&stage.folder).take_while(|path| path.exists());
    for folder in killed.chain([stage.folder.clone()]) {
        std::fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;
    }
    std::fs::remove_file(&log).doing(format_args!("remove {}", log.display()))
}

fn numbers(arguments: &[String]) -> Outcome<(u64, u64)> {
    // Another one each time; printed, so that a run can be had again.
    let (mut kills, mut seed) = (KILLS, u64::from(std::process::id()));
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--kills" => kills = number(value)?,
            [name, value] if name == "--seed" => seed = number(value)?,
            _ => return Err(Failure::new("interrupted takes --kills N and --seed S")),
        }
    }
    Ok((kills, seed))
}

fn number(text: &str) -> Outcome<u64> {
    text.parse().map_err(|_| Failure::new(format!("`{text}` is no number")))
}

/// Random moments that a seed brings back (the constants are Knuth's MMIX).
struct Moments(u64);

impl Moments {
    fn within(&mut self, span: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The high bits are the good ones; a thousandth is fine enough.
        let thousandth = u32::try_from((self.0 >> 33) % 1000).unwrap_or(0);
        span * thousandth / 1000
    }
}

/// Starts the quick start in a process group of its own.
fn start(words: &[String], log: &Path) -> Outcome<Child> {
    let file = File::options().create(true).append(true).open(log);
    let file = file.doing(format_args!("write {}", log.display()))?;
    let also = file.try_clone().doing("use the log twice")?;
    let this = std::env::current_exe().doing("find this program")?;
    let mut command = Command::new(this);
    command.arg("quickstart").args(words).process_group(0);
    command.stdin(Stdio::null()).stdout(file).stderr(also).spawn().doing("start the quick start")
}

/// Tells the story to its end; how long it took.
fn told(words: &[String], log: &Path) -> Outcome<Duration> {
    let began = Instant::now();
    let status = start(words, log)?.wait().doing("wait for the quick start")?;
    if status.success() {
        return Ok(began.elapsed());
    }
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines[lines.len().saturating_sub(20)..].join("\n  | ");
    Err(Failure::new(format!("the story did not come to its end ({status}):\n  | {tail}")))
}

/// Kills the quick start and all it started `after` its start.
fn killed(words: &[String], log: &Path, after: Duration) -> Outcome {
    let mut child = start(words, log)?;
    sleep(after);
    shell::capture(Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]))?;
    child.wait().doing("wait for the killed quick start")?;
    Ok(())
}

fn until_free(options: &Options) -> Outcome {
    let start = Instant::now();
    loop {
        match checks::ports_are_free(&options.ports) {
            Ok(()) => return Ok(()),
            Err(failure) if start.elapsed() > FREE_AGAIN => return Err(failure),
            Err(_) => sleep(Duration::from_millis(50)),
        }
    }
}

/// Every application that is not waiting for an officer has a certificate, and none has another's.
fn count(stage: &Stage) -> Outcome<usize> {
    let log = stage.file("serve.log");
    let server = Server::start(&stage.ndoba, &stage.file("ndoba.toml"), &log, stage.options.ports.officers)?;
    let list = must_ndoba(stage, &["application", "list", "--as", "officers/registration.pem"])?.text();
    let mut serials = BTreeSet::new();
    for id in list.lines().filter_map(|line| line.split_whitespace().next()) {
        let shown =
            must_ndoba(stage, &["application", "show", id, "--as", "officers/registration.pem"])?.text();
        match shown.split_whitespace().last() {
            Some("yet") if shown.contains(": draft") || shown.contains(": submitted") => {}
            Some(serial) if serial != "yet" && serials.insert(serial.to_owned()) => {}
            Some(_) | None => {
                return Err(Failure::new(format!(
                    "an application without a certificate of its own: {shown}"
                )));
            }
        }
    }
    server.stop()?;
    must_ndoba(stage, &["ca", "reconcile", "--config", "ndoba.toml"])?;
    // The story that came to its end made two.
    if serials.len() < 2 {
        return Err(Failure::new(format!("only {} certificates were found", serials.len())));
    }
    Ok(serials.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_in_the_span_and_come_back() {
        let span = Duration::from_secs(10);
        let draw = |seed| {
            let mut moments = Moments(seed);
            (0..100).map(|_| moments.within(span)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!(draw(7).iter().all(|moment| *moment < span));
        assert!(draw(7).iter().collect::<BTreeSet<_>>().len() > 90);
    }
}
