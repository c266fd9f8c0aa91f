//! `cargo xtask layers`: the crates against the picture in `docs/ARCHITECTURE.md`.
//!
//! Checks who depends on whom, that the crates below the line use no runtime, database, token, file, network,
//! environment, clock or randomness, that `unsafe` stays where it is explained, and that files stay short.

mod length;
mod manifest;
mod picture;
mod source;

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::workspace;

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(Failure::new(format!("layers takes no arguments, so not `{argument}`")));
    }
    let crates = workspace::root().join("crates");
    let mut complaints = Vec::new();
    let mut lengths = Vec::new();
    let folders = workspace::packages_in(&crates);
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(place) = picture::place_of(&name) else {
            complaints.push(format!("crates/{name} is not in the picture: give it a place in docs/ARCHITECTURE.md and xtask's `picture`"));
            continue;
        };
        let text = workspace::read(&folder.join("Cargo.toml"))?;
        for dependency in manifest::dependencies(&text) {
            if let Err(why) = place.allows(&dependency) {
                complaints.push(format!("crates/{name}: {why}"));
            }
        }
        let mut files = Vec::new();
        for file in workspace::files(folder, "rs", true)? {
            files.push((workspace::read(&file)?, file));
        }
        let for_tests: Vec<String> = files.iter().flat_map(|(text, _)| source::test_modules(text)).collect();
        for (text, file) in files {
            let shown = file.strip_prefix(&crates).unwrap_or(&file).display().to_string();
            lengths.push((text.lines().count(), shown.clone()));
            if is_product(folder, &file, &for_tests) {
                complaints
                    .extend(source::complaints(&text, place).map(|why| format!("crates/{shown}: {why}")));
            }
        }
    }
    let report = length::report(lengths);
    complaints.extend(report.offenders);
    println!("layers: {} crates; {}", folders.len(), report.summary);
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        eprintln!("  {complaint}");
    }
    Err(Failure::new(format!("{} place(s) differ from the picture", complaints.len())))
}

/// Whether the file is compiled into the product: under `src`, and not a module that exists for tests only.
fn is_product(folder: &Path, file: &Path, for_tests: &[String]) -> bool {
    file.strip_prefix(folder.join("src")).is_ok_and(|path| {
        path.with_extension("").components().all(|part| {
            let part = part.as_os_str().to_string_lossy();
            for_tests.iter().all(|module| *module != part)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_has_a_place() {
        for folder in workspace::packages_in(&workspace::root().join("crates")) {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            assert!(picture::place_of(&name).is_some(), "{name}");
        }
    }
}
