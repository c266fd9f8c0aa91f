//! An OCSPResponse, taken apart for its rules.

use ndoba_types::UtcTime;

use crate::certificate::Extension;
use crate::context::Scope;
use crate::der::{self, NotDer, Tlv};
use crate::finding::{Finding, Report};
use crate::ocsp_rules;
use crate::rules::oid;

/// What an OCSP answer is judged against.
#[derive(Clone, Copy, Debug)]
pub struct OcspContext {
    /// Whose it is.
    pub scope: Scope,
    /// When it was made.
    pub now: UtcTime,
}

/// Judges the DER of a whole OCSPResponse. In service one answer per responder is judged, and one per kind at activation.
pub fn lint_ocsp_response(response: &[u8], context: &OcspContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Response::read(response) {
        Ok(response) => ocsp_rules::apply(&response, context, &mut findings),
        Err(NotDer { at, why }) => {
            Report::of("ocsp-readable", "RFC 6960 §4.2.1", &mut findings)
                .error(format!("this is no OCSPResponse: {why}"), at..response.len());
        }
    }
    findings
}

/// An OCSPResponse (RFC 6960 §4.2.1), its parts undecoded.
pub(crate) struct Response<'a> {
    pub(crate) whole: Tlv<'a>,
    pub(crate) status: Tlv<'a>,
    /// None for errors, which are not signed.
    pub(crate) basic: Option<Basic<'a>>,
}

/// A BasicOCSPResponse.
pub(crate) struct Basic<'a> {
    pub(crate) whole: Tlv<'a>,
    /// `version` is written out although v1 is its default.
    pub(crate) version_written: bool,
    pub(crate) responder: Tlv<'a>,
    pub(crate) produced_at: Tlv<'a>,
    pub(crate) singles: Vec<Single<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
    pub(crate) algorithm: Tlv<'a>,
    pub(crate) has_certificates: bool,
}

/// A SingleResponse.
pub(crate) struct Single<'a> {
    pub(crate) status: Tlv<'a>,
    pub(crate) this_update: Tlv<'a>,
    pub(crate) next_update: Option<Tlv<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

impl<'a> Response<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let not = |why| NotDer { at: 0, why };
        let whole = Tlv::whole(bytes, 0)?;
        let parts = whole.children_of(der::SEQUENCE).ok_or(not("no SEQUENCE of values"))?;
        let status = *parts.first().filter(|status| status.tag == der::ENUMERATED).ok_or(not("no status"))?;
        let basic = match parts[1..] {
            [] => None,
            [tagged] if tagged.tag == 0xa0 => {
                let fields = Tlv::inside(tagged.content, tagged.end)?
                    .children_of(der::SEQUENCE)
                    .ok_or(not("malformed bytes"))?;
                let [kind, octets] = fields[..] else { return Err(not("malformed bytes")) };
                if kind.oid().as_deref() != Some(oid::OCSP_BASIC) || octets.tag != der::OCTET_STRING {
                    return Err(not("not a basic response"));
                }
                Some(Basic::read(Tlv::inside(octets.content, octets.end)?)?)
            }
            _ => return Err(not("an unknown field")),
        };
        Ok(Self { whole, status, basic })
    }
}

impl<'a> Basic<'a> {
    fn read(whole: Tlv<'a>) -> Result<Self, NotDer> {
        let not = |why| NotDer { at: whole.start, why };
        let parts = whole.children_of(der::SEQUENCE).ok_or(not("malformed basic response"))?;
        let [data, algorithm, _signature, certificates @ ..] = &parts[..] else {
            return Err(not("malformed basic response"));
        };
        let mut fields = data.children_of(der::SEQUENCE).ok_or(not("malformed data"))?.into_iter().peekable();
        let has_responder_or_version = fields.peek().map(|field| field.tag);
        // [0] is the version; a responder is [1] or [2].
        let version_written = has_responder_or_version == Some(0xa0) && fields.next().is_some();
        let responder =
            fields.next().filter(|field| matches!(field.tag, 0xa1 | 0xa2)).ok_or(not("no responderID"))?;
        let produced_at =
            fields.next().filter(|field| field.tag == der::GENERALIZED_TIME).ok_or(not("no producedAt"))?;
        let list =
            fields.next().and_then(|field| field.children_of(der::SEQUENCE)).ok_or(not("no responses"))?;
        let extensions = match fields.next() {
            Some(tagged) => Extension::read_all(&Tlv::inside(tagged.content, tagged.end)?)?,
            None => Vec::new(),
        };
        Ok(Self {
            whole,
            version_written,
            responder,
            produced_at,
            singles: list.iter().map(Single::read).collect::<Result<_, _>>()?,
            extensions,
            algorithm: *algorithm,
            has_certificates: !certificates.is_empty(),
        })
    }
}

impl<'a> Single<'a> {
    fn read(value: &Tlv<'a>) -> Result<Self, NotDer> {
        let not = NotDer { at: value.start, why: "malformed single response" };
        let parts = value.children_of(der::SEQUENCE).ok_or(not)?;
        let [_id, status, this_update, rest @ ..] = &parts[..] else { return Err(not) };
        let tagged = |tag: u8| rest.iter().find(|field| field.tag == tag);
        let next_update = tagged(0xa0).map(|tagged| Tlv::inside(tagged.content, tagged.end)).transpose()?;
        let extensions = match tagged(0xa1) {
            Some(tagged) => Extension::read_all(&Tlv::inside(tagged.content, tagged.end)?)?,
            None => Vec::new(),
        };
        Ok(Self { status: *status, this_update: *this_update, next_update, extensions })
    }
}
