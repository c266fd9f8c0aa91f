//! `cargo xtask docs`: what the documents name must exist.
//!
//! Checks links and their anchors, named types, metrics, configuration keys, audit events, files, our own commands,
//! the README's picture of the story, and the rows of `docs/compliance`. Commands of `ndoba` and the examples in the
//! guides are run by the tests of the `ndoba` crate, which have the program.

mod catalogue;
mod compliance;
mod links;
mod markdown;
mod mentions;
mod rows;
mod source;
mod story;

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::workspace;
use markdown::Page;
use source::Source;

/// Folders that hold documents; the pages beside `Cargo.toml` come on top.
const FOLDERS: &[&str] = &["docs", "deploy", "hsm"];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(Failure::new(format!("docs takes no arguments, so not `{argument}`")));
    }
    let root = workspace::root();
    let pages = pages(root)?;
    let source = Source::read(root)?;
    let mut complaints = links::complaints(root, &pages);
    complaints.extend(mentions::complaints(root, &pages, &source));
    complaints.extend(catalogue::complaints(&pages, &source)?);
    complaints.extend(story::complaints(root)?);
    let compliance = compliance::check(root, &source)?;
    complaints.extend(compliance.complaints);
    println!("docs: {} pages; {}", pages.len(), compliance.summary);
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        eprintln!("  {complaint}");
    }
    Err(Failure::new(format!("{} place(s) say what is not so", complaints.len())))
}

/// Every page, sorted by its path from the root.
fn pages(root: &Path) -> Outcome<Vec<Page>> {
    let mut files = workspace::files(root, "md", false)?;
    for folder in FOLDERS {
        files.extend(workspace::files(&root.join(folder), "md", true)?);
    }
    files.sort();
    files
        .iter()
        .map(|file| {
            Ok(Page::parse(
                &file.strip_prefix(root).unwrap_or(file).to_string_lossy(),
                &workspace::read(file)?,
            ))
        })
        .collect()
}
