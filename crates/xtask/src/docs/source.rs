//! What the tree defines: names in the Rust code, metrics, audit events, configuration keys, tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::failure::Outcome;
use crate::workspace::{files, read};

/// Names by kind.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Types, traits, functions and constants.
    pub(crate) items: BTreeSet<String>,
    /// Modules: folders and files.
    pub(crate) modules: BTreeSet<String>,
    /// Every word of the code, comments included.
    words: BTreeSet<String>,
    /// Functions of tests, as `crate::function`.
    pub(crate) tests: BTreeSet<String>,
    /// Metrics.
    pub(crate) metrics: BTreeSet<String>,
    /// Kinds of audit events by name, with the variant's.
    pub(crate) events: BTreeMap<String, String>,
    /// Variants of `EventKind` that code outside the `audit` crate names.
    pub(crate) written: BTreeSet<String>,
    /// Configuration keys, dotted.
    pub(crate) keys: BTreeSet<String>,
    /// Sections of the configuration, and keys without one.
    pub(crate) sections: BTreeSet<String>,
}

impl Source {
    /// Reads the tree under `root`.
    pub(crate) fn read(root: &Path) -> Outcome<Self> {
        let mut source = Self::default();
        for folder in ["crates", "tests"] {
            for file in files(&root.join(folder), "rs", true)? {
                let path = file.strip_prefix(root).unwrap_or(&file);
                // This checker's own examples of what is not there would make it be there.
                if path.starts_with("crates/xtask/src/docs") {
                    continue;
                }
                let text = read(&file)?;
                source.rust(&crate_of(path), &text);
                source.module(path);
                if is_product(path) && !path.starts_with("crates/audit") {
                    source.written.extend(after(&text, "EventKind::"));
                }
            }
        }
        for (folder, ending) in [("crates", "sql"), ("tests", "py"), ("deploy", "service"), ("deploy", "sql")]
        {
            for file in files(&root.join(folder), ending, true)? {
                source.words.extend(words(&read(&file)?).map(str::to_owned));
            }
        }
        for kinds in ["crates/audit/src/kind.rs", "crates/audit/src/kind/register.rs"] {
            source.events(&read(&root.join(kinds))?);
        }
        source.reference(&read(&root.join("config/ndoba.reference.toml"))?);
        Ok(source)
    }

    /// Whether the word stands anywhere in the code.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    fn module(&mut self, path: &Path) {
        self.modules.extend(path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()));
    }

    fn rust(&mut self, of: &str, text: &str) {
        const DEFINE: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "const", "static", "macro_rules"];
        let mut before = "";
        for word in words(text) {
            if DEFINE.contains(&before) {
                self.items.insert(word.to_owned());
            }
            self.words.insert(word.to_owned());
            before = word;
        }
        self.tests.extend(tests(text).into_iter().map(|name| format!("{of}::{name}")));
        for part in text.split('"').filter(|part| is_metric(part)) {
            self.metrics.insert(part.to_owned());
        }
    }

    /// `Name = "text" { … }` in the list of kinds.
    fn events(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((variant, after)) = line.split_once(" = \"")
                && let Some((name, rest)) = after.split_once('"')
                && rest.trim_start().starts_with('{')
            {
                self.events.insert(name.to_owned(), variant.trim().to_owned());
            }
        }
    }

    /// Sections and commented keys of the reference file.
    fn reference(&mut self, text: &str) {
        let mut section = String::new();
        for line in text.lines() {
            let Some(line) = line.strip_prefix('#') else { continue };
            if let Some(header) = line.strip_prefix('[') {
                header.trim_matches(['[', ']']).clone_into(&mut section);
                self.sections.insert(section.clone());
            } else if let Some((key, _)) = line.split_once(" = ")
                && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                let dotted = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
                self.keys.insert(dotted);
            }
        }
    }
}

/// Whether the file is neither a test nor made for tests.
fn is_product(path: &Path) -> bool {
    let for_tests = |part: &std::ffi::OsStr| {
        let part = part.to_string_lossy();
        part.contains("test") || part.contains("fake")
    };
    path.iter().any(|part| part == "src") && !path.iter().any(for_tests)
}

/// The words that follow `before`.
fn after(text: &str, before: &str) -> Vec<String> {
    text.split(before).skip(1).filter_map(|rest| words(rest).next()).map(str::to_owned).collect()
}

/// The folder's name under `crates/` or `tests/`.
fn crate_of(path: &Path) -> String {
    path.iter().nth(1).unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs of letters, digits and underscores.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// Our metrics' form: `ndoba_` and more, in lower case, with a unit or a count at the end or not.
pub(crate) fn is_metric(text: &str) -> bool {
    text.strip_prefix("ndoba_").is_some_and(|rest| {
        rest.contains('_') && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    })
}

/// Macros of ours and others' that make a test of every function in their braces.
const MAKERS: &[&str] = &["proptest! {", "worlds! {"];

/// A macro of ours that makes tests of the functions it names.
const ENGINES: &str = "on_both_engines!(";

/// Functions that follow a `#[test]`, other attributes between, stand in the braces of one of [`MAKERS`], or are named
/// to [`ENGINES`].
fn tests(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = |after: &str| words(after).next().map(str::to_owned);
    for after in text.split("#[test]").skip(1) {
        found.extend(after.split_once("fn ").and_then(|(_, rest)| name(rest)));
    }
    for maker in MAKERS {
        for after in text.split(maker).skip(1) {
            let inside = after.split("\n}").next().unwrap_or(after);
            let inside = inside.lines().filter_map(|line| line.strip_prefix("    "));
            let functions = inside.filter_map(|line| line.trim_start_matches(' ').strip_prefix("fn "));
            found.extend(functions.filter_map(name));
        }
    }
    for after in text.split(ENGINES).skip(1) {
        found.extend(words(after.split(')').next().unwrap_or_default()).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        let mut source = Source::default();
        source.rust(
            "ca",
            "pub struct Plan<T>;\n#[test]\n#[ignore]\nfn it_holds() {}\nconst M: &str = \"ndoba_ca_parked\";\n\
             proptest! {\n    /// Always.\n    fn any(x in y) {\n    }\n}\nfn other() {}\non_both_engines!(one, two);\n",
        );
        assert!(source.items.contains("Plan"));
        assert_eq!(
            source.tests.iter().map(String::as_str).collect::<Vec<_>>(),
            ["ca::any", "ca::it_holds", "ca::one", "ca::two"]
        );
        assert!(source.metrics.contains("ndoba_ca_parked") && source.knows("ignore"));
        source.events("    ServiceStarted = \"service-started\" {\n let x = \"other\";");
        assert_eq!(source.events.len(), 1);
        source.reference("#mode = \"x\"\n#[cas.ocsp]\n# Prose = no key.\n#unissued = \"unknown\"\n");
        assert!(source.keys.contains("mode") && source.keys.contains("cas.ocsp.unissued"));
        assert_eq!(source.keys.len(), 2);
    }
}
