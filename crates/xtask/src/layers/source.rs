//! What a source file reaches for, outside its tests.

use super::picture::Standing;

/// Paths that a crate below the line never names: files, network, environment, processes, clocks, runtimes.
const BELOW_THE_LINE_NEVER: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::io::stdin",
    "std::io::stdout",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
    "OffsetDateTime::now_utc",
    "tokio::",
    "actix",
];

const TESTS_ONLY: &str = "#[cfg(test)]";

/// What is wrong with the file `text` of a crate that stands at `place`.
pub(crate) fn complaints(text: &str, place: Standing) -> impl Iterator<Item = String> {
    let code = without_tests(&without_words(text));
    let mut found = Vec::new();
    if place.is_pure() {
        let paths = expand_uses(&code);
        for never in BELOW_THE_LINE_NEVER {
            if names(&code, never) || paths.iter().any(|path| names(path, never)) {
                found
                    .push(format!("is below the line, so it may not name `{}`", never.trim_end_matches(':')));
            }
        }
    }
    if !place.may_be_unsafe() && names(&code, "unsafe ") {
        found.push("`unsafe` is for the clock's kernel call and one file of hsm".to_owned());
    }
    found.into_iter()
}

/// The modules that the file declares for tests only and keeps in files of their own: `#[cfg(test)] mod tests;`.
pub(crate) fn test_modules(text: &str) -> Vec<String> {
    let code = without_words(text);
    code.split(TESTS_ONLY)
        .skip(1)
        .filter_map(|after| {
            let after = after.trim_start();
            let after = after.strip_prefix("pub(crate) ").unwrap_or(after);
            let (name, _) = after.strip_prefix("mod ")?.split_once(';')?;
            let is_word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_word.then(|| name.to_owned())
        })
        .collect()
}

/// Whether `path` occurs in `code` at the beginning of a word.
fn names(code: &str, path: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + path.len()..].chars().next();
        let ends = path.ends_with([':', ' ']) || path == "actix" || !after.is_some_and(word);
        !before.is_some_and(word) && ends
    })
}

/// The text with comments, strings and characters blanked out, so that words and braces in them do not count.
fn without_words(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let end = match (c, chars.get(at + 1)) {
            ('/', Some('/')) => find(&chars, at, |c| c == '\n'),
            ('/', Some('*')) => block_comment_end(&chars, at),
            ('"', _) => string_end(&chars, at),
            ('r', Some('"' | '#')) if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                raw_string_end(&chars, at)
            }
            ('\'', _) => character_end(&chars, at),
            _ => at,
        };
        if end > at {
            out.push(' ');
            at = end;
        } else {
            out.push(c);
            at += 1;
        }
    }
    out
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| wanted(*c)).map_or(chars.len(), |found| from + found)
}

fn block_comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of `r"…"` or `r#"…"#`; `from` itself when it is neither (`r#type`).
fn raw_string_end(chars: &[char], from: usize) -> usize {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return from;
    }
    let closes = |at: usize| {
        chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    (open + 1..chars.len()).find(|at| closes(*at)).map_or(chars.len(), |at| at + 1 + hashes)
}

/// The end of a character literal; `from` itself when it is a lifetime.
fn character_end(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => find(chars, from + 3, |c| c == '\'').saturating_add(1).min(chars.len()),
        (Some(_), Some('\'')) => from + 3,
        _ => from,
    }
}

/// The code without the items under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(TESTS_ONLY) {
        out.push_str(&rest[..at]);
        rest = skip_item(&rest[at + TESTS_ONLY.len()..]);
    }
    out.push_str(rest);
    out
}

/// What follows the item at the start of `code`: after its `;`, or after its braces.
fn skip_item(code: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return &code[at + 1..];
                }
            }
            ';' if depth == 0 => return &code[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Every path that `use` statements bring in, written out: `use std::{fs, io};` gives `std::fs` and `std::io`.
fn expand_uses(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if let Some(end) = code[at..].find(';') {
            let tree: String = code[at + 4..at + end].split_whitespace().collect();
            expand(&tree, "", &mut paths);
        }
    }
    paths
}

fn expand(tree: &str, before: &str, paths: &mut Vec<String>) {
    let Some((start, group)) = tree.split_once('{') else {
        paths.push(format!("{before}{tree}"));
        return;
    };
    let before = format!("{before}{start}");
    let mut depth = 0_usize;
    let mut branch = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&std::mem::take(&mut branch), &before, paths);
                continue;
            }
            _ => {}
        }
        branch.push(c);
    }
    if !branch.is_empty() {
        expand(&branch, &before, paths);
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::place_of;
    use super::*;

    fn count(text: &str, name: &str) -> usize {
        complaints(text, place_of(name).unwrap()).count()
    }

    #[test]
    fn reaching_out_is_seen_in_every_spelling() {
        for text in [
            "use std::fs;",
            "use std::{fmt, fs::File};",
            "use std::{io, net::{IpAddr, TcpStream}};",
            "fn f() { std::env::var(\"X\"); }",
            "fn f() { let t = SystemTime::now(); }",
            "async fn f() { tokio::spawn(g()); }",
            "use actix_web::web;",
        ] {
            assert!(count(text, "ca") > 0, "{text}");
        }
        assert_eq!(count("use std::fs;", "store"), 0);
    }

    #[test]
    fn words_in_comments_strings_and_tests_are_free() {
        for text in [
            "// std::fs is not for us\nfn f() {}",
            "/* a /* nested */ std::fs */ fn f() {}",
            "fn f() -> &'static str { \"std::fs \\\" std::env\" }",
            "fn f() -> &'static str { r#\"std::fs \"# }",
            "fn f() -> char { '\"' } // \"\n",
            "#[cfg(test)]\nmod tests { use std::fs; fn f() { std::env::var(\"}\"); } }",
            "#[cfg(test)]\nuse std::fs;\nfn f() {}",
            "use my_std::fs; fn instant() { SystemTime::now_really(); }",
        ] {
            assert_eq!(count(text, "ca"), 0, "{text}");
        }
        // What comes after the tests counts again.
        assert_eq!(count("#[cfg(test)] mod tests { fn f() {} } use std::fs;", "ca"), 1);
    }

    #[test]
    fn modules_for_tests_only() {
        let text =
            "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\nmod c { fn f() {} }\n#[cfg(test)] pub(crate) mod d;";
        assert_eq!(test_modules(text), ["b", "d"]);
    }

    #[test]
    fn unsafe_has_two_homes() {
        assert_eq!(count("fn f() { unsafe { g() } }", "store"), 1);
        assert_eq!(count("fn f() { unsafe { g() } }", "clock"), 0);
        assert_eq!(count("#![forbid(unsafe_code)]", "store"), 0);
    }
}
