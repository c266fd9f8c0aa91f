//! Whether the list that is being made follows the one that is online: a revocation never vanishes (design §6).
//!
//! Both come in the order of their serial numbers, so they are compared as they pass, and neither is kept.

use std::io;

use ndoba_types::SerialNumber;
use ndoba_x509::{CrlReadError, RevocationReason, RevokedEntry};

/// The comparison, entry by entry of the new list, with the entries `I` of the one online.
pub(crate) struct Continuity<I> {
    online: Option<I>,
    /// The entry online that the new list has not come to.
    next: Option<RevokedEntry>,
    broken: Option<Break>,
    unread: Option<io::Error>,
}

/// Why the new list does not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Break {
    /// What was revoked for ever would be on hold only.
    #[error("the revoked serial {0} would be on hold only")]
    Softened(SerialNumber),
    /// The list online has an entry that does not read, or out of its order: it is none of ours.
    #[error("the list online cannot be read entry by entry")]
    Unreadable,
    /// A revocation would be lost.
    #[error("the revoked serial {0} would vanish")]
    Vanished(SerialNumber),
}

impl<I: Iterator<Item = Result<RevokedEntry, CrlReadError>>> Continuity<I> {
    /// Begins; where nothing is online everything follows.
    pub(crate) fn with(online: Option<I>) -> Self {
        let mut comparison = Self { online, next: None, broken: None, unread: None };
        comparison.advance();
        comparison
    }

    /// The next entry of the new list, in the order of serial numbers.
    pub(crate) fn pass(&mut self, entry: &RevokedEntry) {
        while let Some(next) = self.next.take_if(|next| next.serial < entry.serial) {
            self.lost(next);
        }
        if let Some(next) = self.next.take_if(|next| next.serial == entry.serial) {
            if is_for_ever(&next) && !is_for_ever(entry) {
                self.broken.get_or_insert(Break::Softened(next.serial.clone()));
            }
            self.advance_from(&next.serial);
        }
    }

    /// The end of the new list.
    ///
    /// # Errors
    ///
    /// [`io::Error`] where the list online was not read to its end: nothing can be said.
    pub(crate) fn finish(mut self) -> Result<Result<(), Break>, io::Error> {
        while let Some(next) = self.next.take() {
            self.lost(next);
        }
        match self.unread {
            Some(error) => Err(error),
            None => Ok(self.broken.map_or(Ok(()), Err)),
        }
    }

    /// An entry that the new list lacks: a suspension may have been released, a revocation may not.
    fn lost(&mut self, entry: RevokedEntry) {
        if is_for_ever(&entry) {
            self.broken.get_or_insert(Break::Vanished(entry.serial.clone()));
        }
        self.advance_from(&entry.serial);
    }

    fn advance_from(&mut self, serial: &SerialNumber) {
        self.advance();
        if self.next.as_ref().is_some_and(|next| next.serial <= *serial) {
            self.broken.get_or_insert(Break::Unreadable);
            (self.online, self.next) = (None, None);
        }
    }

    fn advance(&mut self) {
        self.next = match self.online.as_mut().and_then(Iterator::next) {
            None => None,
            Some(Ok(entry)) => Some(entry),
            Some(Err(CrlReadError::Bad(_))) => {
                self.broken.get_or_insert(Break::Unreadable);
                None
            }
            Some(Err(CrlReadError::Io(error))) => {
                self.unread = Some(error);
                None
            }
        };
    }
}

fn is_for_ever(entry: &RevokedEntry) -> bool {
    entry.reason != RevocationReason::CertificateHold
}

#[cfg(test)]
mod tests {
    use ndoba_types::{Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};
    use ndoba_x509::RevocationReason::{CertificateHold, Superseded};
    use ndoba_x509::{
        CrlNumber, CrlPlan, CrlReader, DistinguishedName, HttpUrl, IssuerFacts, IssuerUrls, KeyIdentifier,
        assemble,
    };

    use super::*;

