//! What the probe believes, and what not.

use ndoba_ocsp::{
    AnswerPolicy, CertStatusFacts, HashAlgorithm, Question, Request, Responders, Told, ToldStatus, Untold,
};
use ndoba_types::{SerialNumber, Sha256Digest, SigningKey as _, Span, UtcTime};
use ndoba_x509::{Certificate, RevocationReason};

use crate::pki::Pki;

fn now() -> UtcTime {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn ca(pki: &Pki) -> Certificate {
    Certificate::from_der(&pki.ca).unwrap()
}

fn question(pki: &Pki, serial: &str) -> Question {
    let serial: SerialNumber = serial.parse().unwrap();
    Question::about(&ca(pki), HashAlgorithm::Sha256, &serial).unwrap()
}

fn answered(pki: &Pki, question: &Question, facts: &CertStatusFacts) -> Vec<u8> {
    let request = Request::parse(question.as_der()).unwrap();
    let query = Responders::new([pki.responder(AnswerPolicy::default())]).unwrap().begin(request).unwrap();
    let (pending, to_be_signed) = query.answer(std::slice::from_ref(facts), pki.now).unwrap();
    pending.finish(&pki.key.sign(to_be_signed).unwrap()).unwrap().der
}

#[test]
fn an_answer_is_believed_when_the_ca_stands_behind_it() {
    let pki = Pki::at(now());
    let asked = question(&pki, "21");
    let good = CertStatusFacts::Good { certificate: Sha256Digest::of(b"x") };
    let at = now().minus(Span::days(1));
    let revoked = CertStatusFacts::Revoked { at, reason: RevocationReason::KeyCompromise, certificate: None };
    for (facts, status) in [
        (&good, ToldStatus::Good),
        (&revoked, ToldStatus::Revoked { at }),
        (&CertStatusFacts::NotIssued, ToldStatus::Unknown),
    ] {
        let told = asked.read(&answered(&pki, &asked, facts), &ca(&pki), now()).unwrap();
        assert_eq!(told, Told { status, produced_at: now(), next_update: now().plus(Span::hours(1)) });
    }
    let answer = answered(&pki, &asked, &good);
    let read = |answer: &[u8], ca: &Certificate, at| asked.read(answer, ca, at).map(|told| told.status);
    // At another time, about another certificate, of another CA, or no answer.
    assert_eq!(read(&answer, &ca(&pki), now().plus(Span::hours(1))), Err(Untold::NotCurrent));
    assert_eq!(read(&answer, &ca(&pki), now().minus(Span::minutes(6))), Err(Untold::NotCurrent));
    assert_eq!(question(&pki, "22").read(&answer, &ca(&pki), now()), Err(Untold::OtherQuestion));
    let other = Pki::at(now());
    assert_eq!(read(&answer, &ca(&other), now()), Err(Untold::Responder));
    assert_eq!(read(&[0x30, 3, 0x0a, 1, 3], &ca(&pki), now()), Err(Untold::NoStatus));
    // After the responder's end, and a day before its beginning.
    assert_eq!(read(&answer, &ca(&pki), now().plus(Span::days(15))), Err(Untold::Responder));
}

#[test]
fn no_octet_of_an_answer_can_be_changed() {
    let pki = Pki::at(now());
    let asked = question(&pki, "21");
    let good = CertStatusFacts::Good { certificate: Sha256Digest::of(b"x") };
    let answer = answered(&pki, &asked, &good);
    for place in 0..answer.len() {
        let mut other = answer.clone();
        other[place] ^= 0x01;
        assert!(asked.read(&other, &ca(&pki), now()).is_err(), "octet {place}");
    }
}
