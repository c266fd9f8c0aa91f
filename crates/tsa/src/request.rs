//! TimeStampReq, from bytes.

use der::{AnyRef, Decode as _, Reader as _, SliceReader, Tag, TagNumber};
use ndoba_types::Oid;

use crate::{ImprintHash, Rejection};

/// A request that is complete and within bounds; whether its policy is offered is the unit's to say.
///
/// ```text
/// TimeStampReq ::= SEQUENCE  {
///    version               INTEGER  { v1(1) },
///    messageImprint        MessageImprint,
///    reqPolicy             TSAPolicyId              OPTIONAL,
///    nonce                 INTEGER                  OPTIONAL,
///    certReq               BOOLEAN                  DEFAULT FALSE,
///    extensions            [0] IMPLICIT Extensions  OPTIONAL  }
/// MessageImprint ::= SEQUENCE  {
///    hashAlgorithm         AlgorithmIdentifier,
///    hashedMessage         OCTET STRING  }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The hash of the imprint.
    pub hash: ImprintHash,
    /// The value to be stamped; opaque (T-13), as long as the hash says.
    pub digest: Vec<u8>,
    /// The policy asked for.
    pub policy: Option<Oid>,
    /// The nonce, exactly as it came.
    pub nonce: Option<Nonce>,
    /// Whether the answer shall hold the certificates.
    pub cert_req: bool,
    /// The DER of messageImprint: the token repeats it octet for octet, absent or NULL parameters included.
    pub(crate) imprint_der: Vec<u8>,
}

/// The content octets of the nonce INTEGER: negative, zero and 160 bits long are all echoed as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// The longest nonce that is echoed, in octets; RFC 3161 knows no bound, but a token should not grow by what
    /// strangers send.
    pub const MAX_LEN: usize = 64;

    /// The content octets of the INTEGER.
    pub fn as_der_content(&self) -> &[u8] {
        &self.0
    }
}

const MALFORMED: Rejection =
    Rejection::DataFormat { reason: "the request is not the DER of a TimeStampReq (RFC 3161)" };
const IMPRINT_LENGTH: Rejection =
    Rejection::DataFormat { reason: "hashedMessage is not as long as its hash algorithm says" };
const VERSION: Rejection = Rejection::Request { reason: "only requests of version 1 are known" };
const NONCE_LENGTH: Rejection = Rejection::Request { reason: "the nonce is longer than 64 octets" };

impl Request {
    /// Reads a request. Lengths are believed only as far as there are octets; nothing is allocated by them.
    ///
    /// # Errors
    ///
    /// [`Rejection`] as in T-09, all but policy, time and system. A wrong version is reported before anything that
    /// follows it, a wrong form before what the values mean.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let outer = AnyRef::from_der(bytes).map_err(|_| MALFORMED)?;
        let mut fields = elements(outer, Tag::Sequence)?.into_iter().peekable();

        let version = integer(fields.next().ok_or(MALFORMED)?)?;
        if version != [1] {
            return Err(VERSION);
        }
        let imprint = Imprint::parse(fields.next().ok_or(MALFORMED)?)?;
        let policy =
            fields.next_if(|field| field.header().tag() == Tag::ObjectIdentifier).map(policy).transpose()?;
        let nonce = fields.next_if(|field| field.header().tag() == Tag::Integer).map(integer).transpose()?;
        let cert_req = match fields.next_if(|field| field.header().tag() == Tag::Boolean).map(AnyRef::value) {
            // FALSE is the default and DER leaves defaults out, but clients write it and mean no harm.
            None | Some([0x00]) => false,
            Some([0xff]) => true,
            Some(_) => return Err(MALFORMED),
        };
        let extensions = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        let extended = match fields.next_if(|field| field.header().tag() == extensions) {
            None => false,
            // Extensions ::= SEQUENCE SIZE (1..MAX): an empty list is malformed.
            Some(list) if elements(list, extensions)?.is_empty() => return Err(MALFORMED),
            Some(_) => true,
        };
        if fields.next().is_some() {
            return Err(MALFORMED);
        }

