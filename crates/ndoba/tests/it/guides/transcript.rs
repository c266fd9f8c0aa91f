//! `console` blocks taken apart, and output compared with what a guide shows.

use std::collections::BTreeMap;

/// What a guide makes the reader do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Write a file.
    File { name: String, text: String },
    /// Give a command.
    Step(Step),
}

/// A command and what it should print.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) expected: Vec<String>,
}

/// A question of the command in each language, as the guide shows it with the answer behind.
const QUESTIONS: [(&str, &str); 2] = [("Sign this? [y/N] ", "y"), ("მოაწერთ ხელს? [კი/არა] ", "კი")];

impl Step {
    /// Our command says why in a line of this form when it refuses.
    pub(super) fn must_fail(&self) -> bool {
        self.expected.iter().any(|line| line.starts_with("ndoba: "))
    }

    /// What the reader types.
    pub(super) fn answers(&self) -> String {
        let answer = |line: &String| {
            QUESTIONS.iter().find_map(|(question, _)| line.strip_prefix(question)).map(str::to_owned)
        };
        self.expected.iter().filter_map(answer).map(|answer| answer + "\n").collect()
    }
}

/// Output as a terminal would show it, with the answer that a pipe does not echo.
pub(super) fn with_answers(output: &str) -> String {
    QUESTIONS.iter().fold(output.to_owned(), |output, (question, answer)| {
        output.replace(question, &format!("{question}{answer}\n"))
    })
}

/// The parts of a page, in order.
pub(super) fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| *line != "```").collect();
        match info.split_once(' ') {
            Some(("python" | "toml", name)) => {
                let text = block.iter().map(|(_, line)| format!("{line}\n")).collect();
                parts.push(Part::File { name: name.trim().to_owned(), text });
            }
            _ if info == "console" => steps(&block, &mut parts),
            _ => {}
        }
    }
    parts
}

fn steps(block: &[(usize, &str)], parts: &mut Vec<Part>) {
    let mut continues = false;
    for (index, line) in block {
        match (line.strip_prefix("$ "), parts.last_mut()) {
            (Some(command), _) => parts.push(Part::Step(Step {
                line: index + 1,
                command: command.to_owned(),
                expected: Vec::new(),
            })),
            (None, Some(Part::Step(step))) if continues => {
                step.command.push('\n');
                step.command.push_str(line);
            }
            (None, Some(Part::Step(step))) => step.expected.push((*line).to_owned()),
            (None, _) => panic!("line {}: a console block begins with a command", index + 1),
        }
        let in_command = line.starts_with("$ ") || continues;
        continues = in_command && line.ends_with('\\');
    }
}

/// What the guide writes, and what it is in this run.
#[derive(Default)]
pub(super) struct Names {
    /// Known from the start: addresses, the day.
    fixed: Vec<(String, String)>,
    /// Learned from output: identifiers, serial numbers, digests.
    learned: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn fix(&mut self, written: &str, here: &str) {
        self.fixed.push((written.into(), here.into()));
    }

    /// The guide's text as it is to be typed here.
    pub(super) fn here(&self, text: &str) -> String {
        let learned = self.learned.iter();
        let fixed = self.fixed.iter().map(|(written, here)| (written, here));
        learned.chain(fixed).fold(text.to_owned(), |text, (written, here)| text.replace(written, here))
    }

    /// Nothing when `said` is what was expected, else the first line that was not found. A step without expected
    /// output may say anything.
    pub(super) fn compare(&mut self, expected: &[String], said: &str) -> Option<String> {
        if expected.is_empty() {
            return None;
        }
        let mut said = said.lines().peekable();
        let mut anything = false;
        for line in expected {
            if line.trim() == "…" {
                anything = true;
                continue;
            }
            let found = if anything {
                said.any(|said| self.like(line, said))
            } else {
                said.next().is_some_and(|said| self.like(line, said))
            };
            if !found {
                return Some(line.clone());
            }
            anything = false;
        }
        said.next().filter(|_| !anything).map(|line| format!("(nothing, instead of) {line}"))
    }

    fn like(&mut self, expected: &str, said: &str) -> bool {
        let mut expected = expected.to_owned();
        for (written, here) in &self.fixed {
            expected = expected.replace(written, here);
        }
        let mut learned = BTreeMap::new();
        let fits = self.fits(&pieces(&expected), said.trim_end(), &mut learned);
        if fits {
            self.learned.append(&mut learned);
        }
        fits
    }

