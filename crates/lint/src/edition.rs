//! Since when each source has asked what its rules ask: a certificate is judged by what was in force when it was issued.
//!
//! A rule that stands on several sources has the date of the youngest, for only from then on does it ask all that it
//! asks. A standard's month is taken for its first day. What has always been an error, whatever the year, has
//! [`ALWAYS`].

use crate::moment::Moment;

/// DER itself, that it can be read at all, and what a clause says of every certificate that exists, however old.
pub(crate) const ALWAYS: Moment = Moment::date(b"00000000");
/// RFC 3161, August 2001; responders' certificates have had their usage since RFC 2560, two years earlier.
pub(crate) const RFC_3161: Moment = Moment::date(b"20010801");
/// RFC 5280, May 2008.
pub(crate) const RFC_5280: Moment = Moment::date(b"20080501");
/// The first European Norms for Regulation (EU) No 910/2014, February 2016: EN 319 411-1 V1.1.1, 411-2 V2.1.1,
/// 412-1 V1.1.1, 412-2 V2.1.1, 412-3 V1.1.1, 412-4 V1.1.1.
pub(crate) const FIRST_NORMS: Moment = Moment::date(b"20160201");
/// EN 319 421 and 422 V1.1.1, March 2016.
pub(crate) const TIME_STAMPING_NORMS: Moment = Moment::date(b"20160301");
/// EN 319 412-5 V2.2.1, November 2017: the edition from which other linters judge the statements, too.
pub(crate) const STATEMENTS: Moment = Moment::date(b"20171101");
/// EN 319 412-5 V2.3.1, April 2020: a country's own law can be named (QcCClegislation).
pub(crate) const LEGISLATION: Moment = Moment::date(b"20200401");
/// EN 319 412-1 V1.4.1, June 2020: certificates that need no revocation.
pub(crate) const SHORT_TERM: Moment = Moment::date(b"20200601");
