//! Steps: a line each, `[n/N] what … ok (result)`; on failure the command and what it said.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// How often a step that takes long says that it is still at it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lines of a failed command's output that are shown.
const TAIL: usize = 30;

/// Counts steps and prints them.
pub(crate) struct Runner {
    total: usize,
    done: usize,
}

impl Runner {
    /// For a story of `total` steps.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, done: 0 }
    }

    /// Prints the title, does the work, prints its result or fails with its sentence.
    ///
    /// `work` returns the value for later steps and the words for the line.
    pub(crate) fn step<T>(&mut self, title: &str, work: impl FnOnce() -> Outcome<(T, String)>) -> Outcome<T> {
        self.done += 1;
        print!("[{}/{}] {title} … ", self.done, self.total);
        // A terminal that is gone is no reason to stop.
        let _ = std::io::stdout().flush();
        let result = with_signs_of_life(PATIENCE, say, work);
        match result {
            Ok((value, words)) if words.is_empty() => {
                println!("ok");
                Ok(value)
            }
            Ok((value, words)) => {
                println!("ok ({words})");
                Ok(value)
            }
            Err(failure) => {
                println!("FAILED");
                Err(Failure::new(format!("step {}/{}, {title}: {failure}", self.done, self.total)))
            }
        }
    }
}

fn say(words: &str) {
    print!("{words}");
    let _ = std::io::stdout().flush();
}

/// Runs `work` while another thread says the seconds that pass, once in `each`.
fn with_signs_of_life<T>(
    each: Duration,
    mut say: impl FnMut(&str) + Send + 'static,
    work: impl FnOnce() -> T,
) -> T {
    let (finished, waiting) = mpsc::channel::<()>();
    let ticker = thread::spawn(move || {
        let start = Instant::now();
        while waiting.recv_timeout(each) == Err(mpsc::RecvTimeoutError::Timeout) {
            say(&format!("{} s … ", start.elapsed().as_secs()));
        }
    });
    let result = work();
    drop(finished);
    let _ = ticker.join();
    result
}

/// What a command said.
pub(crate) struct Said {
    output: Output,
}

impl Said {
    /// Its standard output as text, without the line end.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).trim_end().to_owned()
    }

    /// Both its outputs as one text; `openssl` prints verdicts on either.
    pub(crate) fn everything(&self) -> String {
        let error = String::from_utf8_lossy(&self.output.stderr);
        format!("{}\n{}", self.text(), error.trim_end())
    }

    /// Fails unless what it said contains `words`.
    pub(crate) fn must_say(&self, words: &str) -> Outcome {
        let everything = self.everything();
        if everything.contains(words) {
            return Ok(());
        }
        Err(Failure::new(format!("expected «{words}», but it said:\n{}", tail(&everything))))
    }
}

/// A command that must succeed. `folder` is its working folder.
pub(crate) fn must(command: &mut Command, folder: &Path) -> Outcome<Said> {
    let output = shell::capture(past_proxies(command).current_dir(folder))?;
    if output.status.success() {
        return Ok(Said { output });
    }
    Err(refused(command, &output))
}

/// A command that must be refused, with any exit status but zero; returns why it was.
pub(crate) fn must_not(command: &mut Command, folder: &Path) -> Outcome<Said> {
    let output = shell::capture(past_proxies(command).current_dir(folder))?;
    if output.status.success() {
        return Err(Failure::new(format!(
            "`{}` was accepted, and must not be",
            redacted(&shell::shown(command))
        )));
    }
    Ok(Said { output })
}

/// The command without the proxies that the environment names: all that the story asks is on this machine, and a proxy
/// would look for 127.0.0.1 on its own. Installing and building keep theirs.
pub(crate) fn past_proxies(command: &mut Command) -> &mut Command {
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command
}

fn refused(command: &Command, output: &Output) -> Failure {
    let said = Said { output: output.clone() };
    let mut text =
        format!("the command ended with {}:\n  $ {}\n", output.status, redacted(&shell::shown(command)));
    // Writing into a String cannot fail.
    let _ = write!(text, "{}", tail(&redacted(&said.everything())));
    Failure::new(text)
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(TAIL);
    lines[from..].iter().map(|line| format!("  | {line}\n")).collect()
}

/// The text without what follows a word such as `--pin` or `pass:`. Our commands take no secret as an argument;
/// this is for the day when somebody forgets.
fn redacted(text: &str) -> String {
    let mut out = Vec::new();
    let mut hide_next = false;
    for word in text.split(' ') {
        let lower = word.to_ascii_lowercase();
        if hide_next {
            out.push("***".to_owned());
            hide_next = false;
        } else if let Some(at) = ["pass:", "pin=", "password=", "secret="]
            .iter()
            .find_map(|mark| Some(lower.find(mark)? + mark.len()))
        {
            out.push(format!("{}***", &word[..at]));
        } else {
            hide_next = ["--pin", "--so-pin", "--password"].contains(&lower.as_str());
            out.push(word.to_owned());
        }
    }
    out.join(" ")
}

/// Writes a file that a step needs, whole or not at all: a later run reads it even when this one is killed.
pub(crate) fn write_file(path: &Path, content: &str) -> Outcome {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).doing(format_args!("make {}", folder.display()))?;
    }
    let unfinished = path.with_added_extension("new");
    std::fs::write(&unfinished, content).doing(format_args!("write {}", unfinished.display()))?;
    std::fs::rename(&unfinished, path).doing(format_args!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_shown_without_secrets() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo it is broken >&2; exit 3", "--pin", "4711"]);
        let failure = must(&mut command, Path::new("/")).err().unwrap().to_string();
        assert!(failure.contains("exit status: 3") && failure.contains("| it is broken"), "{failure}");
        assert!(!failure.contains("4711"), "{failure}");
    }

    #[test]
    fn what_the_story_asks_goes_past_proxies() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo \"$http_proxy$HTTPS_PROXY$kept\""]);
        command
            .env("http_proxy", "http://proxy:3128")
            .env("HTTPS_PROXY", "http://proxy:3128")
            .env("kept", "yes");
        assert_eq!(must(&mut command, Path::new("/")).unwrap().text(), "yes");
    }

    #[test]
    fn what_was_said_is_checked() {
        let said = must(Command::new("echo").arg("Verification: OK"), Path::new("/")).unwrap();
        said.must_say("Verification: OK").unwrap();
        assert!(said.must_say("revoked").is_err());
        assert!(must_not(&mut Command::new("true"), Path::new("/")).is_err());
        assert!(must_not(&mut Command::new("false"), Path::new("/")).is_ok());
    }

    #[test]
    fn a_long_step_says_that_it_is_still_at_it() {
        let (said, heard) = mpsc::channel();
        let each = Duration::from_millis(10);
        let say = move |words: &str| said.send(words.to_owned()).unwrap();
        assert_eq!(with_signs_of_life(each, say, || heard.recv().and(heard.recv()).unwrap()), "0 s … ");
        let (said, heard) = mpsc::channel();
        with_signs_of_life(
            Duration::from_secs(60),
            move |words: &str| said.send(words.to_owned()).unwrap(),
            || (),
        );
        assert!(heard.recv().is_err(), "a short one does not");
    }

    #[test]
    fn steps_are_counted() {
        let mut runner = Runner::new(2);
        assert_eq!(runner.step("one", || Ok((1, String::new()))), Ok(1));
        let failure = runner.step("two", || Err::<((), String), _>(Failure::new("no"))).unwrap_err();
        assert_eq!(failure.to_string(), "step 2/2, two: no");
    }
}