    fn fits(&self, pieces: &[Piece], said: &str, learned: &mut BTreeMap<String, String>) -> bool {
        let Some((first, rest)) = pieces.split_first() else { return said.is_empty() };
        match first {
            Piece::Exactly(text) => {
                said.strip_prefix(text.as_str()).is_some_and(|said| self.fits(rest, said, learned))
            }
            Piece::Anything => {
                let ends = said.char_indices().map(|(at, _)| at).chain([said.len()]);
                ends.into_iter().any(|at| self.fits(rest, &said[at..], learned))
            }
            Piece::Time => time(said).is_some_and(|end| self.fits(rest, &said[end..], learned)),
            Piece::Identifier(written) => {
                let end = said.find(|c| !is_of_identifier(c)).unwrap_or(said.len());
                let (here, after) = said.split_at(end);
                let known = self.learned.get(written).or_else(|| learned.get(written));
                if end < LEAST || known.is_some_and(|known| known != here) {
                    return false;
                }
                learned.insert(written.clone(), here.to_owned());
                self.fits(rest, after, learned)
            }
        }
    }
}

/// So many hexadecimal digits and more are an identifier.
const LEAST: usize = 16;

enum Piece {
    Exactly(String),
    Anything,
    Time,
    Identifier(String),
}

fn is_of_identifier(c: char) -> bool {
    c.is_ascii_hexdigit()
}

/// Where the time at the start of `text` ends, in RFC 3339's form with a Z; `None` when there is none.
fn time(text: &str) -> Option<usize> {
    let end = text.find('Z')? + 1;
    let form = |c: char| c.is_ascii_digit() || "TZ:.-".contains(c);
    let is_one =
        end >= "2026-11-25T00:00Z".len() && text[..end].contains('T') && text[..end].chars().all(form);
    is_one.then_some(end)
}

/// A line of the guide as a pattern.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = line.trim_end();
    while let Some(first) = rest.chars().next() {
        let identifier = rest.find(|c| !is_of_identifier(c)).unwrap_or(rest.len());
        let length = if first == '…' {
            pieces.push(Piece::Anything);
            first.len_utf8()
        } else if identifier >= LEAST {
            pieces.push(Piece::Identifier(rest[..identifier].to_owned()));
            identifier
        } else if let Some(end) = time(rest) {
            pieces.push(Piece::Time);
            end
        } else {
            // A run of digits that is no identifier is taken whole, so that its tail is not looked at again.
            let length = identifier.max(first.len_utf8());
            match pieces.last_mut() {
                Some(Piece::Exactly(text)) => text.push_str(&rest[..length]),
                _ => pieces.push(Piece::Exactly(rest[..length].to_owned())),
            }
            length
        };
        rest = &rest[length..];
    }
    pieces
}

#[test]
fn a_page_becomes_steps() {
    let page =
        "x\n```toml a.toml\nb = 1\n```\n```text\n$ no\n```\n```console\n$ one \\\n  two\nout\n$ three\n```\n";
    let step = |line, command: &str, expected: &[&str]| {
        let expected = expected.iter().map(|line| (*line).to_owned()).collect();
        Part::Step(Step { line, command: command.into(), expected })
    };
    assert_eq!(
        parts(page),
        [
            Part::File { name: "a.toml".into(), text: "b = 1\n".into() },
            step(9, "one \\\n  two", &["out"]),
            step(12, "three", &[]),
        ]
    );
}

#[test]
fn output_is_compared_and_names_are_learned() {
    let mut names = Names::default();
    names.fix("127.0.0.1:8080", "127.0.0.1:4711");
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let id = "0123456789abcdef";
    let expected =
        lines(&["application 0123456789abcdef", "…", "at 127.0.0.1:8080, 2026-11-25T10:00:00Z: … end"]);
    let said = "application ffffffffffffffff00\nx\ny\nat 127.0.0.1:4711, 2031-01-01T00:00:00.5Z: any end\n";
    assert_eq!(names.compare(&expected, said), None);
    assert_eq!(names.here(id), "ffffffffffffffff00");
    assert_eq!(names.compare(&lines(&[id]), "ffffffffffffffff00"), None);
    for (wanted, said) in [
        (&["0123456789abcdef"][..], "aaaaaaaaaaaaaaaaaa"),
        (&["good"], "revoked"),
        (&["one"], "one\ntwo"),
        (&["one", "two"], "one"),
        (&["…", "two"], "one\nthree"),
    ] {
        assert!(names.compare(&lines(wanted), said).is_some(), "{wanted:?} {said}");
    }
}
