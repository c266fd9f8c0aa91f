//! `cargo xtask ci`: everything a change must pass, cheapest first.

use crate::failure::{Doing, Outcome};
use crate::ports::free_port;
use crate::{docs, layers, quickstart, setup, shell, test};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(crate::failure::Failure::new(format!("ci takes no arguments, so not `{argument}`")));
    }
    shell::banner("1/7 Format");
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))?;

    shell::banner("2/7 Layers and documents");
    layers::run(&[])?;
    docs::run(&[])?;

    // Before clippy, because build scripts look for PostgreSQL's client library.
    shell::banner("3/7 Set-up");
    setup::run(&[])?;

    shell::banner("4/7 Clippy, warnings are errors");
    shell::run(shell::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;

    shell::banner("5/7 Tests");
    test::run(&[])?;

    shell::banner("6/7 Quick start in a fresh folder");
    let folder = std::env::temp_dir().join(format!("ndoba-ci-{}", std::process::id()));
    let folder_text = folder.to_string_lossy().into_owned();
    let ports = free_ports()?;
    quickstart::run(&["--once".into(), "--dir".into(), folder_text, "--ports".into(), ports])?;
    // Kept when the story fails, to be looked at.
    std::fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;

    shell::banner("7/7 Quick start, killed at random moments");
    quickstart::interrupted::run(&[])?;

    shell::banner("All passed");
    Ok(())
}

/// Four ports nobody listens on, so that a quick start left running beside us is no failure.
pub(crate) fn free_ports() -> Outcome<String> {
    let mut ports = Vec::new();
    for _ in 0..4 {
        ports.push(free_port().doing("find a free port")?.to_string());
    }
    Ok(ports.join(","))
}
