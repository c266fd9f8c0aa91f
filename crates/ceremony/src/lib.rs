//! Key ceremonies as data: what is planned, in which steps, by whom, and what the report says of it
//! (EN 319 411-1 GEN-6.5.1-11 to -14, requirements P-30 to P-33).
//!
//! Nothing here touches a key. A runner (the `ndoba` command) walks [`Plan::steps`] in order, and fills a
//! [`Report`] with what it saw; the report is an output of the product, as canonical JSON and as readable text.

mod plan;
mod report;
mod session;
mod step;

pub use plan::{AuthorityPlan, KeySpec, Mode, Organisation, Plan, PlanProblem, TsuPlan, UnreadablePlan};
pub use report::{
    Attendance, CertificateEntry, HsmEntry, KeyAttribute, KeyEntry, Participant, PinnedOfficer, Report,
    SignatureSlot, StepRecord,
};
pub use session::SessionEntry;
pub use step::{Phase, Step};
