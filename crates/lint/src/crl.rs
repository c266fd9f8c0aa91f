//! A TBSCertList, taken apart for its rules.

use ndoba_types::UtcTime;
use ndoba_x509::HttpUrl;

use crate::certificate::Extension;
use crate::context::{Issuer, Scope};
use crate::crl_lint::CrlLint;
use crate::der::{self, NotDer, Tlv};
use crate::finding::Finding;

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
    /// Of a shard of ours, the addresses that the certificates in its scope name; none for a whole list.
    pub addresses: &'a [HttpUrl],
}

/// Judges the DER of a TBSCertList, the bytes that are about to be signed.
pub fn lint_crl(tbs: &[u8], context: &CrlContext<'_>) -> Vec<Finding> {
    let mut lint = CrlLint::new(*context);
    lint.push(tbs);
    lint.finish()
}

/// A TBSCertList (RFC 5280 §5.1) but for its entries, its parts undecoded.
pub(crate) struct Crl<'a> {
    pub(crate) version: Option<Tlv<'a>>,
    pub(crate) signature: Tlv<'a>,
    pub(crate) issuer: Tlv<'a>,
    /// `issuer` with its tag and length.
    pub(crate) issuer_der: &'a [u8],
    pub(crate) this_update: Tlv<'a>,
    pub(crate) next_update: Option<Tlv<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// Where a TBSCertList is taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    /// How many octets the whole takes.
    pub(crate) whole: usize,
    /// The fields before the list of entries.
    pub(crate) fields: (usize, usize),
    /// Where its first entry begins or, without any, the first field behind the times.
    pub(crate) head: usize,
    /// How many octets its entries take; none when the field is absent, as it is in a CRL without entries.
    pub(crate) entries: Option<usize>,
}

impl Split {
    /// By the first octets; none where they do not come to the entries.
    pub(crate) fn of(bytes: &[u8]) -> Result<Option<Self>, NotDer> {
        let header =
            |at: usize| der::header(bytes.get(at..).unwrap_or_default()).map_err(|why| NotDer { at, why });
        let Some(outer) = header(0)? else { return Ok(None) };
        if outer.tag != der::SEQUENCE {
            return Err(NotDer { at: 0, why: "no SEQUENCE of values" });
        }
        let (whole, fields) = (outer.whole(), outer.octets);
        let (mut at, mut after_times) = (fields, false);
        while at < whole {
            let Some(field) = header(at)? else { return Ok(None) };
            if at + field.whole() > whole {
                return Err(NotDer { at, why: "the value is cut off" });
            }
            let is_time = matches!(field.tag, der::UTC_TIME | der::GENERALIZED_TIME);
            if after_times && field.tag == der::SEQUENCE {
                let (head, entries) = (at + field.octets, Some(field.length));
                return Ok(Some(Self { whole, fields: (fields, at), head, entries }));
            }
            if after_times && !is_time {
                break;
            }
            after_times |= is_time;
            at += field.whole();
        }
        Ok((at <= bytes.len()).then_some(Self { whole, fields: (fields, at), head: at, entries: None }))
    }

    /// The fields before the list of entries, undecoded, from `head`.
    pub(crate) fn fields_of<'a>(&self, head: &'a [u8]) -> Result<Vec<Tlv<'a>>, NotDer> {
        let (mut at, end) = self.fields;
        let mut rest = head.get(at..end).unwrap_or_default();
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (field, after) = der::read(rest, at)?;
            (rest, at) = (after, field.end);
            fields.push(field);
        }
        Ok(fields)
    }

    /// Where the first field behind the entries begins.
    pub(crate) fn tail(&self) -> usize {
        self.head + self.entries.unwrap_or(0)
    }
}

impl<'a> Crl<'a> {
    /// Reads all but the entries.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let cut_off = NotDer { at: 0, why: "the value is cut off" };
        let split = Split::of(bytes)?.ok_or(cut_off)?;
        let tail = bytes.get(split.tail()..split.whole).ok_or(cut_off)?;
        if bytes.len() > split.whole {
            return Err(NotDer { at: split.whole, why: "octets follow the value" });
        }
        Self::of_parts(&split, &bytes[..split.head], tail)
    }

    /// Of `head`, the octets before the first entry, and `tail`, those behind the last.
    pub(crate) fn of_parts(split: &Split, head: &'a [u8], tail: &'a [u8]) -> Result<Self, NotDer> {
        let not = |why| NotDer { at: 0, why };
        let mut parts = split.fields_of(head)?.into_iter().peekable();
        let version = parts.next_if(|part| part.tag == der::INTEGER);
        let signature =
            parts.next().filter(|part| part.tag == der::SEQUENCE).ok_or(not("no signature algorithm"))?;
        let issuer = parts.next().filter(|part| part.tag == der::SEQUENCE).ok_or(not("no issuer"))?;
        let is_time = |part: &Tlv<'_>| matches!(part.tag, der::UTC_TIME | der::GENERALIZED_TIME);
        let this_update = parts.next().filter(is_time).ok_or(not("no thisUpdate"))?;
        let next_update = parts.next_if(is_time);
        if parts.next().is_some() {
            return Err(not("an unknown field"));
        }
        let extensions = match tail {
            [] => Vec::new(),
            [0xa0, ..] => {
                let tagged = Tlv::whole(tail, split.tail())?;
                Extension::read_all(&Tlv::inside(tagged.content, tagged.end)?)?
            }
            _ => return Err(not("an unknown field")),
        };
        let issuer_der = &head[issuer.place()];
        Ok(Self { version, signature, issuer, issuer_der, this_update, next_update, extensions })
    }

    /// The extension of that identifier, the first if there are several.
    pub(crate) fn extension(&self, oid: &str) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }
}
