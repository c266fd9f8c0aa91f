//! The story: what a provider does for a living, told with its own command, `openssl` and `curl`.

mod demo;
mod relying;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::runner::{self, Runner, Said, must_not};
use super::server::Server;
use super::{Stage, table};
use crate::failure::{Doing as _, Outcome};

/// How many steps [`tell`] takes.
const STEPS: usize = 12;

/// Walks the whole story and returns the server, still running.
pub(crate) fn tell(stage: &Stage) -> Outcome<Server> {
    let mut steps = Runner::new(STEPS);
    steps.step("Key ceremony: root, signature, seal and time-stamping CAs, responders, TSU", || {
        ceremony(stage)
    })?;
    let server = steps.step("All roles start", || {
        let log = stage.file("serve.log");
        let server =
            Server::start(&stage.ndoba, &stage.file("ndoba.toml"), &log, stage.options.ports.officers)?;
        Ok((server, "log in serve.log".into()))
    })?;
    steps.step("Two security officers grant the others their roles", || officers(stage))?;
    let person = steps.step("A registration officer opens and submits a person's application", || {
        demo::apply(stage, &demo::PERSON)
    })?;
    steps.step("The same officer cannot approve it; a second officer does", || {
        demo::approve(stage, &person)
    })?;
    steps.step("The CA issues; the certificate is fetched", || demo::fetch(stage, &person))?;
    let municipality = steps.step("The same for a municipality's seal", || {
        let (application, _) = demo::apply(stage, &demo::MUNICIPALITY)?;
        demo::approve(stage, &application)?;
        let ((), words) = demo::fetch(stage, &application)?;
        Ok((application, words))
    })?;
    steps.step("A relying party checks chain, OCSP, CRL and issuer with openssl", || {
        relying::check_all(stage)
    })?;
    steps.step("The person's certificate is revoked; OCSP and CRL say so", || {
        relying::revoke(stage, &person)
    })?;
    steps.step("The municipality's is suspended and released", || relying::suspend(stage, &municipality))?;
    steps.step("An application gets a time-stamp; openssl verifies it", || relying::time_stamp(stage))?;
    steps.step("An auditor verifies the log, and damaged copies of it", || relying::audit(stage))?;
    demo::close(stage)?;
    listed_files_are_there(stage)?;
    Ok(server)
}

/// Every file that `endpoints.json` lists is there once the story is told.
fn listed_files_are_there(stage: &Stage) -> Outcome {
    let text = fs::read_to_string(stage.file("endpoints.json")).doing("read endpoints.json")?;
    for path in absolute_paths(&text) {
        fs::metadata(&path).doing(format_args!("find {path}, which endpoints.json lists"))?;
    }
    Ok(())
}

/// The values of a JSON text that are absolute paths; its members are on lines of their own.
fn absolute_paths(json: &str) -> impl Iterator<Item = String> {
    json.lines().filter_map(|line| {
        let (_, value) = line.split_once("\": \"")?;
        let value = value.trim_end_matches(',').strip_suffix('"')?;
        value.starts_with('/').then(|| unescaped(value))
    })
}

/// A JSON string's text: of what JSON escapes, paths that a shell could name have quotes and backslashes.
fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        plain => Some(plain),
    };
    std::iter::from_fn(next).collect()
}

/// Prints where everything is.
pub(crate) fn print_addresses(stage: &Stage) {
    let ports = &stage.options.ports;
    let at = |scheme: &str, port: u16, path: &str| format!("{scheme}://127.0.0.1:{port}{path}");
    let stamps = format!("{}  {}", at("http", ports.public, "/tsa"), at("https", ports.public_tls, "/tsa"));
    table::print(
        "Addresses",
        &[
            ("OCSP; for people", at("http", ports.public, "/ocsp  /pki")),
            ("time-stamps", stamps),
            ("CRLs", at("http", ports.public, "/crl/{root,signature,seal,time-stamping}.crl")),
            ("issuers", at("http", ports.public, "/issuer/{root,signature,seal,time-stamping}.cer")),
            ("officers' API", at("https", ports.officers, "/api/v1")),
            ("metrics, health", at("http", ports.operator, "/metrics  /health/live  /health/ready")),
        ],
    );
    if stage.options.public_url != stage.options.public("") {
        println!("  Certificates say {} instead, for what is public.", stage.options.public_url);
    }
    let file = |name: &str| shown(&stage.file(name));
    table::print(
        "Credentials and files",
        &[
            ("officers", file("officers/*.pem  *.p12 (the password in *.p12.password)")),
            ("PINs of the tokens", file("pins/*.pin")),
            ("demo keys, certificates", file("demo")),
            ("all, for programs", file("endpoints.json")),
        ],
    );
}

