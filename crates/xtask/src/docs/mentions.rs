//! Code spans and blocks: what they name must be in the tree.

use std::path::Path;

use super::markdown::{Block, Page};
use super::source::{Source, is_metric};
use crate::COMMANDS;

/// The page that names types as a map of the code: there a name must be defined, not merely occur.
const MAP: &str = "docs/ARCHITECTURE.md";

/// Folders whose files are named by their path from the root.
const TREES: &[&str] = &["crates/", "config/", "deploy/", "docs/", "fuzz/", "hsm/", "tests/"];

/// What a fenced block may be. `console` is run by tests or looked through here; `text` is for reading only; the
/// others are parsed by tests of the `ndoba` crate.
const LANGUAGES: &[&str] = &["console", "json", "python", "text", "toml"];

/// Mentions of what is not there.
pub(crate) fn complaints(root: &Path, pages: &[Page], source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        for (line, span) in &page.spans {
            if let Err(why) = span_is_true(root, source, page, span) {
                found.push(format!("{}:{line}: `{span}`: {why}", page.path));
            }
        }
        for block in &page.blocks {
            found.extend(block_complaints(page, block));
        }
    }
    found
}

fn span_is_true(root: &Path, source: &Source, page: &Page, span: &str) -> Result<(), String> {
    if let Some(rest) = span.strip_prefix("cargo xtask ") {
        return xtask_command(rest);
    }
    if TREES.iter().any(|tree| span.starts_with(tree)) && !span.contains(['*', '<', '{', '…', ' ']) {
        let here = root.join(span).exists();
        return if here { Ok(()) } else { Err("there is no such file".into()) };
    }
    if let Some((of, name)) = span.split_once("::")
        && is_snake(name)
        && root.join("crates").join(of).is_dir()
        && !source.tests.contains(span)
    {
        return Err("there is no such test".into());
    }
    // Decisions are kept as they were made, whatever the code is called today.
    if page.path.starts_with("docs/adr/") {
        return Ok(());
    }
    if is_metric(span) {
        let known = source.metrics.contains(span);
        return if known { Ok(()) } else { Err("there is no such metric".into()) };
    }
    // The API's problem codes look like keys; a test of the API compares that page.
    if page.path == "docs/reference/problems.md" {
        return Ok(());
    }
    if is_key_like(span, source) && !source.keys.contains(span) && !source.sections.contains(span) {
        return Err("there is no such configuration key".into());
    }
    let name = span.split(['(', '<', ':', '{', '!']).next().unwrap_or(span);
    if is_type_like(name) {
        if page.path == MAP && !source.items.contains(name) {
            return Err("no such type or function is defined".into());
        }
        if !source.knows(name) {
            return Err("the code knows no such name".into());
        }
    }
    Ok(())
}

fn is_snake(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn xtask_command(words: &str) -> Result<(), String> {
    let name = words.split_whitespace().next().unwrap_or_default();
    let known = name == "…" || COMMANDS.iter().any(|command| command.name == name);
    if known { Ok(()) } else { Err("xtask has no such command".into()) }
}

/// `section.key`, where the configuration has such a section. A file's name is not one.
fn is_key_like(span: &str, source: &Source) -> bool {
    const FILES: &[&str] = &["json", "jsonl", "log", "md", "pem", "pin", "rs", "sqlite", "toml"];
    let mut parts = span.split('.');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back());
    last.is_some_and(|last| !FILES.contains(&last))
        && span.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '.' || c.is_ascii_digit())
        && (source.sections.iter().any(|section| section.split('.').next() == Some(first)))
}

/// A name in the form of our types: begins with a capital, has a small letter and another capital.
fn is_type_like(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.chars().any(|c| c.is_ascii_lowercase())
        && name.chars().skip(1).any(|c| c.is_ascii_uppercase())
}

fn block_complaints(page: &Page, block: &Block) -> Vec<String> {
    let at = format!("{}:{}", page.path, block.line);
    let language = block.info.split_whitespace().next().unwrap_or_default();
    if !LANGUAGES.contains(&language) {
        return vec![format!("{at}: tag the block with one of {}", LANGUAGES.join(", "))];
    }
    let commands = block.lines.iter().filter_map(|line| line.strip_prefix("$ cargo xtask "));
    commands.filter_map(|rest| Some(format!("{at}: `{rest}`: {}", xtask_command(rest).err()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    fn judge(source: &Source, path: &str, text: &str) -> Vec<String> {
        complaints(workspace::root(), &[Page::parse(path, text)], source)
    }

    #[test]
    fn what_is_there_may_be_named() {
        let source = Source::read(workspace::root()).unwrap();
        let text = "`LintedTbs` `EventKind::KeyOpened` `ndoba_ca_parked` `crates/xtask` `cargo xtask layers`\n\
                    `cas.ocsp.unissued` `ndoba.toml` `audit.jsonl` `CertID` `urls.pds_url`\n\
                    ```console\n$ cargo xtask ci\n```\n";
        assert_eq!(
            judge(&source, "docs/ARCHITECTURE.md", &text.replace("`CertID`", "")),
            Vec::<String>::new()
        );
        assert_eq!(judge(&source, "docs/guides/x.md", text), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_there_is_named_in_complaints() {
        let source = Source::read(workspace::root()).unwrap();
        for text in [
            "`LintedNonsense`",
            "`ndoba_ca_unheard_of`",
            "`crates/unheard-of`",
            "`cargo xtask dance`",
            "`ca::nobody_tests_this`",
            "`ocsp.unissued` `cas.unheard_of`",
            "```\nuntagged\n```",
            "```console\n$ cargo xtask dance\n```",
        ] {
            assert_eq!(judge(&source, "docs/guides/x.md", text).len(), 1, "{text}");
        }
        assert_eq!(judge(&source, "docs/ARCHITECTURE.md", "`CertID`").len(), 1);
    }
}
