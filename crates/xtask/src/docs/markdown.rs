//! As much of Markdown as our pages use: headings, links, code spans, fenced blocks.

/// A page taken apart. Lines count from 1.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path from the root, with slashes.
    pub(crate) path: String,
    /// The anchors of its headings.
    pub(crate) anchors: Vec<String>,
    /// Targets of links, with their lines.
    pub(crate) links: Vec<(usize, String)>,
    /// What stands between backticks, with its line.
    pub(crate) spans: Vec<(usize, String)>,
    /// Fenced blocks.
    pub(crate) blocks: Vec<Block>,
    /// Table rows whose first cell is a code span.
    pub(crate) rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    /// Its first cell, without the backticks.
    pub(crate) head: String,
    /// Its last cell.
    pub(crate) last: String,
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The line of its fence.
    pub(crate) line: usize,
    /// What follows the fence: a language, perhaps a file's name.
    pub(crate) info: String,
    /// What is between the fences.
    pub(crate) lines: Vec<String>,
}

impl Page {
    /// Takes `text` apart.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let mut page = Self {
            path: path.replace('\\', "/"),
            anchors: Vec::new(),
            links: Vec::new(),
            spans: Vec::new(),
            blocks: Vec::new(),
            rows: Vec::new(),
        };
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            match (&mut open, line.strip_prefix("```")) {
                (Some(_), Some(_)) => page.blocks.extend(open.take()),
                (Some(block), None) => block.lines.push(line.to_owned()),
                (None, Some(info)) => {
                    open = Some(Block { line: number, info: info.trim().to_owned(), lines: Vec::new() });
                }
                (None, None) => page.prose(number, line),
            }
        }
        page.blocks.extend(open);
        page
    }

    fn prose(&mut self, number: usize, line: &str) {
        if line.starts_with('#') {
            self.anchors.push(anchor(line.trim_start_matches('#').trim()));
        }
        let mut without_spans = String::new();
        for (place, part) in line.split('`').enumerate() {
            if place % 2 == 1 {
                self.spans.push((number, part.to_owned()));
            } else {
                without_spans.push_str(part);
            }
        }
        for after in without_spans.split("](").skip(1) {
            if let Some((target, _)) = after.split_once(')') {
                self.links.push((number, target.trim().to_owned()));
            }
        }
        if let Some((head, rest)) = line.strip_prefix("| `").and_then(|rest| rest.split_once('`')) {
            let last = rest.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
            self.rows.push(Row { line: number, head: head.to_owned(), last: last.trim().to_owned() });
        }
    }
}

/// The anchor that a heading gets: lower case, spaces to hyphens, no punctuation.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_we_use() {
        let text = "# A heading, *two* parts\n\nSee [that](docs/x.md#y) and `Some(span)`.\n\n\
                    | `key` | what |\n\n```console file\n$ `[no](link)`\n```\n[b](c)\n";
        let page = Page::parse("README.md", text);
        assert_eq!(page.anchors, ["a-heading-two-parts"]);
        assert_eq!(page.links, [(3, "docs/x.md#y".to_owned()), (10, "c".to_owned())]);
        assert_eq!(page.spans, [(3, "Some(span)".to_owned()), (5, "key".to_owned())]);
        assert_eq!(page.rows, [Row { line: 5, head: "key".into(), last: "what".into() }]);
        let block = Block { line: 7, info: "console file".into(), lines: vec!["$ `[no](link)`".into()] };
        assert_eq!(page.blocks, [block]);
    }

    #[test]
    fn georgian_headings_have_anchors() {
        assert_eq!(anchor("1. პირის განაცხადი"), "1-პირის-განაცხადი");
    }
}
