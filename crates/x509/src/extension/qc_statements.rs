//! qcStatements (RFC 3739 §3.2.6; EN 319 412-5; requirements §2.3, §2.4).
//!
//! ```text
//! QCStatements ::= SEQUENCE OF QCStatement
//! QCStatement ::= SEQUENCE { statementId OBJECT IDENTIFIER, statementInfo ANY DEFINED BY statementId OPTIONAL }
//! ```

use der::asn1::ObjectIdentifier;

use super::RawExtension;
use crate::url::HttpsUrl;
use crate::{encode, oid};

/// One statement. What it claims, and when it may be claimed, is the profile's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QcStatement {
    /// Qualified: under the listed legislation if [`Self::CcLegislation`] is there, else under EU law (C-50).
    Compliance,
    /// The most a signature may be relied on for.
    LimitValue(LimitValue),
    /// Years that records are kept after the certificate's end.
    RetentionPeriod(u8),
    /// The key is in a device qualified under Regulation (EU) No 910/2014.
    Sscd,
    /// PKI disclosure statements, with their lower-case ISO 639-1 languages; at least one in English (C-51).
    Pds(Vec<(HttpsUrl, String)>),
    /// The certificate's purpose: one of the `QCT_` identifiers.
    Type(ObjectIdentifier),
    /// The countries under whose law it is qualified, ISO 3166-1.
    CcLegislation(Vec<String>),
    /// How the subject's identifier is to be read (C-40).
    Semantics(Semantics),
    /// The non-EU countries under whose law the device is qualified, ISO 3166-1.
    QscdLegislation(Vec<String>),
}

/// `value = amount * 10^exponent` in a currency of ISO 4217.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitValue {
    /// Three capitals, such as `GEL`.
    pub currency: String,
    /// The amount.
    pub amount: u32,
    /// The power of ten.
    pub exponent: u8,
}

/// `SemanticsInformation` of RFC 3739.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semantics {
    /// One of the `SEMANTICS_` identifiers.
    pub identifier: ObjectIdentifier,
    /// The registries behind a local scheme; empty for the standard ones (C-43).
    pub registration_authorities: Vec<HttpsUrl>,
}

/// The extension, never critical (QCS-4.1-02). The statements stand in the given order; the caller repeats none
/// (QCS-4.1-02A).
pub fn qc_statements(statements: &[QcStatement]) -> RawExtension {
    let statements: Vec<Vec<u8>> = statements.iter().map(statement).collect();
    RawExtension::plain(oid::QC_STATEMENTS, encode::sequence_of(&statements))
}

fn statement(statement: &QcStatement) -> Vec<u8> {
    let (id, info) = match statement {
        QcStatement::Compliance => (oid::QCS_COMPLIANCE, Vec::new()),
        QcStatement::LimitValue(LimitValue { currency, amount, exponent }) => (
            oid::QCS_LIMIT_VALUE,
            encode::sequence(&[
                &encode::printable(currency),
                &encode::integer(u64::from(*amount)),
                &encode::integer(u64::from(*exponent)),
            ]),
        ),
        QcStatement::RetentionPeriod(years) => {
            (oid::QCS_RETENTION_PERIOD, encode::integer(u64::from(*years)))
        }
        QcStatement::Sscd => (oid::QCS_SSCD, Vec::new()),
        QcStatement::Pds(locations) => (oid::QCS_PDS, pds(locations)),
        QcStatement::Type(id) => (oid::QCS_TYPE, encode::sequence(&[&encode::oid(id)])),
        QcStatement::CcLegislation(countries) => (oid::QCS_CC_LEGISLATION, country_list(countries)),
        QcStatement::Semantics(semantics) => (oid::QCS_PKIX_SYNTAX_V2, semantics_information(semantics)),
        QcStatement::QscdLegislation(countries) => (oid::QCS_QSCD_LEGISLATION, country_list(countries)),
    };
    encode::sequence(&[&encode::oid(&id), &info])
}

fn country_list(countries: &[String]) -> Vec<u8> {
    encode::sequence_of(&countries.iter().map(|country| encode::printable(country)).collect::<Vec<_>>())
}

fn pds(locations: &[(HttpsUrl, String)]) -> Vec<u8> {
    let location = |(url, language): &(HttpsUrl, String)| {
        encode::sequence(&[&encode::ia5(url.as_str()), &encode::printable(language)])
    };
    encode::sequence_of(&locations.iter().map(location).collect::<Vec<_>>())
}

fn semantics_information(semantics: &Semantics) -> Vec<u8> {
    let Semantics { identifier, registration_authorities } = semantics;
    let authorities = if registration_authorities.is_empty() {
        Vec::new()
    } else {
        let uri = |url: &HttpsUrl| encode::context_primitive(6, url.as_str().as_bytes());
        encode::sequence_of(&registration_authorities.iter().map(uri).collect::<Vec<_>>())
    };
    encode::sequence(&[&encode::oid(identifier), &authorities])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C-54's reference. The printed length of its PDS (0x52) fits addresses of 33 octets each.
    #[test]
    fn reference_der_c54() {
        let en = "https://pki.example.ge/pds/en.pdf";
        let ka = "https://pki.example.ge/pds/ka.pdf";
        assert_eq!((en.len(), ka.len()), (33, 33));
        let built = qc_statements(&[
            QcStatement::Compliance,
            QcStatement::CcLegislation(vec!["GE".into()]),
            QcStatement::Type(oid::QCT_ESIGN),
            QcStatement::Pds(vec![(en.parse().unwrap(), "en".into()), (ka.parse().unwrap(), "ka".into())]),
            QcStatement::RetentionPeriod(10),
            QcStatement::Semantics(Semantics {
                identifier: oid::SEMANTICS_NATURAL,
                registration_authorities: vec![],
            }),
            QcStatement::QscdLegislation(vec!["GE".into()]),
        ]);
        assert!(!built.critical);
        let expected = format!(
            "3081c1\
             3008060604008e460101\
             300e060604008e460107300413024745\
             3013060604008e4601063009060704008e46010601\
             305c060604008e4601053052\
             30271621{}1302656e\
             30271621{}13026b61\
             300b060604008e46010302010a\
             301506082b06010505070b023009060704008bec490101\
             300e060604008e460109300413024745",
            hex::encode(en),
            hex::encode(ka),
        );
        assert_eq!(hex::encode(built.value), expected);
    }

    #[test]
    fn limit_and_local_scheme() {
        let limit = LimitValue { currency: "GEL".into(), amount: 5, exponent: 4 };
        let built = qc_statements(&[QcStatement::LimitValue(limit)]);
        assert_eq!(hex::encode(built.value), "30173015060604008e460102300b130347454c020105020104");
        let semantics = Semantics {
            identifier: oid::SEMANTICS_LEGAL,
            registration_authorities: vec!["https://a.ge".parse().unwrap()],
        };
        let built = qc_statements(&[QcStatement::Semantics(semantics)]);
        assert_eq!(
            hex::encode(built.value),
            "3027302506082b06010505070b023019060704008bec490102300e860c68747470733a2f2f612e6765"
        );
    }
}
