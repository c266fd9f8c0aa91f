//! Pages that list all of something: the list is complete, and nothing on it is made up.

use std::collections::BTreeSet;

use super::markdown::Page;
use super::source::{Source, is_metric};
use crate::COMMANDS;
use crate::failure::{Failure, Outcome};

/// Where every metric has a row.
const METRICS: &str = "docs/reference/metrics.md";
/// Where every kind of audit event has a row.
const EVENTS: &str = "docs/reference/audit-events.md";
/// Where every command of ours for developers has a row.
const HABITS: &str = "CONTRIBUTING.md";

/// What the lists leave out or make up.
pub(crate) fn complaints(pages: &[Page], source: &Source) -> Outcome<Vec<String>> {
    let mut found = compare(page(pages, METRICS)?, "metric", source.metrics.iter(), is_metric);
    let events = page(pages, EVENTS)?;
    found.extend(compare(events, "audit event", source.events.keys(), |_| true));
    found.extend(unwritten(events, source));
    let listed: Vec<&str> = page(pages, HABITS)?.rows.iter().map(|row| row.head.as_str()).collect();
    let missing = COMMANDS.iter().filter(|command| {
        let words = format!("cargo xtask {}", command.name);
        !listed.iter().any(|head| *head == words || head.starts_with(&format!("{words} ")))
    });
    found.extend(missing.map(|command| format!("{HABITS}: `cargo xtask {}` has no row", command.name)));
    Ok(found)
}

/// The last cell of a kind that nothing writes.
const NOT_YET: &str = "not yet";

/// Kinds that are said to be written and are not, or the other way round.
fn unwritten(page: &Page, source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for row in &page.rows {
        let Some(variant) = source.events.get(&row.head) else { continue };
        let (said, so) = (row.last != NOT_YET, source.written.contains(variant));
        if said && !so {
            found.push(format!("{}:{}: nothing writes {}: say «{NOT_YET}»", page.path, row.line, row.head));
        } else if so && !said {
            found.push(format!(
                "{}:{}: {} is written by now: say by which role",
                page.path, row.line, row.head
            ));
        }
    }
    found
}

fn page<'a>(pages: &'a [Page], path: &str) -> Outcome<&'a Page> {
    pages.iter().find(|page| page.path == path).ok_or_else(|| Failure::new(format!("{path} is missing")))
}

fn compare<'a>(
    page: &Page,
    what: &str,
    known: impl Iterator<Item = &'a String>,
    is_one: impl Fn(&str) -> bool,
) -> Vec<String> {
    let known: BTreeSet<&str> = known.map(String::as_str).collect();
    let listed: BTreeSet<&str> =
        page.rows.iter().map(|row| row.head.as_str()).filter(|head| is_one(head)).collect();
    let missing = known.difference(&listed);
    let invented = listed.difference(&known);
    missing
        .map(|name| format!("{}: the {what} {name} has no row", page.path))
        .chain(invented.map(|name| format!("{}: there is no {what} {name}", page.path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions() {
        let page = Page::parse("m.md", "| `ndoba_a_b` | x |\n| `ndoba_c_d` | y |\n");
        let known = ["ndoba_a_b".to_owned(), "ndoba_e_f".to_owned()];
        let found = compare(&page, "metric", known.iter(), is_metric);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("ndoba_e_f has no row") && found[1].contains("no metric ndoba_c_d"));
    }

    #[test]
    fn what_nothing_writes_says_so() {
        let mut source = Source::default();
        source.events.insert("a".into(), "A".into());
        source.events.insert("b".into(), "B".into());
        source.written.insert("A".into());
        let judge = |text: &str| unwritten(&Page::parse("e.md", text), &source).len();
        assert_eq!(judge("| `a` | x | ca |\n| `b` | y | not yet |\n"), 0);
        assert_eq!(judge("| `a` | x | not yet |\n| `b` | y | ca |\n"), 2);
    }
}