    /// CN=x.
    const NAME: &[u8] = b"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x";

    fn issuer() -> IssuerFacts {
        let url = || "http://pki.example.com/".parse::<HttpUrl>().unwrap();
        IssuerFacts {
            name: DistinguishedName::from_der(NAME).unwrap(),
            ski: KeyIdentifier::from_bytes([7; 20]),
            spki: SubjectPublicKeyInfo::assertion(Vec::new()),
            not_before: UtcTime::from_unix_seconds(1_790_000_000).unwrap(),
            not_after: UtcTime::from_unix_seconds(1_990_000_000).unwrap(),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            urls: IssuerUrls { ca_issuers: url(), ocsp: url(), crl: url() },
        }
    }

    fn entry((serial, reason): &(u8, RevocationReason)) -> RevokedEntry {
        RevokedEntry {
            serial: SerialNumber::from_unsigned(&[0x41, *serial]).unwrap(),
            revoked_at: UtcTime::from_unix_seconds(1_795_000_000).unwrap(),
            reason: *reason,
            invalidity_date: None,
        }
    }

    fn list(entries: &[(u8, RevocationReason)]) -> Vec<u8> {
        let (facts, now) = (issuer(), UtcTime::from_unix_seconds(1_795_000_000).unwrap());
        let plan = CrlPlan {
            issuer: &facts,
            number: CrlNumber::new(1),
            this_update: now,
            next_update: now,
            expired_certs_on_crl: None,
            addresses: &[],
        };
        let signature = Signature::from_bytes(vec![0; 70]);
        assemble(&plan.to_tbs(entries.iter().map(entry)), SignatureAlgorithm::EcdsaP256Sha256, &signature)
    }

    fn follows(online: &[(u8, RevocationReason)], new: &[(u8, RevocationReason)]) -> Result<(), Break> {
        let der = list(online);
        let mut reader = CrlReader::open(io::Cursor::new(der)).unwrap();
        let mut comparison = Continuity::with(Some(reader.entries().unwrap()));
        new.iter().for_each(|one| comparison.pass(&entry(one)));
        comparison.finish().unwrap()
    }

    #[test]
    fn what_was_revoked_stays_and_what_was_on_hold_may_go() {
        let (held, revoked) = (CertificateHold, Superseded);
        let serial = |number| entry(&(number, revoked)).serial;
        let online = [(2, revoked), (4, held), (6, revoked)];
        assert_eq!(follows(&online, &online), Ok(()));
        assert_eq!(follows(&online, &[(1, revoked), (2, revoked), (6, revoked), (7, held)]), Ok(()));
        assert_eq!(follows(&online, &[(2, revoked), (4, revoked), (5, held), (6, revoked)]), Ok(()));
        assert_eq!(follows(&[], &[(1, held)]), Ok(()));
        assert_eq!(follows(&online, &[]), Err(Break::Vanished(serial(2))));
        assert_eq!(follows(&online, &[(2, revoked), (4, held)]), Err(Break::Vanished(serial(6))));
        assert_eq!(follows(&online, &[(4, held), (6, revoked)]), Err(Break::Vanished(serial(2))));
        assert_eq!(follows(&online, &[(2, held), (6, revoked)]), Err(Break::Softened(serial(2))));
        assert_eq!(Continuity::with(None::<std::iter::Empty<_>>).finish().unwrap(), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_now_breaks_nothing() {
        let online = [Ok(entry(&(2, Superseded))), Err(CrlReadError::Io(io::ErrorKind::Other.into()))];
        assert!(Continuity::with(Some(online.into_iter())).finish().is_err());
    }

    #[test]
    fn a_list_out_of_order_is_none_of_ours() {
        let both = [(2, Superseded), (6, Superseded)];
        assert_eq!(follows(&[(6, Superseded), (2, Superseded)], &both), Err(Break::Unreadable));
        assert_eq!(follows(&[(2, Superseded), (2, Superseded)], &both), Err(Break::Unreadable));
    }
}
