//! What answers say, octet by octet where it matters.

use std::sync::Arc;

use ndoba_ocsp::{
    Answer, AnswerPolicy, CertStatusFacts, ErrorStatus, HashAlgorithm, Identity, Query, Refusal, Request,
    Responder, ResponderError, Responders, Said, StatusError, Unissued,
};
use ndoba_types::{SerialNumber, Sha256Digest, SignError, SignatureAlgorithm, SigningKey, Span, UtcTime};
use ndoba_x509::{Certificate, RevocationReason};
use rcgen::{CertificateParams, KeyUsagePurpose};
use sha1::{Digest, Sha1};

use crate::pki::{Pki, responder_params};
use crate::requests::{NULL, cert_id, extension, nonce, ocsp_oid, request, sha1_id, tlv};

fn now() -> UtcTime {
    "2026-11-23T12:00:00.75Z".parse().unwrap()
}

fn alone(pki: &Pki, policy: AnswerPolicy) -> Responders {
    Responders::new([pki.responder(policy)]).unwrap()
}

fn new(ca: &str, issuer: &[u8], certificate: &[u8]) -> Result<Responder, ResponderError> {
    let [issuer, certificate] = [issuer, certificate].map(|der| Certificate::from_der(der).unwrap());
    let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
    Responder::new(ca.parse().unwrap(), &issuer, &certificate, algorithm, AnswerPolicy::default())
}

/// Another certificate for the responder's key.
fn certificate(pki: &Pki, params: &CertificateParams) -> Vec<u8> {
    let public = rcgen::SubjectPublicKeyInfo::from_der(pki.key.public.as_der()).unwrap();
    params.signed_by(&public, &pki.issuer).unwrap().der().to_vec()
}

fn good() -> CertStatusFacts {
    CertStatusFacts::Good { certificate: Sha256Digest::of(b"the certificate") }
}

fn answer_with(pki: &Pki, policy: AnswerPolicy, der: &[u8], facts: &[CertStatusFacts]) -> Answer {
    let query = alone(pki, policy).begin(Request::parse(der).unwrap()).unwrap();
    let (pending, to_be_signed) = query.answer(facts, pki.now).unwrap();
    pending.finish(&pki.key.sign(to_be_signed).unwrap()).unwrap()
}

fn answer(pki: &Pki, der: &[u8], facts: &[CertStatusFacts]) -> Answer {
    answer_with(pki, AnswerPolicy::default(), der, facts)
}

fn holds(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).filter(|window| *window == needle).count()
}

fn time(text: &str) -> Vec<u8> {
    tlv(0x18, &[text.as_bytes()])
}

#[test]
fn good_answer_octet_by_octet() {
    let pki = Pki::at(now());
    let id = sha1_id(&pki.ca, &[0x12, 0x34]);
    let answer = answer(&pki, &request(std::slice::from_ref(&id), &[]), &[good()]);
    assert_eq!(answer.said, [Said::Good]);

    let key = x509_key(&pki.responder);
    let cert_hash = tlv(
        0x30,
        &[
            &tlv(0x30, &[crate::requests::hash_oid(HashAlgorithm::Sha256)]),
            &tlv(0x04, &[Sha256Digest::of(b"the certificate").as_bytes()]),
        ],
    );
    let single = tlv(
        0x30,
        &[
            &id,
            &[0x80, 0x00],
            &time("20261123120000Z"),
            &tlv(0xa0, &[&time("20261123130000Z")]),
            &tlv(
                0xa1,
                &[&tlv(
                    0x30,
                    &[
                        // The CA's notBefore, a year before.
                        &extension(&ocsp_oid(6), false, &time("20251123120000Z")),
                        &extension(&[0x2b, 0x24, 0x08, 0x03, 0x0d], false, &cert_hash),
                    ],
                )],
            ),
        ],
    );
    let tbs = tlv(
        0x30,
        &[&tlv(0xa2, &[&tlv(0x04, &[&Sha1::digest(key)])]), &time("20261123120000Z"), &tlv(0x30, &[&single])],
    );
    assert_eq!(holds(&answer.der, &tbs), 1);
    assert_eq!(holds(&answer.der, &pki.responder), 1, "the responder's certificate, once");
    assert_eq!(holds(&answer.der, &pki.ca), 0, "and no issuer");
    // producedAt is floored, never in anybody's future; nothing has fractions.
    assert!(answer.produced_at <= now());
    assert_eq!(answer.produced_at.subsec_micros(), 0);
    assert_eq!(answer.next_update, "2026-11-23T13:00:00Z".parse().unwrap());
}

