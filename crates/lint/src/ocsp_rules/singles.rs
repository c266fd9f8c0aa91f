use super::Rule;
use crate::der::{self, Tlv};
use crate::finding::Report;
use crate::moment::Moment;
use crate::ocsp::{OcspContext, Response};

/// At least one answer; times in whole seconds and in order; nextUpdate always; reasons that exist.
pub(super) const RULE: Rule =
    Rule { id: "ocsp-singles", clause: "RFC 6960 §4.2.2.1, RFC 9919 §4; O-07, O-11, K-O07", check };

fn check(response: &Response<'_>, context: &OcspContext, report: &mut Report<'_>) {
    let Some(basic) = &response.basic else { return };
    if basic.singles.is_empty() {
        report.error("no single response", basic.whole.place());
    }
    let produced = Moment::of(&basic.produced_at);
    if produced.is_none() || produced > Some(Moment::at(context.now)) {
        report.error("producedAt has a fraction, or is in the future", basic.produced_at.place());
    }
    for single in &basic.singles {
        let place = single.status.start..single.this_update.end;
        let this = whole_seconds(&single.this_update);
        let next = single.next_update.as_ref().map(whole_seconds);
        if this.is_none() || this > produced {
            report.error("thisUpdate has a fraction, or is after producedAt", place.clone());
        }
        match next {
            None => report.decision("no nextUpdate", place.clone()),
            Some(next) if next.is_none() || next <= this => {
                report.error("nextUpdate is malformed or not after thisUpdate", place.clone())
            }
            Some(_) => {}
        }
        if !is_status(&single.status) {
            report.error("not good, revoked with a reason that exists, or unknown", place.clone());
        }
        if single.extensions.iter().any(|extension| extension.critical) {
            report.error("a critical single extension", place);
        }
    }
}

fn whole_seconds(time: &Tlv<'_>) -> Option<Moment> {
    if time.tag == der::GENERALIZED_TIME { Moment::of(time) } else { None }
}

/// good [0] NULL, revoked [1] { time, [0] reason? }, unknown [2] NULL; all IMPLICIT.
fn is_status(status: &Tlv<'_>) -> bool {
    match (status.tag, status.content) {
        (0x80 | 0x82, []) => true,
        (0xa1, _) => {
            let fields = status.children().unwrap_or_default();
            let time = fields.first().and_then(whole_seconds).is_some();
            let reason = fields.get(1).is_none_or(|tagged| {
                let reason = Tlv::inside(tagged.content, tagged.end).ok().and_then(|reason| reason.small());
                tagged.tag == 0xa0 && matches!(reason, Some(1..=6 | 9 | 10))
            });
            time && reason && fields.len() <= 2
        }
        _ => false,
    }
}
