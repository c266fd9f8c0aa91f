use super::Rule;
use crate::crl::{Crl, CrlContext};
use crate::der;
use crate::finding::Report;
use crate::moment::Moment;
use ndoba_types::Span;

/// nextUpdate always, within a day for end entities and a year for CAs, and never for the last CRL.
pub(super) const RULE: Rule = Rule {
    id: "crl-times",
    clause: "EN 319 411-1 CSS-6.3.9-05, -06, -12; RFC 5280 §5.1.2.4, §5.1.2.5; C-91 to C-93",
    check,
};

/// A day, and an hour for publication before the old one ends.
const DAY: Span = Span::hours(25);
const YEAR: Span = Span::days(366);

fn check(crl: &Crl<'_>, context: &CrlContext<'_>, report: &mut Report<'_>) {
    for time in [Some(&crl.this_update), crl.next_update.as_ref()].into_iter().flatten() {
        let moment = Moment::of(time);
        if moment.is_none_or(|moment| (moment.year() < 2050) != (time.tag == der::UTC_TIME)) {
            report.error("malformed time: UTCTime through 2049, GeneralizedTime from 2050", time.place());
        }
    }
    let Some(next) = crl.next_update else {
        return report.error("no nextUpdate", None);
    };
    let now = Moment::at(context.now);
    if Moment::of(&crl.this_update).is_some_and(|this| this > now) {
        report.error("thisUpdate is in the future", crl.this_update.place());
    }
    if context.is_last != (next.content == b"99991231235959Z") {
        report.error("only the last CRL, and it always, has nextUpdate 99991231235959Z", next.place());
    }
    let latest = Moment::at(context.now.plus(if context.lists_cas { YEAR } else { DAY }));
    if Moment::of(&next).is_some_and(|next| next <= now || (!context.is_last && next > latest)) {
        report.decision("nextUpdate is past, or further away than the next CRL may be", next.place());
    }
}