fn x509_key(certificate: &[u8]) -> Vec<u8> {
    use x509_cert::der::Decode;
    let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
    certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()
}

#[test]
fn revoked_and_suspended() {
    let pki = Pki::at(now());
    let der = request(&[sha1_id(&pki.ca, &[1])], &[]);
    let at = "2026-11-01T08:30:00.5Z".parse().unwrap();
    let revoked = |reason| CertStatusFacts::Revoked { at, reason, certificate: None };

    let said = answer(&pki, &der, &[revoked(RevocationReason::KeyCompromise)]);
    let status = tlv(0xa1, &[&time("20261101083000Z"), &tlv(0xa0, &[&[0x0a, 0x01, 0x01]])]);
    assert_eq!((holds(&said.der, &status), said.said), (1, vec![Said::Revoked]));

    let said = answer(&pki, &der, &[revoked(RevocationReason::Unspecified)]);
    assert_eq!(holds(&said.der, &tlv(0xa1, &[&time("20261101083000Z")])), 1);

    let certificate = Some(Sha256Digest::of(b"x"));
    let said = answer(&pki, &der, &[CertStatusFacts::Suspended { since: at, certificate }]);
    let status = tlv(0xa1, &[&time("20261101083000Z"), &tlv(0xa0, &[&[0x0a, 0x01, 0x06]])]);
    assert_eq!((holds(&said.der, &status), said.said), (1, vec![Said::Suspended]));
    assert_eq!(holds(&said.der, Sha256Digest::of(b"x").as_bytes()), 1);
}

/// K-O03: `unknown`, or revoked since 1970 with the extension that says why.
#[test]
fn never_issued_is_never_good() {
    let pki = Pki::at(now());
    let extended = AnswerPolicy { unissued: Unissued::ExtendedRevoked, ..AnswerPolicy::default() };
    let extended_revoke = extension(&ocsp_oid(9), false, NULL);
    let hold_1970 = tlv(0xa1, &[&time("19700101000000Z"), &tlv(0xa0, &[&[0x0a, 0x01, 0x06]])]);
    let long = [0x7f; 600];
    // Issued by nobody; zero; negative; longer than serials are. Only the first is worth a look-up.
    let serials: [(&[u8], usize); 5] = [(&[1], 1), (&[0], 0), (&[0x80], 0), (&[0x7f; 21], 0), (&long, 0)];
    for (serial, look_ups) in serials {
        let id = sha1_id(&pki.ca, serial);
        let der = request(std::slice::from_ref(&id), &[]);
        let query = alone(&pki, extended).begin(Request::parse(&der).unwrap()).unwrap();
        assert_eq!(query.serials().len(), look_ups);
        let facts = vec![CertStatusFacts::NotIssued; look_ups];

        let said = answer(&pki, &der, &facts);
        let single = tlv(
            0x30,
            &[&id, &[0x82, 0x00], &time("20261123120000Z"), &tlv(0xa0, &[&time("20261123130000Z")])],
        );
        assert_eq!((holds(&said.der, &single), said.said), (1, vec![Said::Unissued]));
        assert_eq!(holds(&said.der, &extended_revoke), 0);

        let said = answer_with(&pki, extended, &der, &facts);
        assert_eq!((holds(&said.der, &hold_1970), holds(&said.der, &extended_revoke)), (1, 1));
    }
    let said = answer_with(&pki, extended, &request(&[sha1_id(&pki.ca, &[1])], &[]), &[good()]);
    assert_eq!(holds(&said.der, &extended_revoke), 0, "only in the answers that need it");
}

