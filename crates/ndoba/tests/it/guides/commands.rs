//! Every `ndoba …` that a document names exists, with its options; and every command is in a guide.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tree;

#[test]
fn documents_name_commands_that_exist_and_guides_name_all() {
    let mut helps = Helps::default();
    let mut wrong = Vec::new();
    let mut in_guides = BTreeSet::new();
    for page in pages() {
        let shown = page.strip_prefix(tree()).unwrap().display().to_string();
        for (line, command) in mentioned(&fs::read_to_string(&page).unwrap()) {
            match helps.check(&command) {
                Ok(leaf) if shown.starts_with("docs/guides") => drop(in_guides.insert(leaf)),
                Ok(_) => {}
                Err(why) => wrong.push(format!("{shown}:{line}: `{command}`: {why}")),
            }
        }
    }
    let missing = helps.leaves(&[]).into_iter().filter(|leaf| !in_guides.contains(leaf));
    wrong.extend(missing.map(|leaf| format!("no guide names `ndoba {leaf}`")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What `--help` says, by command.
#[derive(Default)]
struct Helps(BTreeMap<Vec<String>, String>);

impl Helps {
    fn of(&mut self, path: &[String]) -> &str {
        self.0.entry(path.to_vec()).or_insert_with(|| {
            let said = Command::new(env!("CARGO_BIN_EXE_ndoba")).args(path).arg("--help").output().unwrap();
            String::from_utf8(said.stdout).unwrap()
        })
    }

    fn subcommands(&mut self, path: &[String]) -> Vec<String> {
        let help = self.of(path);
        let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
        let names =
            list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    }

    /// The command without its options and operands, or what is wrong with it.
    fn check(&mut self, command: &str) -> Result<String, String> {
        let mut words = command.split_whitespace().skip(1).peekable();
        let mut path: Vec<String> = Vec::new();
        loop {
            let subcommands = self.subcommands(&path);
            if subcommands.is_empty() {
                break;
            }
            match words.next() {
                None | Some("…" | "--help" | "--version") => return Ok(path.join(" ")),
                Some(word) if subcommands.iter().any(|name| name == word) => path.push(word.to_owned()),
                Some(word) => return Err(format!("there is no {word}")),
            }
        }
        let help = self.of(&path);
        let known: BTreeSet<&str> = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
        for word in words {
            if matches!(word, "|" | ">" | "&&" | ";" | "#") {
                break;
            }
            let option = word.trim_start_matches('[').split(['=', ']']).next().unwrap_or_default();
            if option.starts_with("--") && !known.contains(option) {
                return Err(format!("it has no option {option}"));
            }
        }
        Ok(path.join(" "))
    }

    /// Every command that has no commands below it.
    fn leaves(&mut self, path: &[String]) -> Vec<String> {
        let below = self.subcommands(path);
        if below.is_empty() {
            return vec![path.join(" ")];
        }
        let paths = below.into_iter().map(|name| [path, &[name]].concat()).collect::<Vec<_>>();
        paths.iter().flat_map(|path| self.leaves(path)).collect()
    }
}

/// Commands in code spans, and in blocks after a `$ `, with their lines.
fn mentioned(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    let mut open: Option<(usize, String)> = None;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            let begun = line.strip_prefix("$ ").map(|command| (index + 1, command.to_owned()));
            let whole = match (open.take(), begun) {
                (Some((at, command)), _) => Some((at, format!("{command} {line}"))),
                (None, begun) => begun,
            };
            match whole {
                Some((at, command)) if command.ends_with('\\') => {
                    open = Some((at, command.trim_end_matches('\\').to_owned()));
                }
                Some(whole) => found.push(whole),
                None => {}
            }
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|span| (index + 1, span.to_owned())));
        }
    }
    found.retain(|(_, command)| command.starts_with("ndoba "));
    found
}

/// Every page of the tree that is ours.
fn pages() -> Vec<PathBuf> {
    fn below(folder: &Path, deep: bool, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && deep {
                below(&path, true, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&tree(), false, &mut found);
    for folder in ["docs", "deploy", "hsm"] {
        below(&tree().join(folder), true, &mut found);
    }
    found
}
