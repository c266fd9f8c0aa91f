//! The README's picture of the quick start shows the steps that the story takes, by their titles and in order, and the
//! tables that it prints at the end, row by row.

use std::path::Path;

use crate::failure::Outcome;
use crate::workspace::read;

/// Where the steps are.
const STORY: &str = "crates/xtask/src/quickstart/story.rs";
/// Where they are shown.
const PICTURE: &str = "README.md";

/// Differences between picture and story.
pub(crate) fn complaints(root: &Path) -> Outcome<Vec<String>> {
    let (story, picture) = (read(&root.join(STORY))?, read(&root.join(PICTURE))?);
    let mut found = compare(&titles(&story), &shown(&picture));
    found.extend(compare_rows(&rows(&story), &rows_shown(&picture)));
    Ok(found)
}

/// The names in `("name", value)` of the function that prints the tables, in the order of the source.
fn rows(source: &str) -> Vec<String> {
    let printing = source.split_once("fn print_addresses(").map_or("", |(_, after)| after);
    let printing = printing.split_once("\n}").map_or(printing, |(inside, _)| inside);
    printing
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(\"")?.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// `  name  value` in the first picture of the page.
fn rows_shown(page: &str) -> Vec<String> {
    let picture = page.split("\n```").find_map(|block| block.strip_prefix("text\n")).unwrap_or_default();
    picture
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn compare_rows(rows: &[String], shown: &[String]) -> Vec<String> {
    if rows == shown && !rows.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "{PICTURE}: the tables at the end have the rows {}, and the picture {}",
        rows.join(" | "),
        shown.join(" | ")
    )]
}

/// The first argument of every `.step("…"`, in the order of the source.
fn titles(source: &str) -> Vec<String> {
    source
        .split(".step(")
        .skip(1)
        .filter_map(|after| after.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// `[n/N] title … ok`, in the order of the page.
fn shown(page: &str) -> Vec<(String, String)> {
    page.lines()
        .filter_map(|line| {
            let (place, rest) = line.strip_prefix('[')?.split_once("] ")?;
            let (title, _) = rest.split_once(" … ")?;
            Some((place.to_owned(), title.to_owned()))
        })
        .collect()
}

fn compare(titles: &[String], shown: &[(String, String)]) -> Vec<String> {
    let all = titles.len();
    let wanted: Vec<(String, String)> = titles
        .iter()
        .enumerate()
        .map(|(index, title)| (format!("{}/{all}", index + 1), title.clone()))
        .collect();
    if all > 0 && wanted == shown {
        return Vec::new();
    }
    let missing = wanted.iter().filter(|step| !shown.contains(step));
    let superfluous = shown.iter().filter(|step| !wanted.contains(step));
    let mut found: Vec<String> = missing
        .map(|(place, title)| format!("{PICTURE}: the picture lacks «[{place}] {title}»"))
        .chain(superfluous.map(|(place, title)| format!("{PICTURE}: the story has no «[{place}] {title}»")))
        .collect();
    if found.is_empty() {
        found.push(format!("{PICTURE}: the steps of the story stand in another order, or none was found"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_picture() {
        let source = "fn other() {\n    (\"no\", 1);\n}\npub fn print_addresses(stage: &Stage) {\n    print(\n        \
                      &[\n            (\"OCSP\", at(1)),\n            (\"a b\", x),\n        ],\n    );\n}\n(\"nor this\", 1)";
        let page = "x\n```text\n[1/1] One … ok\n\nAddresses\n  OCSP  http://x\n  a b   y\n```\n  not  this\n```text\n  nor  this\n```\n";
        assert_eq!(rows(source), ["OCSP", "a b"]);
        assert_eq!(rows_shown(page), ["OCSP", "a b"]);
        assert!(compare_rows(&rows(source), &rows_shown(page)).is_empty());
        assert_eq!(compare_rows(&rows(source), &rows_shown(&page.replace("  a b", "  b"))).len(), 1);
        assert_eq!(compare_rows(&[], &[]).len(), 1);
    }

    #[test]
    fn picture_and_story() {
        let source = "steps.step(\"One\", || x)?; steps\n.step(\n  \"Two\", || y)?";
        let page = "[1/2] One … ok (x)\n[2/2] Two … ok\n";
        assert!(compare(&titles(source), &shown(page)).is_empty());
        assert_eq!(compare(&titles(source), &shown("[1/2] One … ok\n[2/2] Too … ok\n")).len(), 2);
        assert_eq!(compare(&titles(source), &shown("[2/2] Two … ok\n[1/2] One … ok\n")).len(), 1);
        assert_eq!(compare(&[], &[]).len(), 1);
    }
}