/// K-O02, with the AlgorithmIdentifier byte for byte.
#[test]
fn the_cert_id_is_echoed() {
    let pki = Pki::at(now());
    for algorithm in HashAlgorithm::ALL {
        for parameters in [NULL, &[]] {
            let id = cert_id(&pki.ca, algorithm, parameters, &[0x12, 0x34]);
            let said = answer(&pki, &request(std::slice::from_ref(&id), &[]), &[good()]);
            assert_eq!(holds(&said.der, &id), 1, "{algorithm:?} {parameters:?}");
        }
    }
}

#[test]
fn several_in_the_order_asked() {
    let pki = Pki::at(now());
    let ids: Vec<_> = [3, 1, 2].map(|n| sha1_id(&pki.ca, &[n])).into();
    let query = alone(&pki, AnswerPolicy::default()).begin(Request::parse(&request(&ids, &[])).unwrap());
    let serials: Vec<SerialNumber> = ["03", "01", "02"].map(|text| text.parse().unwrap()).into();
    assert_eq!(query.as_ref().unwrap().serials(), serials);
    let said = answer(&pki, &request(&ids, &[]), &[good(), CertStatusFacts::NotIssued, good()]);
    assert_eq!(said.said, [Said::Good, Said::Unissued, Said::Good]);
    let position = |id: &Vec<u8>| said.der.windows(id.len()).position(|window| window == id).unwrap();
    assert!(position(&ids[0]) < position(&ids[1]) && position(&ids[1]) < position(&ids[2]));
    // Facts that do not fit the question make no answer.
    for facts in [vec![], vec![good(); 2], vec![good(); 4]] {
        assert_eq!(query.as_ref().unwrap().answer(&facts, now()).unwrap_err(), Refusal::Bug);
    }
}

/// K-O06
#[test]
fn foreign_issuers() {
    let (ours, other) = (Pki::at(now()), Pki::named("TEST Other CA", now()));
    let both = || {
        let other = new("seal", &other.ca, &other.responder);
        Responders::new([ours.responder(AnswerPolicy::default()), other.unwrap()]).unwrap()
    };
    let begin = |responders: Responders, ids: &[Vec<u8>]| {
        responders.begin(Request::parse(&request(ids, &[])).unwrap()).map(|query| query.ca().to_string())
    };
    let (mine, foreign) = (sha1_id(&ours.ca, &[1]), sha1_id(&other.ca, &[1]));
    assert_eq!(begin(both(), std::slice::from_ref(&foreign)).as_deref(), Ok("seal"));
    let only_ours = || alone(&ours, AnswerPolicy::default());
    assert_eq!(begin(only_ours(), std::slice::from_ref(&foreign)), Err(Refusal::ForeignIssuer));
    // Issuers are never mixed, known or not.
    assert_eq!(begin(both(), &[mine.clone(), foreign.clone()]), Err(Refusal::ForeignIssuer));
    assert_eq!(begin(only_ours(), &[mine.clone(), foreign]), Err(Refusal::ForeignIssuer));
    // Our name with another key, which is what a renewed CA looks like.
    let mut wrong_key = mine.clone();
    let position = wrong_key.len() - 4;
    wrong_key[position] ^= 1;
    assert_eq!(begin(only_ours(), &[wrong_key]), Err(Refusal::ForeignIssuer));
    // Hash functions that we do not compute: MD5, and SHA-1 with parameters that mean something.
    let md5 = tlv(
        0x30,
        &[
            &tlv(0x30, &[&[0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05], NULL]),
            &tlv(4, &[&[0; 16]]),
            &tlv(4, &[&[0; 16]]),
            &[2, 1, 1],
        ],
    );
    assert_eq!(begin(only_ours(), &[md5]), Err(Refusal::ForeignIssuer));
    let odd = cert_id(&ours.ca, HashAlgorithm::Sha1, &[2, 1, 1], &[1]);
    assert_eq!(begin(only_ours(), &[odd]), Err(Refusal::ForeignIssuer));
    assert_eq!(Refusal::ForeignIssuer.status(), ErrorStatus::Unauthorized);
    let twice = [ours.responder(AnswerPolicy::default()), ours.responder(AnswerPolicy::default())];
    assert!(matches!(Responders::new(twice), Err(ResponderError::Twice(_))));
    assert_eq!(both().iter().count(), 2);
}

