use super::Rule;
use crate::der::{self, Tlv};
use crate::finding::Report;
use crate::ocsp::{OcspContext, Response};

/// The responder by its key's SHA-1, and its certificate enclosed.
pub(super) const RULE: Rule =
    Rule { id: "ocsp-responder", clause: "RFC 9919 §3.2, RFC 6960 §4.2.2.3; O-10, O-18", check };

fn check(response: &Response<'_>, _: &OcspContext, report: &mut Report<'_>) {
    let Some(basic) = &response.basic else { return };
    let responder = basic.responder;
    let key_hash = Tlv::inside(responder.content, responder.end).ok();
    let by_key = key_hash.is_some_and(|hash| {
        responder.tag == 0xa2 && hash.tag == der::OCTET_STRING && hash.content.len() == 20
    });
    if !by_key {
        report.decision("responderID is not byKey with 20 octets", responder.place());
    }
    if !basic.has_certificates {
        report.decision("the responder's certificate is not enclosed", basic.whole.place());
    }
}
