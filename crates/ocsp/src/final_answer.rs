//! The last answers of a CA: one per certificate and CertID hash, true for ever, signed by the CA's own key
//! (EN 319 411-2 CSS-6.3.10-11, O-16). Made once, kept, and served without any key.

use std::sync::Arc;

use ndoba_types::{AnswerFinally, CaName, SerialNumber, SignatureAlgorithm, ToBeSigned, UtcTime};
use ndoba_x509::Certificate;

use crate::answer::{Pending, Query, Times};
use crate::responder::{issuer_hashes, key_bits};
use crate::{
    AnswerPolicy, CertId, CertStatusFacts, HashAlgorithm, IssuerHashes, Refusal, Request, Responder,
    ResponderError, Unissued,
};

/// A CA that has ended, as the one that answers about its certificates.
///
/// Its answers carry no certificate: clients verify them with the CA's own, which they hold.
#[derive(Clone, Debug)]
pub struct FinalAuthority(Arc<Responder>);

impl FinalAuthority {
    /// The hash functions of the CertIDs that are answered finally.
    pub const HASHES: [HashAlgorithm; 2] = [HashAlgorithm::Sha1, HashAlgorithm::Sha256];

    /// The CA with this certificate, whose key signs with `algorithm`.
    ///
    /// # Errors
    ///
    /// [`ResponderError::Algorithm`] when the key cannot make such signatures.
    pub fn new(
        ca: CaName,
        certificate: &Certificate,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, ResponderError> {
        if !certificate.key_kind().is_ok_and(|kind| kind.can_sign_with(algorithm)) {
            return Err(ResponderError::Algorithm);
        }
        Ok(Self(Arc::new(Responder {
            ca,
            issuer: issuer_hashes(certificate)?,
            archive_cutoff: certificate.not_before(),
            certificate: None,
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject().as_der().to_vec(),
            key_hash: HashAlgorithm::Sha1.digest(key_bits(certificate)?),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            algorithm,
            policy: AnswerPolicy { unissued: Unissued::Unknown, ..AnswerPolicy::default() },
        })))
    }

    /// Whose certificates are asked about.
    pub fn ca(&self) -> &CaName {
        &self.0.ca
    }

    /// Decides the final answer about one certificate: its nextUpdate is 99991231235959Z, whatever the CA's own end.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bug`] for what was never issued: nothing final is said of it.
    pub fn answer(
        &self,
        hash: HashAlgorithm,
        serial: &SerialNumber,
        facts: &CertStatusFacts,
        now: UtcTime,
    ) -> Result<(Pending, ToBeSigned<AnswerFinally>), Refusal> {
        if *facts == CertStatusFacts::NotIssued {
            return Err(Refusal::Bug);
        }
        let issuer = self.0.issuer.iter().find(|issuer| issuer.algorithm == hash).ok_or(Refusal::Bug)?;
        let cert_id = CertId::new(issuer, serial).map_err(|_| Refusal::Bug)?;
        let query = Query { responder: Arc::clone(&self.0), request: Request::about(cert_id) };
        let produced_at = now.floor_to_second();
        let times =
            Times { produced_at, this_update: produced_at, next_update: UtcTime::NO_END.floor_to_second() };
        let (pending, tbs) = query.put_together(std::slice::from_ref(facts), times)?;
        // Every field was decided here from the facts; what comes out is verified before it is recorded.
        Ok((pending, ToBeSigned::assertion(tbs)))
    }
}

/// A CA that has ended, as questions name it.
#[derive(Clone, Debug)]
pub struct FinalIssuer {
    pub(crate) ca: CaName,
    pub(crate) issuer: [IssuerHashes; 4],
}

impl FinalIssuer {
    /// The CA with this certificate.
    ///
    /// # Errors
    ///
    /// [`ResponderError::Algorithm`] when its key cannot be read.
    pub fn new(ca: CaName, certificate: &Certificate) -> Result<Self, ResponderError> {
        Ok(Self { ca, issuer: issuer_hashes(certificate)? })
    }

    /// Which CA.
    pub fn ca(&self) -> &CaName {
        &self.ca
    }
}

/// A question about a certificate of a CA that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalQuestion {
    /// Which CA.
    pub ca: CaName,
    /// By which hash function the client named it: one of [`FinalAuthority::HASHES`].
    pub hash: HashAlgorithm,
    /// Which certificate.
    pub serial: SerialNumber,
}

impl FinalQuestion {
    /// What `request` asks of `ca`: final answers are about one certificate each, and nothing is said of others.
    pub(crate) fn of(request: &Request, ca: &CaName) -> Result<Self, Refusal> {
        let [cert_id] = request.cert_ids() else { return Err(Refusal::ForeignIssuer) };
        let hash = cert_id.issuer().map(|issuer| issuer.algorithm);
        match (hash.filter(|hash| FinalAuthority::HASHES.contains(hash)), cert_id.serial()) {
            (Some(hash), Some(serial)) => Ok(Self { ca: ca.clone(), hash, serial: serial.clone() }),
            (_, _) => Err(Refusal::ForeignIssuer),
        }
    }
}