/// A path as one would type it here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// `ndoba …`, run in the state folder.
fn ndoba(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = Command::new(&stage.ndoba);
    let api = format!("https://127.0.0.1:{}", stage.options.ports.officers);
    command.args(arguments).current_dir(&stage.folder).env("NDOBACTL_API", api);
    command
}

/// `ndoba …` that must succeed.
pub(super) fn must_ndoba(stage: &Stage, arguments: &[&str]) -> Outcome<Said> {
    runner::must(&mut ndoba(stage, arguments), &stage.folder)
}

/// `openssl …` that must succeed; paths are relative to the state folder.
fn must_openssl(stage: &Stage, arguments: &[&str]) -> Outcome<Said> {
    runner::must(Command::new("openssl").args(arguments), &stage.folder)
}

/// `curl …` that must get a 2xx answer.
fn must_curl(stage: &Stage, arguments: &[&str]) -> Outcome<Said> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--max-time", "30"]).args(arguments);
    runner::must(&mut command, &stage.folder)
}

fn ceremony(stage: &Stage) -> Outcome<((), String)> {
    if stage.file("ceremony/report.json").exists() {
        return Ok(((), "done in an earlier run".into()));
    }
    put_aside_unfinished(stage)?;
    let options = &stage.options;
    let ports = options.ports.named().map(|(_, port)| port.to_string()).join(",");
    let folder = stage.folder.to_string_lossy();
    must_ndoba(
        stage,
        &[
            "ceremony",
            "run",
            "--dir",
            &folder,
            "--development",
            "--public-url",
            &options.public_url,
            "--pds-url",
            &options.pds_url,
            "--ports",
            &ports,
        ],
    )?;
    Ok(((), "report in ceremony/report.txt".into()))
}

/// A ceremony that did not come to its report is not gone on with; what it made is kept beside the folder. Files of
/// somebody else's are left alone, and the ceremony says that they are in its way.
fn put_aside_unfinished(stage: &Stage) -> Outcome {
    // The ceremony begins with this file, which names the folder's own tokens.
    let begun = fs::read_to_string(stage.file("softhsm2.conf")).unwrap_or_default();
    if !begun.contains(&format!("= {}\n", stage.file("tokens").display())) {
        return Ok(());
    }
    let aside = unfinished(&stage.folder).find(|path| !path.exists());
    let aside = aside.unwrap_or_else(|| stage.folder.with_added_extension("unfinished"));
    fs::rename(&stage.folder, &aside).doing("put an unfinished ceremony aside")?;
    fs::create_dir_all(&stage.folder).doing("make the state folder again")
}

/// Where unfinished ceremonies of a state folder are put, one after the other.
pub(super) fn unfinished(folder: &Path) -> impl Iterator<Item = PathBuf> {
    (1..).map(|number| folder.with_added_extension(format!("unfinished-{number}")))
}

/// The officers of the story: file, name, personal number, roles.
const OFFICERS: [(&str, &str, &str, &str); 6] = [
    ("registration", "Registration officer", "01001000001", "registration-officer"),
    ("approver", "Approver", "01001000002", "approver"),
    ("revocation", "Revocation officer", "01001000003", "revocation-officer"),
    ("auditor", "Auditor", "01001000004", "auditor"),
    ("operator", "Operator", "01001000005", "operator"),
    ("administrator", "Administrator", "01001000006", "administrator"),
];