#[test]
fn nonces_are_echoed_and_never_critical() {
    let pki = Pki::at(now());
    let critical = extension(&ocsp_oid(2), true, &tlv(0x04, &[b"sixteen octets .."]));
    let der = request(&[sha1_id(&pki.ca, &[1])], &[critical]);
    let said = answer(&pki, &der, &[good()]);
    assert_eq!(holds(&said.der, &tlv(0xa1, &[&tlv(0x30, &[&nonce(b"sixteen octets ..")])])), 1);
}

#[test]
fn by_name_on_request() {
    let pki = Pki::at(now());
    let policy = AnswerPolicy { identity: Identity::ByName, cert_hash: false, ..AnswerPolicy::default() };
    let said = answer_with(&pki, policy, &request(&[sha1_id(&pki.ca, &[1])], &[]), &[good()]);
    let name = tlv(
        0x30,
        &[&tlv(0x31, &[&tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &tlv(0x0c, &[b"TEST responder"])])])],
    );
    assert_eq!(holds(&said.der, &tlv(0xa1, &[&name])), 1);
    assert_eq!(holds(&said.der, &[0x2b, 0x24, 0x08, 0x03, 0x0d]), 0);
}

#[test]
fn the_responders_certificate_sets_the_limits() {
    let pki = Pki::at(now());
    let query = alone(&pki, AnswerPolicy::default())
        .begin(Request::parse(&request(&[sha1_id(&pki.ca, &[1])], &[])).unwrap())
        .unwrap();
    let end = query.responder().not_after();
    let next_update = |now| {
        let (pending, to_be_signed) = query.answer(&[good()], now)?;
        Ok(pending.finish(&pki.key.sign(to_be_signed).unwrap()).unwrap().next_update)
    };
    assert_eq!(next_update(end.minus(Span::hours(2))), Ok(end.minus(Span::hours(1))));
    // Shortened to stay within the certificate, then refused with an alarm.
    assert_eq!(next_update(end.minus(Span::minutes(10))), Ok(end.minus(Span::minutes(5))));
    for late in [end.minus(Span::minutes(5)), end, end.plus(Span::days(1))] {
        assert_eq!(next_update(late), Err(Refusal::ResponderExpired));
    }
    assert_eq!(next_update(now().minus(Span::hours(2))), Err(Refusal::ResponderNotYetValid));
    for refusal in [Refusal::ResponderExpired, Refusal::ResponderNotYetValid] {
        assert_eq!((refusal.status(), refusal.is_alarm()), (ErrorStatus::TryLater, true));
    }
    let policy = AnswerPolicy { backdate: Span::minutes(10), ..AnswerPolicy::default() };
    let said = answer_with(&pki, policy, &request(&[sha1_id(&pki.ca, &[1])], &[]), &[good()]);
    assert_eq!(holds(&said.der, &time("20261123115000Z")), 1);
    assert_eq!(said.produced_at, "2026-11-23T12:00:00Z".parse().unwrap());
}

