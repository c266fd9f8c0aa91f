//! The two steps of an answer: what is to be signed, and the token around the signature.

use std::sync::Arc;

use ndoba_types::{CertifiedTime, Oid, Signature, Span, StampTime, TimeUnavailable, ToBeSigned, UtcTime};

use crate::encode::{integer, sequence, sorted, tag, tlv};
use crate::{JournalRecord, Rejection, Request, TokenSerial, Unit};

/// What the world says at the moment of a request.
#[derive(Clone, Debug)]
pub struct Facts {
    /// UTC; the caller guarantees that it does not precede the time of an earlier token.
    pub time: Result<CertifiedTime, TimeUnavailable>,
    /// Never used before.
    pub serial: TokenSerial,
}

/// How a request goes on.
#[derive(Debug)]
pub enum Step {
    /// Refused: the answer, complete.
    Done {
        /// The TimeStampResp.
        response: Vec<u8>,
        /// Why.
        rejection: Rejection,
    },
    /// To be signed, then [`Pending::finish`]ed.
    Sign(Pending, ToBeSigned<StampTime>),
}

impl Unit {
    /// Decides about `request` and builds the token up to its signature.
    ///
    /// Reads no clock, draws no randomness, touches no key: equal arguments give equal bytes.
    pub fn begin(self: &Arc<Self>, request: &[u8], facts: Facts) -> Step {
        let planned = Request::parse(request).and_then(|request| plan(self, request, facts));
        match planned {
            Ok((pending, message)) => Step::Sign(pending, message),
            Err(rejection) => Step::Done { response: rejection.to_response(self), rejection },
        }
    }
}

fn plan(
    unit: &Arc<Unit>,
    request: Request,
    facts: Facts,
) -> Result<(Pending, ToBeSigned<StampTime>), Rejection> {
    let policy = unit.choose_policy(request.policy.as_ref())?;
    let certified = facts.time.map_err(Rejection::Time)?;
    unit.admit(certified)?;
    // Cut, never rounded up: a token must not name a moment that has not come. The cut is in the accuracy's budget.
    let gen_time = floor_to_millisecond(certified.time);
    let info = tst_info(unit, policy, &request, &facts.serial, gen_time, certified.bound);
    let attributes = signed_attributes(unit, &info);
    // RFC 5652 §5.4: the SET OF is signed, though the token carries the same content under [0].
    let message = tlv(tag::SET, &[&attributes]);
    let record = JournalRecord {
        unit: unit.name().to_owned(),
        serial: facts.serial,
        hash: request.hash,
        digest: request.digest,
        gen_time,
        bound: certified.bound,
    };
    let pending = Pending { unit: Arc::clone(unit), cert_req: request.cert_req, info, attributes, record };
    // Complete and checked above; recorded after signing and before answering (design §8).
    Ok((pending, ToBeSigned::assertion(message)))
}

/// A token that lacks its signature.
#[derive(Debug)]
pub struct Pending {
    unit: Arc<Unit>,
    cert_req: bool,
    /// The DER of TSTInfo.
    info: Vec<u8>,
    /// The content of the signed attributes' SET.
    attributes: Vec<u8>,
    record: JournalRecord,
}

impl Pending {
    /// Puts the signature in: the TimeStampResp, and what must be on disk before it leaves.
    ///
    /// ```text
    /// TimeStampResp ::= SEQUENCE  { status PKIStatusInfo, timeStampToken TimeStampToken OPTIONAL }
    /// SignedData ::= SEQUENCE {
    ///     version CMSVersion,                          -- 3: the content is not id-data
    ///     digestAlgorithms DigestAlgorithmIdentifiers,
    ///     encapContentInfo EncapsulatedContentInfo,
    ///     certificates [0] IMPLICIT CertificateSet OPTIONAL,
    ///     signerInfos SignerInfos }
    /// ```
    pub fn finish(self, signature: &Signature) -> (Vec<u8>, JournalRecord) {
        let Self { unit, cert_req, info, attributes, record } = self;
        let fixed = &unit.fixed;
        let content =
            sequence(&[&ID_CT_TST_INFO, &tlv(tag::context(0), &[&tlv(tag::OCTET_STRING, &[&info])])]);
        let signer = sequence(&[
            &integer(1),
            &fixed.signer_id,
            &fixed.digest_identifier,
            &tlv(tag::context(0), &[&attributes]),
            &fixed.signature_identifier,
            &tlv(tag::OCTET_STRING, &[signature.as_bytes()]),
        ]);
        // T-07: present exactly when asked for.
        let certificates: &[u8] = if cert_req { &fixed.certificates } else { &[] };
        let signed_data = sequence(&[
            &integer(3),
            &tlv(tag::SET, &[&fixed.digest_identifier]),
            &content,
            certificates,
            &tlv(tag::SET, &[&signer]),
        ]);
        let token = sequence(&[&ID_SIGNED_DATA, &tlv(tag::context(0), &[&signed_data])]);
        // granted (0) and nothing else: jarsigner stumbles over a statusString, pyHanko over grantedWithMods (T-08).
        let status = sequence(&[&integer(0)]);
        (sequence(&[&status, &token]), record)
    }
}

