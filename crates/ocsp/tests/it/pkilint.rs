//! Every kind of answer, judged by a linter that is not ours (K-O07).

use ndoba_ocsp::{AnswerPolicy, CertStatusFacts, HashAlgorithm, Identity, Request, Responders, Unissued};
use ndoba_testkit::{Document, Judge};
use ndoba_types::{Sha256Digest, SigningKey, Span};
use ndoba_x509::RevocationReason;

use crate::pki::Pki;
use crate::requests::{NULL, cert_id, nonce, request};

#[test]
fn every_kind_of_answer_is_clean() {
    let pki = Pki::at("2026-11-23T12:00:00Z".parse().unwrap());
    let certificate = Sha256Digest::of(b"the certificate");
    let at = pki.now.minus(Span::days(3));
    let revoked = |reason| CertStatusFacts::Revoked { at, reason, certificate: Some(certificate) };
    let by_name = AnswerPolicy { identity: Identity::ByName, ..AnswerPolicy::default() };
    let extended = AnswerPolicy { unissued: Unissued::ExtendedRevoked, ..AnswerPolicy::default() };
    let kinds = [
        (AnswerPolicy::default(), CertStatusFacts::Good { certificate }),
        (by_name, CertStatusFacts::Good { certificate }),
        (AnswerPolicy::default(), revoked(RevocationReason::KeyCompromise)),
        (AnswerPolicy::default(), revoked(RevocationReason::Unspecified)),
        (AnswerPolicy::default(), CertStatusFacts::Suspended { since: at, certificate: None }),
        (AnswerPolicy::default(), CertStatusFacts::NotIssued),
        (extended, CertStatusFacts::NotIssued),
    ];
    for algorithm in HashAlgorithm::ALL {
        for (policy, facts) in &kinds {
            for extensions in [vec![], vec![nonce(&[0x5a; 32])]] {
                let ids =
                    [[0x12, 0x34], [0x12, 0x35]].map(|serial| cert_id(&pki.ca, algorithm, NULL, &serial));
                let asked = Request::parse(&request(&ids, &extensions)).unwrap();
                let query = Responders::new([pki.responder(*policy)]).unwrap().begin(asked).unwrap();
                let (pending, to_be_signed) = query.answer(&[facts.clone(), facts.clone()], pki.now).unwrap();
                let answer = pending.finish(&pki.key.sign(to_be_signed).unwrap()).unwrap();
                Judge::shared().assert_clean(Document::OcspResponse, &answer.der);
            }
        }
    }
}
