//! Running other programs.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::process::{Command, Output, Stdio};

use crate::failure::{Doing, Failure, Outcome};
use crate::workspace;

/// The cargo that started us, so that a pinned toolchain stays the same throughout.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace::root());
    command
}

/// Announces what comes next.
pub(crate) fn banner(title: &str) {
    println!("\n=== {title} ===");
}

/// Shows the command, runs it with our own output, and asks that it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("$ {}", shown(command));
    let status = command.stdin(Stdio::null()).status().doing(format_args!("start `{}`", program(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{}` failed ({status})", shown(command))))
    }
}

/// Runs it quietly and returns what it printed, whether it succeeded or not.
pub(crate) fn capture(command: &mut Command) -> Outcome<Output> {
    command.stdin(Stdio::null()).output().doing(format_args!("start `{}`", program(command)))
}

/// Whether a program of this name can be started.
pub(crate) fn exists(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", "command -v -- \"$0\" >/dev/null 2>&1", program])
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a person can answer a question (sudo's password).
pub(crate) fn someone_is_there() -> bool {
    std::io::stdin().is_terminal()
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![program(command)];
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn program(command: &Command) -> String {
    let name = command.get_program().to_string_lossy();
    // Absolute paths of tools only make the line longer.
    name.rsplit('/').next().unwrap_or(&name).to_owned()
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("/usr/bin/openssl");
        command.args(["x509", "-subj", "/CN=a b", ""]);
        assert_eq!(shown(&command), "openssl x509 -subj '/CN=a b' ''");
    }

    #[test]
    fn a_failing_command_is_a_failure() {
        assert!(run(&mut Command::new("false")).is_err());
        assert!(capture(&mut Command::new("no-such-program-here")).is_err());
        assert!(exists("sh") && !exists("no-such-program-here"));
    }
}
