//! Links within the tree: the file is there, and so is the heading.

use std::path::{Component, Path, PathBuf};

use super::markdown::Page;

/// Links that lead nowhere. Addresses elsewhere are not asked.
pub(crate) fn complaints(root: &Path, pages: &[Page]) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        for (line, target) in &page.links {
            if let Err(why) = follow(root, pages, page, target) {
                found.push(format!("{}:{line}: the link {target} {why}", page.path));
            }
        }
    }
    found
}

fn follow(root: &Path, pages: &[Page], from: &Page, target: &str) -> Result<(), &'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        from.path.clone()
    } else {
        let beside = Path::new(&from.path).parent().unwrap_or(Path::new("")).join(file);
        normal(&beside).ok_or("leaves the tree")?
    };
    if !root.join(&path).exists() {
        return Err("leads to no file");
    }
    if anchor.is_empty() {
        return Ok(());
    }
    let there = pages.iter().find(|page| page.path == path).ok_or("has an anchor, but leads to no page")?;
    if there.anchors.iter().any(|known| known == anchor) { Ok(()) } else { Err("leads to no heading") }
}

/// The path without `.` and `..`; nothing when it leaves the tree.
fn normal(path: &Path) -> Option<String> {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !parts.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.to_string_lossy().replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn dead_links_are_seen() {
        let text = "[a](Cargo.toml) [b](nowhere.md) [c](#here) [d](#there) [e](../x) [f](https://x.example)\n# Here\n";
        let page = Page::parse("README.md", text);
        let found = complaints(workspace::root(), &[page]);
        let dead: Vec<_> = found.iter().map(|line| line.split(' ').nth(3).unwrap_or_default()).collect();
        assert_eq!(dead, ["nowhere.md", "#there", "../x"]);
    }
}
