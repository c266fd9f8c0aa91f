//! The rows of `docs/compliance/*.toml`: a reader for the form that these files keep.

use crate::failure::{Failure, Outcome};

/// A requirement and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line of its header.
    pub(crate) line: usize,
    /// `K-C01`.
    pub(crate) id: String,
    /// Clauses of the standards behind it.
    pub(crate) clause: String,
    /// What must hold, in our own words.
    pub(crate) text: String,
    /// `covered`, `partly` or `open`.
    pub(crate) status: String,
    /// Types, functions or modules that make it hold.
    pub(crate) code: Vec<String>,
    /// Tests that prove it.
    pub(crate) tests: Vec<String>,
    /// What is missing, or how it holds without a test of ours.
    pub(crate) note: String,
}

/// Reads `[[row]]` tables of strings and lists of strings, one key a line.
pub(crate) fn parse(file: &str, text: &str) -> Outcome<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |why: &str| Failure::new(format!("{file}:{}: {why}", index + 1));
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[[row]]" {
            rows.push(Row { line: index + 1, ..Row::default() });
            continue;
        }
        let row = rows.last_mut().ok_or_else(|| wrong("begin with [[row]]"))?;
        let (key, value) = line.split_once(" = ").ok_or_else(|| wrong("this is no `key = value`"))?;
        let text = || string(value).ok_or_else(|| wrong("the value must be a \"string\" on one line"));
        let list = || strings(value).ok_or_else(|| wrong("the value must be a [\"list\", \"of strings\"]"));
        match key {
            "id" => row.id = text()?,
            "clause" => row.clause = text()?,
            "text" => row.text = text()?,
            "status" => row.status = text()?,
            "note" => row.note = text()?,
            "code" => row.code = list()?,
            "tests" => row.tests = list()?,
            _ => return Err(wrong(&format!("rows have no `{key}`"))),
        }
    }
    Ok(rows)
}

fn string(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then(|| inner.to_owned())
}

fn strings(value: &str) -> Option<Vec<String>> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?.trim();
    if inner.is_empty() {
        return Some(Vec::new());
    }
    inner.split(',').map(|part| string(part.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let text =
            "# About.\n[[row]]\nid = \"K-C01\"\nstatus = \"open\"\ncode = [\"A\", \"b\"]\ntests = []\n";
        let rows = parse("x.toml", text).unwrap();
        assert_eq!((rows[0].line, rows[0].id.as_str(), rows[0].code.len()), (2, "K-C01", 2));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in
            ["id = \"x\"", "[[row]]\nid = x", "[[row]]\nids = \"x\"", "[[row]]\ncode = \"x\"", "[[row]]\nx"]
        {
            assert!(parse("x.toml", text).is_err(), "{text}");
        }
    }
}