/// ```text
/// TSTInfo ::= SEQUENCE  {
///    version                      INTEGER  { v1(1) },
///    policy                       TSAPolicyId,
///    messageImprint               MessageImprint,
///    serialNumber                 INTEGER,
///    genTime                      GeneralizedTime,
///    accuracy                     Accuracy                 OPTIONAL,
///    ordering                     BOOLEAN             DEFAULT FALSE,
///    nonce                        INTEGER                  OPTIONAL,
///    tsa                          [0] GeneralName          OPTIONAL,
///    extensions                   [1] IMPLICIT Extensions   OPTIONAL  }
/// ```
///
/// `accuracy` always, `ordering` never, `tsa` never: it would only repeat the certificate's subject (T-03, T-05).
fn tst_info(
    unit: &Unit,
    policy: &Oid,
    request: &Request,
    serial: &TokenSerial,
    gen_time: UtcTime,
    bound: Span,
) -> Vec<u8> {
    let nonce =
        request.nonce.as_ref().map(|nonce| tlv(tag::INTEGER, &[nonce.as_der_content()])).unwrap_or_default();
    sequence(&[
        &integer(1),
        &policy.to_der(),
        &request.imprint_der,
        &tlv(tag::INTEGER, &[serial.as_bytes()]),
        &tlv(tag::GENERALIZED_TIME, &[generalized_time(gen_time).as_bytes()]),
        &unit.stated_accuracy(bound),
        &nonce,
        &unit.fixed.extensions,
    ])
}

/// The three attributes of T-06, sorted.
fn signed_attributes(unit: &Unit, info: &[u8]) -> Vec<u8> {
    let attribute = |oid: &[u8], value: &[u8]| sequence(&[oid, &tlv(tag::SET, &[value])]);
    let digest = unit.fixed.digest.digest(info);
    sorted(vec![
        attribute(&CONTENT_TYPE, &ID_CT_TST_INFO),
        attribute(&MESSAGE_DIGEST, &tlv(tag::OCTET_STRING, &[&digest])),
        unit.fixed.signing_certificate.clone(),
    ])
}

fn floor_to_millisecond(time: UtcTime) -> UtcTime {
    let micros = time.unix_micros();
    // Earlier by less than a millisecond and never below zero: it stays within the years.
    UtcTime::from_unix_micros(micros - micros % 1000).unwrap_or(time)
}

/// `YYYYMMDDhhmmss[.f…]Z`, no trailing zeros in the fraction, no bare dot (T-04).
fn generalized_time(time: UtcTime) -> String {
    let at = time.to_date_time();
    let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
    let mut text = format!(
        "{:04}{:02}{:02}{hour:02}{minute:02}{second:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    );
    let millis = time.subsec_micros() / 1000;
    if millis != 0 {
        text += format!(".{millis:03}").trim_end_matches('0');
    }
    text + "Z"
}

/// id-signedData, 1.2.840.113549.1.7.2.
pub(crate) const ID_SIGNED_DATA: [u8; 11] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4.
pub(crate) const ID_CT_TST_INFO: [u8; 13] =
    [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// contentType, 1.2.840.113549.1.9.3.
pub(crate) const CONTENT_TYPE: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// messageDigest, 1.2.840.113549.1.9.4.
pub(crate) const MESSAGE_DIGEST: [u8; 11] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gen_time_has_milliseconds_without_trailing_zeros() {
        for (time, text) in [
            ("2026-11-23T12:00:00Z", "20261123120000Z"),
            ("2026-11-23T12:00:00.25Z", "20261123120000.25Z"),
            ("2026-11-23T12:00:00.001999Z", "20261123120000.001Z"),
            ("2026-11-23T23:59:59.999999Z", "20261123235959.999Z"),
            ("2026-11-23T12:00:00.0009Z", "20261123120000Z"),
            ("2026-01-02T03:04:05.1Z", "20260102030405.1Z"),
        ] {
            assert_eq!(generalized_time(floor_to_millisecond(time.parse().unwrap())), text);
        }
    }
}
