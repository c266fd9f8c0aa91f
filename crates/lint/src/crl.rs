//! A TBSCertList, taken apart for its rules.

use crate::certificate::Extension;
use crate::context::{Issuer, Scope};
use crate::crl_rules;
use crate::der::{self, NotDer, Tlv};
use crate::finding::{Finding, Report};
use ndoba_types::UtcTime;

/// What a CRL is judged against.
#[derive(Clone, Copy, Debug)]
pub struct CrlContext<'a> {
    /// Whose it is: ours, or anybody's.
    pub scope: Scope,
    /// Who issues it; none when unknown.
    pub issuer: Option<Issuer<'a>>,
    /// When it is made.
    pub now: UtcTime,
    /// Whether it lists CA certificates (a CARL): a year may pass until the next, else a day.
    pub lists_cas: bool,
    /// Whether it is the CA's last, whose nextUpdate never comes (C-92).
    pub is_last: bool,
}

/// Judges the DER of a TBSCertList, the bytes that are about to be signed.
pub fn lint_crl(tbs: &[u8], context: &CrlContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Crl::read(tbs) {
        Ok(crl) => crl_rules::apply(&crl, context, &mut findings),
        Err(NotDer { at, why }) => {
            Report::of("crl-readable", "RFC 5280 §5.1", &mut findings)
                .error(format!("this is no TBSCertList: {why}"), at..tbs.len());
        }
    }
    findings
}

/// A TBSCertList (RFC 5280 §5.1), its parts undecoded.
pub(crate) struct Crl<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) whole: Tlv<'a>,
    pub(crate) version: Option<Tlv<'a>>,
    pub(crate) signature: Tlv<'a>,
    pub(crate) issuer: Tlv<'a>,
    pub(crate) this_update: Tlv<'a>,
    pub(crate) next_update: Option<Tlv<'a>>,
    /// None when the field is absent, as it is in a CRL without entries.
    pub(crate) entries: Option<EntryList<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// The revoked certificates, read one by one: a list may have a million of them. All can be read.
#[derive(Clone, Copy)]
pub(crate) struct EntryList<'a>(Tlv<'a>);

impl<'a> EntryList<'a> {
    fn read(list: Tlv<'a>) -> Result<Self, NotDer> {
        list.each_child().try_for_each(|entry| Entry::read(&entry?).map(drop))?;
        Ok(Self(list))
    }

    /// In their order.
    pub(crate) fn each(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.0.each_child().filter_map(|entry| Entry::read(&entry.ok()?).ok())
    }
}

/// One revoked certificate.
pub(crate) struct Entry<'a> {
    pub(crate) serial: Tlv<'a>,
    pub(crate) date: Tlv<'a>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

impl<'a> Entry<'a> {
    fn read(value: &Tlv<'a>) -> Result<Self, NotDer> {
        let not = NotDer { at: value.start, why: "malformed entry" };
        let parts = value.children_of(der::SEQUENCE).ok_or(not)?;
        let (serial, date, extensions) = match parts[..] {
            [serial, date] => (serial, date, Vec::new()),
            [serial, date, extensions] => (serial, date, Extension::read_all(&extensions)?),
            _ => return Err(not),
        };
        Ok(Self { serial, date, extensions })
    }
}

impl<'a> Crl<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let whole = Tlv::whole(bytes, 0)?;
        let not = |why| NotDer { at: 0, why };
        let mut parts =
            whole.children_of(der::SEQUENCE).ok_or(not("no SEQUENCE of values"))?.into_iter().peekable();
        let version = parts.next_if(|part| part.tag == der::INTEGER);
        let signature =
            parts.next().filter(|part| part.tag == der::SEQUENCE).ok_or(not("no signature algorithm"))?;
        let issuer = parts.next().filter(|part| part.tag == der::SEQUENCE).ok_or(not("no issuer"))?;
        let is_time = |part: &Tlv<'_>| matches!(part.tag, der::UTC_TIME | der::GENERALIZED_TIME);
        let this_update = parts.next().filter(is_time).ok_or(not("no thisUpdate"))?;
        let next_update = parts.next_if(is_time);
        let entries = match parts.next_if(|part| part.tag == der::SEQUENCE) {
            Some(list) => Some(EntryList::read(list)?),
            None => None,
        };
        let extensions = match parts.next_if(|part| part.tag == 0xa0) {
            Some(tagged) => Extension::read_all(&Tlv::inside(tagged.content, tagged.end)?)?,
            None => Vec::new(),
        };
        if parts.next().is_some() {
            return Err(not("an unknown field"));
        }
        Ok(Self { bytes, whole, version, signature, issuer, this_update, next_update, entries, extensions })
    }

    /// The extension of that identifier, the first if there are several.
    pub(crate) fn extension(&self, oid: &str) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }
}