/// What is signed in one storm is not signed anew in another.
#[test]
fn renewals_are_spread_over_a_tenth_of_a_life() {
    let pki = Pki::at(now());
    let ages: Vec<_> = (1..65)
        .map(|serial| {
            let said = answer(&pki, &request(&[sha1_id(&pki.ca, &[serial])], &[]), &[good()]);
            said.renew_at.since(said.produced_at)
        })
        .collect();
    let (least, most) = (ages.iter().min().unwrap(), ages.iter().max().unwrap());
    assert!(*least >= Span::minutes(24) && *most <= Span::minutes(30), "{least:?} to {most:?}");
    // Of 64 drawn at random, all within a third of the time: not in the age of the universe.
    assert!(most.as_micros() - least.as_micros() > Span::minutes(2).as_micros(), "{least:?} to {most:?}");
}

#[test]
fn certificates_that_make_no_responder() {
    let (pki, other) = (Pki::at(now()), Pki::named("TEST Other CA", now()));
    let new = |ca: &[u8], certificate: &[u8]| new("signature", ca, certificate).map(|_| ());
    assert_eq!(new(&pki.ca, &pki.responder), Ok(()));
    assert_eq!(new(&other.ca, &pki.responder), Err(ResponderError::OtherIssuer));
    assert_eq!(new(&pki.ca, &pki.ca), Err(ResponderError::Usage));
    // The same name, another key: a CA that was renewed.
    let renewed = Pki::at(now());
    assert_eq!(new(&renewed.ca, &pki.responder), Err(ResponderError::OtherIssuer));
    let wrong = SignatureAlgorithm::RsaPkcs1Sha256;
    let [ca, own] = [&pki.ca, &pki.responder].map(|der| Certificate::from_der(der).unwrap());
    let name = "signature".parse().unwrap();
    let wrong = Responder::new(name, &ca, &own, wrong, AnswerPolicy::default()).err();
    assert_eq!(wrong, Some(ResponderError::Algorithm));
    let params = || responder_params(now(), now().plus(Span::days(1)));
    let mut usage = params();
    usage.key_usages.push(KeyUsagePurpose::ContentCommitment);
    assert_eq!(new(&pki.ca, &certificate(&pki, &usage)), Err(ResponderError::Usage));
    let mut purposes = params();
    purposes.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    assert_eq!(new(&pki.ca, &certificate(&pki, &purposes)), Err(ResponderError::Usage));
    let mut checked = params();
    checked.custom_extensions.clear();
    assert_eq!(new(&pki.ca, &certificate(&pki, &checked)), Err(ResponderError::NoCheck));
}

#[test]
fn what_clients_are_told_when_there_is_no_status() {
    let sign = |error| Refusal::Signing(error);
    let reason = || String::from("told by the token");
    for (refusal, status, alarm) in [
        (Refusal::Overloaded, ErrorStatus::TryLater, false),
        (Refusal::Bug, ErrorStatus::InternalError, true),
        (sign(SignError::Busy), ErrorStatus::TryLater, false),
        (sign(SignError::InDoubt { reason: reason() }), ErrorStatus::TryLater, false),
        (sign(SignError::Unavailable { reason: reason() }), ErrorStatus::TryLater, false),
        (sign(SignError::Refused { reason: reason() }), ErrorStatus::InternalError, true),
        (StatusError::BehindWitness.into(), ErrorStatus::TryLater, true),
        (StatusError::Unavailable { reason: reason() }.into(), ErrorStatus::TryLater, false),
    ] {
        assert_eq!((refusal.status(), refusal.is_alarm()), (status, alarm), "{refusal:?}");
    }
    assert_eq!(ErrorStatus::TryLater.as_der(), [0x30, 3, 0x0a, 1, 3]);
}

#[test]
fn our_own_questions_are_those_of_clients() {
    let pki = Pki::at(now());
    let responder = Arc::new(pki.responder(AnswerPolicy::default()));
    let serial: SerialNumber = "c0ffee".parse().unwrap();
    for algorithm in HashAlgorithm::ALL {
        let query = Query::about(&responder, algorithm, &serial).unwrap();
        let id = cert_id(&pki.ca, algorithm, NULL, &serial.to_der_content());
        assert_eq!(query.request(), &Request::parse(&request(&[id], &[])).unwrap());
        assert_eq!(query.serials(), std::slice::from_ref(&serial));
    }
}
