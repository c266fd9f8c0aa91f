//! The README's picture of the quick start shows the steps that the story takes, by their titles and in order.

use std::path::Path;

use crate::failure::Outcome;
use crate::workspace::read;

/// Where the steps are.
const STORY: &str = "crates/xtask/src/quickstart/story.rs";
/// Where they are shown.
const PICTURE: &str = "README.md";

/// Differences between picture and story.
pub(crate) fn complaints(root: &Path) -> Outcome<Vec<String>> {
    Ok(compare(&titles(&read(&root.join(STORY))?), &shown(&read(&root.join(PICTURE))?)))
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
    fn picture_and_story() {
        let source = "steps.step(\"One\", || x)?; steps\n.step(\n  \"Two\", || y)?";
        let page = "[1/2] One … ok (x)\n[2/2] Two … ok\n";
        assert!(compare(&titles(source), &shown(page)).is_empty());
        assert_eq!(compare(&titles(source), &shown("[1/2] One … ok\n[2/2] Too … ok\n")).len(), 2);
        assert_eq!(compare(&titles(source), &shown("[2/2] Two … ok\n[1/2] One … ok\n")).len(), 1);
        assert_eq!(compare(&[], &[]).len(), 1);
    }
}
