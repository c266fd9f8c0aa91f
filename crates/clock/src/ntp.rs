//! Asking NTP servers what time it is, and how far they may be wrong themselves (RFC 5905, as an SNTP client does).
//!
//! ```text
//!   request ──▶ server ──▶ Answer ──▶ Sample: UTC lies in an interval around our monotonic clock
//!                                        │ one per source
//!                                        ▼
//!                      agreement: the points that a quorum of the intervals share
//! ```
//!
//! Own code, since the bound needs root delay and root dispersion, which client libraries keep to themselves. The
//! clock is never set: a source of time-stamps that also steers the clock could not say how far off it is.

mod agreement;
mod packet;
mod query;
mod sample;
mod source;
mod timestamp;
mod watch;

pub use agreement::{Interval, agreement};
pub use packet::{Answer, Kiss, PACKET_LEN, Refusal, request};
pub use query::{ServerAddress, Unanswered, ask};
pub use sample::Sample;
pub(crate) use sample::distance;
pub use source::{SourceReport, Verdict};
pub use timestamp::NtpTimestamp;
pub use watch::{NtpSettings, NtpWatch, SourceChange};
