//! What a `Cargo.toml` depends on: a scanner for the forms that our manifests use.

/// A dependency as a manifest names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// When it is compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Into the product; build scripts count as product.
    Normal,
    /// Into tests only.
    Development,
}

/// Every dependency of the manifest `text`, also those for some platforms only and those under another name.
pub(crate) fn dependencies(text: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = None;
    for line in text.lines() {
        let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if let Some(header) = line.strip_prefix('[') {
            let (kind, table) = read_header(header.trim_end_matches(']'));
            // `[dependencies.x]` names the dependency in the header itself; its lines are that one's settings.
            if let (Some(kind), Some(name)) = (kind, table) {
                found.push(Dependency { name: name.into(), kind });
                section = None;
            } else {
                section = kind;
            }
            continue;
        }
        if let (Some(kind), Some((key, value))) = (section, line.split_once('=')) {
            let key = key.trim().split('.').next().unwrap_or_default().trim_matches('"');
            found.push(Dependency { name: renamed(value).unwrap_or(key).into(), kind });
        }
    }
    found
}

/// Which kind of dependencies a table lists, and the one it is about if it is about one.
fn read_header(header: &str) -> (Option<Kind>, Option<&str>) {
    for (word, kind) in [
        ("dev-dependencies", Kind::Development),
        ("build-dependencies", Kind::Normal),
        ("dependencies", Kind::Normal),
    ] {
        if header == word || header.ends_with(&format!(".{word}")) {
            return (Some(kind), None);
        }
        if let Some((before, name)) = header.split_once(&format!("{word}."))
            && (before.is_empty() || before.ends_with('.'))
        {
            return (Some(kind), Some(name.trim_matches('"')));
        }
    }
    (None, None)
}

/// `{ package = "name", … }`: the name behind a renamed dependency.
fn renamed(value: &str) -> Option<&str> {
    let after = value.split_once("package")?.1.trim_start().strip_prefix('=')?;
    after.trim_start().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_the_forms() {
        let text = r#"
            [package]
            name = "x"
            [dependencies]
            ndoba-types.workspace = true # why
            old = { package = "ndoba-x509", path = "../x509" }
            "quoted" = "1"
            [dependencies.tokio]
            version = "1"
            [target.'cfg(unix)'.dependencies]
            libc = "0.2"
            [build-dependencies]
            cc = "1"
            [dev-dependencies]
            tempfile.workspace = true
            [features]
            default = []
        "#;
        let found: Vec<(String, Kind)> = dependencies(text).into_iter().map(|d| (d.name, d.kind)).collect();
        let normal = ["ndoba-types", "ndoba-x509", "quoted", "tokio", "libc", "cc"];
        let mut expected: Vec<(String, Kind)> =
            normal.iter().map(|name| (name.to_string(), Kind::Normal)).collect();
        expected.push(("tempfile".into(), Kind::Development));
        assert_eq!(found, expected);
    }
}
