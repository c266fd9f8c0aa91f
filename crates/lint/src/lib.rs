//! The second pair of eyes on what we are about to sign.
//!
//! Takes finished DER apart with readers of its own (a strict walker here, and x509-parser beside it; never the encoder
//! that made it) and judges it, a rule per file. Certificates are judged before they are signed; [`LintedTbs`] is the proof that
//! nothing was found, and the only thing the CA signs. Reads no clock: the time of issuance is an argument.
//!
//! Enter at [`LintedTbs::check`], [`lint_certificate_tbs`], [`lint_crl`], [`lint_ocsp_response`] and
//! [`second_encoder::compare`]. Each rule names the clause it stands on; ids such as C-30 are rows of the requirements.

mod certificate;
mod context;
mod crl;
mod crl_lint;
mod crl_rules;
mod der;
mod edition;
mod finding;
mod guess;
mod linted;
mod moment;
mod ocsp;
mod ocsp_rules;
mod rules;
pub mod second_encoder;
#[cfg(test)]
mod tests;

pub use certificate::{lint_certificate, lint_certificate_tbs};
pub use context::{CertificateKind, Context, CountryCode, Issuer, Jurisdiction, Scope};
pub use crl::{CrlContext, lint_crl};
pub use crl_lint::CrlLint;
pub use finding::{Finding, Findings, Severity};
pub use guess::{DocumentType, lint_stranger};
pub use linted::{LintVerdict, LintedTbs};
pub use ocsp::{OcspContext, lint_ocsp_response};
pub use rules::{RuleDescription, rules};
