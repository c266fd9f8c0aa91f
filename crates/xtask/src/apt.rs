//! Debian packages: find what is missing, say so, install it.

use std::collections::BTreeSet;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::shell;

/// What compiling the workspace takes beside Rust: a C compiler for SQLite and aws-lc, and PostgreSQL's client library.
pub(crate) const TO_BUILD: &[&str] = &["build-essential", "libpq-dev", "pkg-config"];

/// What the story of the quick start calls.
pub(crate) const TO_SHOW: &[&str] = &["ca-certificates", "curl", "opensc", "openssl", "softhsm2"];

/// What the tests call beyond that: a clock that can be turned for one process, a PostgreSQL server's binaries, what
/// people check certificates and time-stamps with (GnuTLS, NSS, Java, osslsigncode, a web server that staples) and read
/// an agreement's pages with; Python and Node for the other judges.
pub(crate) const TO_TEST: &[&str] = &[
    "default-jdk-headless",
    "gnutls-bin",
    "libfaketime",
    "libnss3-tools",
    "nginx-light",
    "nodejs",
    "osslsigncode",
    "poppler-utils",
    "postgresql",
    "python3",
    "python3-venv",
];

/// Installs Node's judges. Debian's Node has it in a package of its own, which cannot be installed beside another Node.
pub(crate) fn to_install_node_judges() -> &'static [&'static str] {
    if shell::exists("npm") { &[] } else { &["npm"] }
}

/// Makes sure that `packages` are installed; says which are missing before it installs them.
pub(crate) fn ensure(packages: &[&[&str]]) -> Outcome {
    let wanted: BTreeSet<&str> = packages.iter().flat_map(|group| group.iter().copied()).collect();
    if !shell::exists("dpkg-query") || !shell::exists("apt-get") {
        println!(
            "This is no Debian or Ubuntu, so nothing is installed; needed are the equivalents of: {}",
            join(&wanted)
        );
        return Ok(());
    }
    let missing = missing(&wanted)?;
    if missing.is_empty() {
        println!("Debian packages: all {} there.", wanted.len());
        return Ok(());
    }
    println!("Debian packages to install with apt: {}", join(&missing));
    let root = as_root()?;
    // A failed update (one mirror of several, say) is no reason to stop: the install decides.
    if let Err(failure) = shell::run(&mut apt(&root, &["update", "-q"])) {
        eprintln!("warning: {failure}; trying with the package lists that are there");
    }
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(missing.iter().copied());
    shell::run(&mut apt(&root, &install)).map_err(|_| {
        Failure::new(format!(
            "apt could not install {}; its messages are above. Install them by hand and start again",
            join(&missing)
        ))
    })
}

fn missing<'a>(wanted: &BTreeSet<&'a str>) -> Outcome<BTreeSet<&'a str>> {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Package} ${db:Status-Status}\\n"]).args(wanted);
    // It exits with 1 when a package is unknown; the lines of the others are printed all the same.
    let output = shell::capture(&mut query)?;
    Ok(not_installed(wanted, &String::from_utf8_lossy(&output.stdout)))
}

fn not_installed<'a>(wanted: &BTreeSet<&'a str>, listing: &str) -> BTreeSet<&'a str> {
    let installed: BTreeSet<&str> =
        listing.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|name| !installed.contains(name)).collect()
}

/// How to become root: not at all, or by sudo, which may ask for a password only where someone can answer.
fn as_root() -> Outcome<Vec<&'static str>> {
    let id = shell::capture(Command::new("id").arg("-u"))?;
    if id.stdout.trim_ascii() == b"0" {
        return Ok(Vec::new());
    }
    if !shell::exists("sudo") {
        return Err(Failure::new(
            "packages are missing and installing them takes root: there is no sudo, so run this once as root",
        ));
    }
    Ok(if shell::someone_is_there() { vec!["sudo"] } else { vec!["sudo", "-n"] })
}

fn apt(root: &[&str], arguments: &[&str]) -> Command {
    let mut words: Vec<&str> = root.to_vec();
    // Through `env`, because sudo drops the environment; no package may stop to ask a question.
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    words.extend(arguments);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

fn join(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_but_configured_counts_as_missing() {
        let wanted = BTreeSet::from(["curl", "opensc", "softhsm2"]);
        let listing = "curl installed\nopensc config-files\n";
        assert_eq!(not_installed(&wanted, listing), BTreeSet::from(["opensc", "softhsm2"]));
    }
}
