//! The proof that a TBS was judged and nothing was held against it.

use std::fmt;

use crate::certificate::lint_certificate_tbs;
use crate::context::Context;
use crate::finding::{Finding, Findings, Severity};

/// The DER of a TBSCertificate that the lint has passed. Only [`Self::check`] makes one, and the CA signs nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintedTbs {
    der: Vec<u8>,
    warnings: Vec<Finding>,
}

impl LintedTbs {
    /// Judges `tbs` and keeps it when no error is found.
    ///
    /// # Errors
    ///
    /// [`Findings`]: at least one is an error. The order must stop before the key is reached.
    pub fn check(tbs: Vec<u8>, context: &Context<'_>) -> Result<Self, Findings> {
        let findings = lint_certificate_tbs(&tbs, context);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Findings::new(findings));
        }
        Ok(Self { der: tbs, warnings: findings })
    }

    /// The DER, as it was given.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// What was found of less weight; recorded with the certificate.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The verdict in short, to be recorded beside the TBS.
    pub fn verdict(&self) -> LintVerdict {
        let mut warnings: Vec<&'static str> = self.warnings.iter().map(|finding| finding.rule).collect();
        warnings.dedup();
        LintVerdict { rules: crate::rules().count(), warnings }
    }

    /// Gives the DER away, to be signed.
    pub fn into_der(self) -> Vec<u8> {
        self.der
    }
}

/// How a TBS passed: how many rules judged it, and which of them warned. Written `36 rules, clean`, or
/// `36 rules, warnings: key-usage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintVerdict {
    /// How many rules there were.
    pub rules: usize,
    /// The names of those that warned, in their order.
    pub warnings: Vec<&'static str>,
}

impl fmt::Display for LintVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rules, warnings } = self;
        if warnings.is_empty() {
            return write!(f, "{rules} rules, clean");
        }
        write!(f, "{rules} rules, warnings: {}", warnings.join(" "))
    }
}
