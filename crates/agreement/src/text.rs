//! The template's few marks: a title, a heading, a paragraph, a line to sign on, a condition.

/// A line of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// `# words`
    Title(String),
    /// `## words`
    Heading(String),
    /// Anything else.
    Paragraph(String),
    /// `~ words`: who signs above them.
    Signature(String),
}

/// The lines of a template. `?condition words` is a paragraph where the condition holds.
pub(crate) fn lines(template: &str, holds: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let line = |text: &str| {
        if let Some(words) = text.strip_prefix("## ") {
            return Some(Line::Heading(words.into()));
        }
        if let Some(words) = text.strip_prefix("# ") {
            return Some(Line::Title(words.into()));
        }
        if let Some(words) = text.strip_prefix("~ ") {
            return Some(Line::Signature(words.into()));
        }
        if let Some((condition, words)) = text.strip_prefix('?').and_then(|rest| rest.split_once(' ')) {
            return holds(condition).then(|| Line::Paragraph(words.into()));
        }
        Some(Line::Paragraph(text.into()))
    };
    template.lines().filter(|text| !text.is_empty()).filter_map(line).collect()
}
