//! What must hold before a certificate is planned.

use ndoba_types::{SubjectPublicKeyInfo, UtcTime};

use super::{PlanError, SubjectKey, Validity};
use crate::name::Subject;
use crate::{IssuerFacts, KeyKind, Profile, Template};

/// 2027-01-01T00:00:00Z: from here on no certificate for RSA below 3000 bits (TS 119 312, C-82).
const SHORT_RSA_NONE_FROM: i64 = 1_798_761_600;
/// 2028-12-31T23:59:59Z: the last instant such a certificate may still be valid.
const SHORT_RSA_ENDS_BY: i64 = 1_861_919_999;

/// The subject is of the template's kind, and a subscriber has proved possession (C-73).
pub(super) fn check_template(
    profile: &Profile,
    subject: &Subject,
    key: SubjectKey<'_>,
) -> Result<(), PlanError> {
    let fits = match (profile.template(), subject) {
        (Template::Root, _) => return Err(PlanError::WrongTemplate),
        (Template::PersonSignature, Subject::NaturalPerson(_))
        | (Template::OrganisationSeal, Subject::LegalPerson(_))
        | (Template::IssuingCa | Template::OcspResponder | Template::Tsu, Subject::Authority(_)) => true,
        (
            Template::PersonSignature
            | Template::OrganisationSeal
            | Template::IssuingCa
            | Template::OcspResponder
            | Template::Tsu,
            Subject::NaturalPerson(_) | Subject::LegalPerson(_) | Subject::Authority(_),
        ) => false,
    };
    if !fits {
        return Err(PlanError::SubjectDoesNotFit);
    }
    if let Subject::NaturalPerson(person) = subject
        && person.organization().is_some() != profile.names_organisation()
    {
        return Err(PlanError::OrganisationDoesNotFit);
    }
    let kind = match subject {
        Subject::NaturalPerson(person) => Some(person.serial_number().kind()),
        Subject::LegalPerson(person) => Some(person.organization_identifier().kind()),
        Subject::Authority(_) => None,
    };
    if let Some(kind) = kind.filter(|kind| !profile.identifiers().contains(kind)) {
        return Err(PlanError::IdentifierDoesNotFit { kind });
    }
    match key {
        SubjectKey::Token(_) if profile.template().is_subscriber() => Err(PlanError::NoProofOfPossession),
        SubjectKey::Token(_) | SubjectKey::Requested(_) => Ok(()),
    }
}

/// The length is within the profile's.
pub(super) fn check_validity(profile: &Profile, now: UtcTime, days: u32) -> Result<Validity, PlanError> {
    let max = profile.max_days();
    // A TSU's certificate must outlive its key (requirements §0.9), whatever the order says.
    let min = profile.private_key_days().map_or(1, |key_days| key_days.saturating_add(1));
    if profile.is_short_term() {
        // With `days` of 1, which is all that such a profile has.
        return if days == 1 { Ok(Validity::short_term(now)) } else { Err(PlanError::Days { max }) };
    }
    let validity = Validity::starting(now, days);
    // Adding stops at the end of the year 9999, so an end that is too early shows an overflow.
    let whole = validity.not_after.since(validity.not_before).as_seconds() + 1 == i64::from(days) * 86_400;
    if days < min || days > max || !whole {
        return Err(PlanError::Days { max });
    }
    Ok(validity)
}

/// The issuer is valid now and until the end (C-70), and is somebody else.
pub(super) fn check_issuer(
    issuer: &IssuerFacts,
    subject: &Subject,
    spki: &SubjectPublicKeyInfo,
    validity: Validity,
) -> Result<(), PlanError> {
    if validity.not_before < issuer.not_before || validity.not_before > issuer.not_after {
        return Err(PlanError::IssuerNotValid);
    }
    if validity.not_after > issuer.not_after {
        return Err(PlanError::OutlivesIssuer {
            not_after: validity.not_after,
            issuer_not_after: issuer.not_after,
        });
    }
    if *spki == issuer.spki {
        return Err(PlanError::IssuersKey);
    }
    if subject.distinguished_name() == issuer.name {
        return Err(PlanError::IssuersName);
    }
    Ok(())
}

/// Whether a certificate of `profile` that is made `now` and ends `not_after` may hold such a key: the profile
/// lists it, and the dates of C-82 hold. Registration asks this when the request comes in, the plan asks it again.
///
/// # Errors
///
/// [`PlanError::KeyNotAllowed`], [`PlanError::RsaTooShort`], [`PlanError::RsaTooLong`].
pub fn check_subject_key(
    profile: &Profile,
    kind: KeyKind,
    now: UtcTime,
    not_after: UtcTime,
) -> Result<(), PlanError> {
    if let KeyKind::Rsa { bits } = kind
        && bits < 3000
    {
        if now.unix_seconds() >= SHORT_RSA_NONE_FROM {
            return Err(PlanError::RsaTooShort { bits });
        }
        if profile.allows_key(kind) && not_after.unix_seconds() > SHORT_RSA_ENDS_BY {
            return Err(PlanError::RsaTooLong { not_after });
        }
    }
    if profile.allows_key(kind) { Ok(()) } else { Err(PlanError::KeyNotAllowed { kind }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_are_the_ones_in_the_comment() {
        let at = |seconds| UtcTime::from_unix_seconds(seconds).unwrap().to_string();
        assert_eq!(at(SHORT_RSA_NONE_FROM), "2027-01-01T00:00:00Z");
        assert_eq!(at(SHORT_RSA_ENDS_BY), "2028-12-31T23:59:59Z");
    }

    #[test]
    fn short_rsa_by_date_k_c20() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        let shipped = Profile::preset("person-signature").unwrap();
        let text = include_str!("../../../../config/profiles/person-signature.toml");
        let lenient =
            Profile::from_toml(&text.replace("\"rsa-3072\"", "\"rsa-3072\", \"rsa-2048\"")).unwrap();
        let short = KeyKind::Rsa { bits: 2048 };
        let check = |profile, now, end| check_subject_key(profile, short, at(now), at(end));

        assert_eq!(check(&lenient, "2026-12-31T23:59:59Z", "2028-12-31T23:59:59Z"), Ok(()));
        assert!(matches!(
            check(&lenient, "2026-12-31T23:59:59Z", "2029-01-01T00:00:00Z"),
            Err(PlanError::RsaTooLong { .. })
        ));
        assert_eq!(
            check(&lenient, "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
            Err(PlanError::RsaTooShort { bits: 2048 })
        );
        assert_eq!(
            check(&shipped, "2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z"),
            Err(PlanError::KeyNotAllowed { kind: short })
        );
        let good = KeyKind::Rsa { bits: 3072 };
        assert_eq!(check_subject_key(&shipped, good, at("2027-06-01T00:00:00Z"), UtcTime::NO_END), Ok(()));
    }
}