/// Those whom the ceremony pinned.
const PINNED: [&str; 2] = ["security-1", "security-2"];

/// Each officer makes a key; two security officers sign what it may do.
fn officers(stage: &Stage) -> Outcome<((), String)> {
    for (file, name, number, roles) in OFFICERS {
        let credential = format!("officers/{file}.pem");
        if !stage.file(&credential).exists() {
            must_ndoba(
                stage,
                &["officer", "new", "--config", "ndoba.toml", "--name", name, "--out", &credential],
            )?;
        }
        // Granted in an earlier run, or in this one before it was interrupted.
        let granted =
            must_not(&mut ndoba(stage, &["officer", "whoami", "--as", &credential]), &stage.folder).is_err();
        if !granted {
            must_ndoba(
                stage,
                &[
                    "officer",
                    "grant",
                    "--as",
                    "officers/security-1.pem",
                    "--second",
                    "officers/security-2.pem",
                    "--officer",
                    &credential,
                    "--name",
                    name,
                    "--personal-number",
                    number,
                    "--vetting",
                    "quick start",
                    "--roles",
                    roles,
                    "--yes",
                ],
            )?;
        }
        if !granted || !stage.file(&format!("officers/{file}.p12")).exists() {
            p12(stage, file)?;
        }
    }
    for file in PINNED {
        if !stage.file(&format!("officers/{file}.p12")).exists() {
            p12(stage, file)?;
        }
    }
    Ok(((), "officers/*.pem, *.p12".into()))
}

/// The credential as browsers take it; its password is in the file beside it.
fn p12(stage: &Stage, officer: &str) -> Outcome {
    let (pem, p12) = (format!("officers/{officer}.pem"), format!("officers/{officer}.p12"));
    let password = format!("officers/{officer}.p12.password");
    must_openssl(stage, &["rand", "-hex", "-out", &password, "16"])?;
    let unfinished = format!("{p12}.new");
    must_openssl(
        stage,
        &["pkcs12", "-export", "-in", &pem, "-out", &unfinished, "-passout", &format!("file:{password}")],
    )?;
    fs::rename(stage.file(&unfinished), stage.file(&p12)).doing(format_args!("write {p12}"))
}

#[cfg(test)]
mod tests {
    use super::super::options::{Asked, Wanted};
    use super::*;

    fn stage(folder: PathBuf) -> Stage {
        let Asked::Run(wanted) = Wanted::parse(&[]).unwrap() else { panic!("help") };
        Stage { options: wanted.settle(None).unwrap(), folder, ndoba: PathBuf::new() }
    }

    #[test]
    fn only_a_ceremony_of_this_folder_is_put_aside() {
        let parent = std::env::temp_dir().join(format!("xtask-aside-{}", std::process::id()));
        let stage = stage(parent.join("state.d"));
        fs::create_dir_all(&stage.folder).unwrap();
        let aside = parent.join("state.d.unfinished-1");
        // A checkout's sample, and somebody's configuration.
        fs::write(stage.file("softhsm2.conf"), "directories.tokendir = /var/lib/ndoba/tokens\n").unwrap();
        fs::write(stage.file("ndoba.toml"), "").unwrap();
        put_aside_unfinished(&stage).unwrap();
        assert!(stage.file("ndoba.toml").exists() && !aside.exists());

        let ours = format!("directories.tokendir = {}\n", stage.file("tokens").display());
        fs::write(stage.file("softhsm2.conf"), ours).unwrap();
        put_aside_unfinished(&stage).unwrap();
        assert!(aside.join("ndoba.toml").exists() && fs::read_dir(&stage.folder).unwrap().next().is_none());
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn paths_are_told_from_addresses() {
        let json = "{\n  \"config\": \"/tmp/x/ndoba.toml\",\n  \"ocsp\": \"http://127.0.0.1/ocsp\",\n  \"a\": \"/\\\"b\\\"\"\n}\n";
        assert_eq!(absolute_paths(json).collect::<Vec<_>>(), ["/tmp/x/ndoba.toml", "/\"b\""]);
    }
}
