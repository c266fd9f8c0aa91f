//! Object identifiers in dotted decimal: written a second time, so that a slip in the encoder's list is no slip here.

pub(crate) const COMMON_NAME: &str = "2.5.4.3";
pub(crate) const SURNAME: &str = "2.5.4.4";
pub(crate) const SERIAL_NUMBER: &str = "2.5.4.5";
pub(crate) const COUNTRY: &str = "2.5.4.6";
pub(crate) const ORGANISATION: &str = "2.5.4.10";
pub(crate) const GIVEN_NAME: &str = "2.5.4.42";
pub(crate) const PSEUDONYM: &str = "2.5.4.65";
pub(crate) const ORGANISATION_IDENTIFIER: &str = "2.5.4.97";
pub(crate) const DOMAIN_COMPONENT: &str = "0.9.2342.19200300.100.1.25";
pub(crate) const DN_QUALIFIER: &str = "2.5.4.46";
pub(crate) const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

pub(crate) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const PRIVATE_KEY_USAGE_PERIOD: &str = "2.5.29.16";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const CRL_NUMBER: &str = "2.5.29.20";
pub(crate) const REASON_CODE: &str = "2.5.29.21";
pub(crate) const INVALIDITY_DATE: &str = "2.5.29.24";
pub(crate) const ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";
pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(crate) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
pub(crate) const CERTIFICATE_POLICIES: &str = "2.5.29.32";
pub(crate) const ANY_POLICY: &str = "2.5.29.32.0";
pub(crate) const POLICY_MAPPINGS: &str = "2.5.29.33";
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub(crate) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
pub(crate) const EXT_KEY_USAGE: &str = "2.5.29.37";
pub(crate) const FRESHEST_CRL: &str = "2.5.29.46";
pub(crate) const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
pub(crate) const NO_REV_AVAIL: &str = "2.5.29.56";
pub(crate) const EXPIRED_CERTS_ON_CRL: &str = "2.5.29.60";
pub(crate) const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
pub(crate) const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";
pub(crate) const AD_OCSP: &str = "1.3.6.1.5.5.7.48.1";
pub(crate) const AD_CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
pub(crate) const OCSP_BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
pub(crate) const OCSP_NOCHECK: &str = "1.3.6.1.5.5.7.48.1.5";
pub(crate) const VALIDITY_ASSURED: &str = "0.4.0.194121.2.1";

pub(crate) const SUBJECT_ALT_NAME: &str = "2.5.29.17";

pub(crate) const EKU_SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const EKU_OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
pub(crate) const EKU_TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// Everything ETSI says in statements begins so.
pub(crate) const ETSI_QCS: &str = "0.4.0.1862.1.";
pub(crate) const QC_COMPLIANCE: &str = "0.4.0.1862.1.1";
pub(crate) const QC_LIMIT_VALUE: &str = "0.4.0.1862.1.2";
pub(crate) const QC_RETENTION_PERIOD: &str = "0.4.0.1862.1.3";
pub(crate) const QC_SSCD: &str = "0.4.0.1862.1.4";
pub(crate) const QC_PDS: &str = "0.4.0.1862.1.5";
pub(crate) const QC_TYPE: &str = "0.4.0.1862.1.6";
pub(crate) const QC_TYPE_ESIGN: &str = "0.4.0.1862.1.6.1";
pub(crate) const QC_TYPE_ESEAL: &str = "0.4.0.1862.1.6.2";
pub(crate) const QC_TYPE_WEB: &str = "0.4.0.1862.1.6.3";
pub(crate) const QC_CC_LEGISLATION: &str = "0.4.0.1862.1.7";
pub(crate) const QC_QSCD_LEGISLATION: &str = "0.4.0.1862.1.9";
/// id-qcs-pkixQCSyntax-v2.
pub(crate) const QC_SYNTAX_V2: &str = "1.3.6.1.5.5.7.11.2";
/// id-etsi-qcs-semanticsId-Natural.
pub(crate) const SEMANTICS_NATURAL: &str = "0.4.0.194121.1.1";
/// id-etsi-qcs-SemanticsId-Legal.
pub(crate) const SEMANTICS_LEGAL: &str = "0.4.0.194121.1.2";
/// QCP-n, -l, -n-qscd, -l-qscd, -w, …: policies for EU qualified certificates.
pub(crate) const ETSI_QCP: &str = "0.4.0.194112.1.";
