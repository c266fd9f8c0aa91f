//! What a rule holds against a document.

use std::fmt;
use std::ops::Range;

use crate::context::Scope;

/// How much weight a finding has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Against a recommendation ("should"): signed all the same, shown to whoever asks.
    Warning,
    /// Against a requirement ("shall"), or a decision of ours: never signed.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing that one rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, stable.
    pub rule: &'static str,
    /// The clause it stands on.
    pub clause: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// What is wrong, in one sentence. Quotes no personal data: findings go into logs and audit.
    pub message: String,
    /// The offending octets' place in the document, where there is one.
    pub place: Option<Range<usize>>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}): {}", self.severity, self.rule, self.clause, self.message)
    }
}

/// Findings of which at least one is an error; as an error, it refuses the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// All of them, warnings too.
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lint refuses it")?;
        for finding in &self.0 {
            write!(f, "; {finding}")?;
        }
        Ok(())
    }
}

/// Collects what one rule finds.
pub(crate) struct Report<'r> {
    rule: &'static str,
    clause: &'static str,
    scope: Scope,
    findings: &'r mut Vec<Finding>,
}

impl<'r> Report<'r> {
    pub(crate) fn of(rule: &'static str, clause: &'static str, findings: &'r mut Vec<Finding>) -> Self {
        Self { rule, clause, scope: Scope::Ours, findings }
    }

    /// The same, for a document of `scope`.
    pub(crate) fn within(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Against a decision of ours that no standard makes: an error in what we sign, a warning in strangers'.
    pub(crate) fn decision(&mut self, message: impl Into<String>, place: impl Into<Option<Range<usize>>>) {
        let severity = match self.scope {
            Scope::Ours => Severity::Error,
            Scope::Anyone => Severity::Warning,
        };
        self.add(severity, message.into(), place.into());
    }

    /// Against a requirement.
    pub(crate) fn error(&mut self, message: impl Into<String>, place: impl Into<Option<Range<usize>>>) {
        self.add(Severity::Error, message.into(), place.into());
    }

    /// Against a recommendation.
    pub(crate) fn warning(&mut self, message: impl Into<String>, place: impl Into<Option<Range<usize>>>) {
        self.add(Severity::Warning, message.into(), place.into());
    }

    fn add(&mut self, severity: Severity, message: String, place: Option<Range<usize>>) {
        self.findings.push(Finding { rule: self.rule, clause: self.clause, severity, message, place });
    }
}
