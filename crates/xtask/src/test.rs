//! `cargo xtask test`: set up, build the PKCS#11 shims, run every test.

use std::process::Command;

use crate::failure::Outcome;
use crate::{python, setup, shell, workspace};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    setup::run(&[])?;
    build_shims()?;
    shell::banner("Tests");
    shell::run(&mut tests(arguments))
}

/// Shims are PKCS#11 modules of their own, outside the workspace (they need `unsafe` and a C ABI).
pub(crate) fn build_shims() -> Outcome {
    for shim in workspace::packages_in(&workspace::root().join("tests/shims")) {
        shell::banner(&format!(
            "Building the shim {}",
            shim.file_name().unwrap_or_default().to_string_lossy()
        ));
        shell::run(
            shell::cargo()
                .args(["build", "--manifest-path"])
                .arg(shim.join("Cargo.toml"))
                .arg("--target-dir")
                .arg(workspace::target().join("shims")),
        )?;
    }
    Ok(())
}

/// `cargo test` of the whole workspace, or of the packages that the arguments name.
fn tests(arguments: &[String]) -> Command {
    let mut command = shell::cargo();
    command.arg("test");
    let own = arguments.iter().take_while(|argument| *argument != "--");
    if !own.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package")) {
        command.arg("--workspace");
    }
    command
        .args(arguments)
        .env("NDOBA_JUDGES", python::interpreter())
        .env("NDOBA_SHIMS", workspace::target().join("shims/debug"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        tests(&arguments).get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_whole_workspace_unless_a_package_is_named() {
        assert_eq!(words(&[]), ["test", "--workspace"]);
        assert_eq!(words(&["-p", "ndoba-ca"]), ["test", "-p", "ndoba-ca"]);
        assert_eq!(words(&["--", "-p"]), ["test", "--workspace", "--", "-p"]);
    }
}
