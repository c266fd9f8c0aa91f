//! The requests and what must be answered.

use ndoba_tsa::FailInfo;

use super::der::{integer, oid, sequence, tlv};

/// What must be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// HTTP 200, `granted`, the nonce echoed.
    Granted,
    /// Another HTTP status and no TimeStampResp.
    Http(u16),
    /// HTTP 200, `rejection` with this bit, no token.
    Rejected(FailInfo),
}

/// One request.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Why it is here.
    why: &'static str,
    pub(crate) request: Vec<u8>,
    pub(crate) wanted: Wanted,
    /// The content octets that the token must echo.
    pub(crate) nonce: Option<Vec<u8>>,
    /// Whether the token must hold certificates.
    certificates: bool,
}

impl Case {
    pub(crate) fn file(&self) -> String {
        format!("{}.tsq", self.name)
    }

    /// One line of the index. The texts hold nothing that JSON escapes.
    pub(crate) fn to_json(&self) -> String {
        let wanted = match self.wanted {
            Wanted::Granted => format!(
                "\"http\": 200, \"status\": \"granted\", \"nonce\": {}, \"certificates\": {}",
                self.nonce.as_ref().map_or("null".into(), |nonce| format!("\"{}\"", hex::encode(nonce))),
                self.certificates
            ),
            Wanted::Rejected(info) => {
                format!("\"http\": 200, \"status\": \"rejection\", \"failInfo\": \"{}\"", info.name())
            }
            Wanted::Http(status) => format!("\"http\": {status}"),
        };
        format!("  {{\"file\": \"{}\", {wanted}, \"why\": \"{}\"}}", self.file(), self.why)
    }
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const NULL: &[u8] = &[0x05, 0x00];
/// The policy of the tests and of the quick start.
const OWN_POLICY: &str = "2.999.1.5";

fn imprint_with(algorithm: &[u8], length: usize) -> Vec<u8> {
    sequence(&[algorithm, &tlv(0x04, &[&vec![0xa5; length]])])
}

/// An imprint whose hash has NULL parameters, as most clients write it.
fn imprint(hash: &str, length: usize) -> Vec<u8> {
    imprint_with(&sequence(&[&oid(hash), NULL]), length)
}

fn request_with(version: &[u8], imprint: &[u8], fields: &[&[u8]]) -> Vec<u8> {
    sequence(&[&integer(version), imprint, &fields.concat()])
}

fn request(fields: &[&[u8]]) -> Vec<u8> {
    request_with(&[1], &imprint(SHA256, 32), fields)
}

fn of(hash: &str, length: usize) -> Vec<u8> {
    request_with(&[1], &imprint(hash, length), &[])
}

fn granted(name: &'static str, why: &'static str, request: Vec<u8>) -> Case {
    Case { name, why, request, wanted: Wanted::Granted, nonce: None, certificates: false }
}

fn with_nonce(name: &'static str, why: &'static str, nonce: &[u8]) -> Case {
    let request = request(&[&integer(nonce)]);
    Case { nonce: Some(nonce.to_vec()), ..granted(name, why, request) }
}

fn rejected(name: &'static str, why: &'static str, info: FailInfo, request: Vec<u8>) -> Case {
    Case { wanted: Wanted::Rejected(info), ..granted(name, why, request) }
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    [hashes(), fields(), meaning(), form(), transport()].into_iter().flatten().collect()
}

fn hashes() -> Vec<Case> {
    use FailInfo::BadAlg;
    vec![
        granted("sha256", "the least that everyone sends", request(&[])),
        granted("sha384", "accepted (T-12)", of("2.16.840.1.101.3.4.2.2", 48)),
        granted("sha512", "accepted (T-12)", of("2.16.840.1.101.3.4.2.3", 64)),
        granted("sha3-256", "accepted (T-12)", of("2.16.840.1.101.3.4.2.8", 32)),
        granted("sha3-384", "accepted (T-12)", of("2.16.840.1.101.3.4.2.9", 48)),
        granted("sha3-512", "accepted (T-12)", of("2.16.840.1.101.3.4.2.10", 64)),
        granted(
            "hash-parameters-absent",
            "RFC 5754 allows both; the token repeats what was sent",
            request_with(&[1], &imprint_with(&sequence(&[&oid(SHA256)]), 32), &[]),
        ),
        rejected("md5", "broken", BadAlg, of("1.2.840.113549.2.5", 16)),
        rejected("sha1", "broken", BadAlg, of("1.3.14.3.2.26", 20)),
        rejected("sha224", "too short (T-12)", BadAlg, of("2.16.840.1.101.3.4.2.4", 28)),
        rejected("sha512-256", "not among those accepted", BadAlg, of("2.16.840.1.101.3.4.2.6", 32)),
        rejected("hash-unknown", "an identifier nobody knows", BadAlg, of("2.999.7", 32)),
        rejected(
            "hash-with-parameters",
            "a hash has no parameters",
            BadAlg,
            request_with(&[1], &imprint_with(&sequence(&[&oid(SHA256), &integer(&[1])]), 32), &[]),
        ),
    ]
}

fn fields() -> Vec<Case> {
    let cert_req = [0x01, 0x01, 0xff];
    vec![
        with_nonce("nonce-zero", "an INTEGER like any other", &[0]),
        with_nonce("nonce-64-bit", "openssl", &[0x7b, 1, 2, 3, 4, 5, 6, 7]),
        with_nonce("nonce-negative", "some clients draw signed numbers", &[0x80, 1, 2, 3]),
        with_nonce("nonce-minus-one", "the shortest negative one", &[0xff]),
        with_nonce(
            "nonce-sign-octet",
            "a leading zero octet that DER demands",
            &[0, 0xff, 1, 2, 3, 4, 5, 6, 7],
        ),
        with_nonce("nonce-160-bit", "as long as a SHA-1", &[0x11; 20]),
        with_nonce("nonce-64-octets", "the longest that is echoed", &[0x22; 64]),
        Case { certificates: true, ..granted("cert-req", "certificates wanted", request(&[&cert_req])) },
        granted("cert-req-false", "a default that DER leaves out, sent all the same", request(&[&[1, 1, 0]])),
        granted("policy-own", "the policy in force", request(&[&oid(OWN_POLICY)])),
        granted("policy-btsp", "the best-practices policy (T-25)", request(&[&oid("0.4.0.2023.1.1")])),
        Case {
            certificates: true,
            nonce: Some(vec![5; 8]),
            ..granted(
                "everything",
                "all optional fields but extensions",
                request(&[&oid(OWN_POLICY), &integer(&[5; 8]), &cert_req]),
            )
        },
    ]
}

/// Well-formed, and refused for what it means.
fn meaning() -> Vec<Case> {
    use FailInfo::{BadRequest, UnacceptedExtension, UnacceptedPolicy};
    let extension =
        |critical: &[u8]| tlv(0xa0, &[&sequence(&[&oid("2.999.9"), critical, &tlv(0x04, &[NULL])])]);
    vec![
        rejected("version-0", "there is only 1", BadRequest, request_with(&[0], &imprint(SHA256, 32), &[])),
        rejected("version-2", "there is only 1", BadRequest, request_with(&[2], &imprint(SHA256, 32), &[])),
        rejected(
            "version-negative",
            "there is only 1",
            BadRequest,
            request_with(&[0xff], &imprint(SHA256, 32), &[]),
        ),
        rejected("nonce-65-octets", "longer than is echoed", BadRequest, request(&[&integer(&[0x22; 65])])),
        rejected("nonce-8192-bit", "a token grows by it", BadRequest, request(&[&integer(&[0x22; 1024])])),
        rejected("policy-unknown", "not offered", UnacceptedPolicy, request(&[&oid("1.2.3.4.5")])),
        rejected(
            "policy-endless",
            "longer than any of ours",
            UnacceptedPolicy,
            request(&[&tlv(0x06, &[&[0x2a], &[1; 500]])]),
        ),
        rejected(
            "extension",
            "none is known, none is ignored",
            UnacceptedExtension,
            request(&[&extension(&[])]),
        ),
        rejected(
            "extension-critical",
            "likewise",
            UnacceptedExtension,
            request(&[&extension(&[1, 1, 0xff])]),
        ),
    ]
}

/// Not the DER of a TimeStampReq.
fn form() -> Vec<Case> {
    let good = request(&[]);
    let nonce = integer(&[5]);
    let bad = |name, why, request| rejected(name, why, FailInfo::BadDataFormat, request);
    let nested = std::iter::repeat_n([0x30, 0x80], 4000).flatten().collect();
    vec![
        bad("imprint-too-short", "31 octets are no SHA-256", of(SHA256, 31)),
        bad("imprint-too-long", "33 octets are no SHA-256", of(SHA256, 33)),
        bad("imprint-empty", "nothing was hashed", of(SHA256, 0)),
        bad("trailing-octet", "something behind the end", [good.as_slice(), &[0]].concat()),
        bad("truncated", "cut in the middle", good[..good.len() / 2].to_vec()),
        bad("one-octet", "a tag and nothing else", vec![0x30]),
        bad("sequence-empty", "no fields at all", sequence(&[])),
        bad("imprint-missing", "a version alone", sequence(&[&integer(&[1])])),
        bad("ber-indefinite", "BER, not DER", [&[0x30, 0x80], &good[2..], &[0, 0]].concat()),
        bad("ber-long-length", "a length in more octets than it takes", [&[0x30, 0x81], &good[1..]].concat()),
        bad(
            "length-lies",
            "two gigabytes are announced",
            [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], &good[2..]].concat(),
        ),
        bad(
            "length-negative",
            "a length with its top bit set",
            [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &good[2..]].concat(),
        ),
        bad("nested", "four thousand SEQUENCEs begun and none ended", nested),
        bad("nonce-padded", "an INTEGER that is not minimal", request(&[&integer(&[0, 1])])),
        bad("nonce-empty", "an INTEGER without content", request(&[&integer(&[])])),
        bad("nonce-twice", "one too many", request(&[&nonce, &nonce])),
        bad("fields-out-of-order", "certReq before the nonce", request(&[&[1, 1, 0xff], &nonce])),
        bad("boolean-1", "DER knows FF and 00", request(&[&[1, 1, 1]])),
        bad("policy-malformed", "an identifier that does not end", request(&[&tlv(0x06, &[&[0x2a, 0x83]])])),
        bad("extensions-empty", "SIZE (1..MAX)", request(&[&tlv(0xa0, &[])])),
        bad("field-unknown", "a field that RFC 3161 does not have", request(&[&tlv(0xa1, &[NULL])])),
        bad("a-response", "an answer instead of a question", sequence(&[&sequence(&[&integer(&[0])])])),
        bad("text", "somebody typed", b"GET /tsa HTTP/1.1\r\n\r\n".to_vec()),
    ]
}

/// Refused before it is read.
fn transport() -> Vec<Case> {
    let http =
        |name, why, status, request| Case { wanted: Wanted::Http(status), ..granted(name, why, request) };
    vec![
        http("empty", "there is nothing to answer", 400, Vec::new()),
        http("too-long", "no request has 20,000 octets", 413, sequence(&[&[0x55; 20_000]])),
    ]
}
