//! Running other programs.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::PathBuf;
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

/// Runs `cargo build …` and gives the program `binary` that it made, wherever that is: `CARGO_TARGET_DIR`, cargo's configuration
/// and a target of one's own all move it. Cargo speaks on standard error as ever; its standard output is ours.
pub(crate) fn build(command: &mut Command, binary: &str) -> Outcome<PathBuf> {
    let shown = shown(command);
    // What the compiler says stays on standard error, as it looks without this.
    command
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output().doing(format_args!("start `{}`", program(command)))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{shown}` failed ({})", output.status)));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let made =
        messages.lines().filter_map(executable).find(|path| path.file_name() == Some(OsStr::new(binary)));
    made.ok_or_else(|| Failure::new(format!("`{shown}` did not say where it put {binary}")))
}

/// The program that one of cargo's messages tells of.
fn executable(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once(r#""executable":""#)?;
    let (mut path, mut characters) = (String::new(), rest.chars());
    loop {
        match characters.next()? {
            '"' => return Some(path.into()),
            // Of what JSON escapes, a path that a shell could name has these.
            '\\' => match characters.next()? {
                plain @ ('"' | '\\' | '/') => path.push(plain),
                _ => return None,
            },
            plain => path.push(plain),
        }
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
    fn a_program_is_where_cargo_says() {
        let message = r#"{"reason":"compiler-artifact","filenames":["/x"],"executable":"/a \"b\"/release/ndoba","fresh":true}"#;
        assert_eq!(executable(message), Some("/a \"b\"/release/ndoba".into()));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null,"fresh":true}"#), None);
        assert_eq!(executable(r#"{"executable":"/cut off"#), None);
    }

    /// By cargo itself, with the variable that moves what it makes.
    #[test]
    fn a_program_is_found_where_cargo_target_dir_puts_it() {
        let folder = std::env::temp_dir().join(format!("xtask-built-{}", std::process::id()));
        let package = folder.join("package");
        std::fs::create_dir_all(package.join("src")).unwrap();
        std::fs::write(package.join("Cargo.toml"), "[package]\nname = \"small\"\n[workspace]\n").unwrap();
        std::fs::write(package.join("src/main.rs"), "fn main() {}\n").unwrap();
        let made = |elsewhere: Option<&str>| {
            let mut command = cargo();
            command
                .args(["build", "--quiet", "--offline", "--manifest-path"])
                .arg(package.join("Cargo.toml"));
            match elsewhere {
                Some(name) => command.env("CARGO_TARGET_DIR", folder.join(name)),
                None => command.env_remove("CARGO_TARGET_DIR"),
            };
            build(&mut command, "small").unwrap()
        };
        let there = made(Some("else where"));
        assert!(there.ends_with("else where/debug/small") && there.exists(), "{}", there.display());
        assert!(made(None).ends_with("package/target/debug/small"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_failing_command_is_a_failure() {
        assert!(run(&mut Command::new("false")).is_err());
        assert!(capture(&mut Command::new("no-such-program-here")).is_err());
        assert!(exists("sh") && !exists("no-such-program-here"));
    }
}