        let hash = imprint.hash.ok_or(Rejection::Algorithm)?;
        if imprint.digest.len() != hash.digest_len() {
            return Err(IMPRINT_LENGTH);
        }
        let nonce = match nonce {
            Some(content) if content.len() > Nonce::MAX_LEN => return Err(NONCE_LENGTH),
            Some(content) => Some(Nonce(content.to_vec())),
            None => None,
        };
        let policy = match policy {
            // Too long to be one of ours.
            Some(Err(())) => return Err(Rejection::Policy),
            Some(Ok(policy)) => Some(policy),
            None => None,
        };
        if extended {
            return Err(Rejection::Extension);
        }
        Ok(Self { hash, digest: imprint.digest.to_vec(), policy, nonce, cert_req, imprint_der: imprint.der })
    }
}

struct Imprint<'a> {
    /// `None`: unknown, weak, or with parameters that no hash has.
    hash: Option<ImprintHash>,
    digest: &'a [u8],
    der: Vec<u8>,
}

impl<'a> Imprint<'a> {
    fn parse(element: AnyRef<'a>) -> Result<Self, Rejection> {
        let fields = elements(element, Tag::Sequence)?;
        let [algorithm, digest] = fields.as_slice() else { return Err(MALFORMED) };
        if digest.header().tag() != Tag::OctetString {
            return Err(MALFORMED);
        }
        let algorithm = elements(*algorithm, Tag::Sequence)?;
        let (oid, parameters) = match algorithm.as_slice() {
            [oid] => (oid, None),
            [oid, parameters] => (oid, Some(parameters)),
            _ => return Err(MALFORMED),
        };
        if oid.header().tag() != Tag::ObjectIdentifier || !oid_is_well_formed(oid.value()) {
            return Err(MALFORMED);
        }
        let plain = match parameters {
            None => true,
            Some(null) if null.header().tag() == Tag::Null && !null.value().is_empty() => {
                return Err(MALFORMED);
            }
            Some(null) => null.header().tag() == Tag::Null,
        };
        let hash = ImprintHash::from_oid_content(oid.value()).filter(|_| plain);
        let der = crate::encode::sequence(&[element.value()]);
        Ok(Self { hash, digest: digest.value(), der })
    }
}

/// The elements within `element`, which must have the tag `tag`.
fn elements(element: AnyRef<'_>, tag: Tag) -> Result<Vec<AnyRef<'_>>, Rejection> {
    /// More than any request has; a flat list of thousands of empty elements is not worth holding.
    const MOST: usize = 16;
    if element.header().tag() != tag {
        return Err(MALFORMED);
    }
    let mut reader = SliceReader::new(element.value()).map_err(|_| MALFORMED)?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        if elements.len() == MOST {
            return Err(MALFORMED);
        }
        elements.push(AnyRef::decode(&mut reader).map_err(|_| MALFORMED)?);
    }
    Ok(elements)
}

/// The content of an INTEGER, minimal as DER demands.
fn integer(element: AnyRef<'_>) -> Result<&[u8], Rejection> {
    if element.header().tag() != Tag::Integer {
        return Err(MALFORMED);
    }
    match element.value() {
        [] => Err(MALFORMED),
        [0x00, second, ..] if second & 0x80 == 0 => Err(MALFORMED),
        [0xff, second, ..] if second & 0x80 != 0 => Err(MALFORMED),
        content => Ok(content),
    }
}

/// `Err(())` within: well-formed, but longer than any policy of ours.
fn policy(element: AnyRef<'_>) -> Result<Result<Oid, ()>, Rejection> {
    if !oid_is_well_formed(element.value()) {
        return Err(MALFORMED);
    }
    Ok(Oid::from_der_content(element.value()).map_err(|_| ()))
}

fn oid_is_well_formed(content: &[u8]) -> bool {
    let ends = content.last().is_some_and(|last| last & 0x80 == 0);
    let padded =
        content.iter().enumerate().any(|(i, octet)| *octet == 0x80 && (i == 0 || content[i - 1] & 0x80 == 0));
    ends && !padded
}

#[cfg(test)]
mod tests;
