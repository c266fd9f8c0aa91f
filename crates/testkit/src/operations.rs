//! What becomes of every operation of the officers' API, by who asks: by hand, so that the product's own tables decide
//! nothing here. Tests compare it with what the server describes; an operation without a row, and a row without an
//! operation, fail them.

use Elsewhere::{Everywhere, Filtered, Hidden, NoOffice};
use Read::{Act, Event, Nothing, Own};

/// A role's letter in [`Operation::may`], and its name.
pub const ROLES: [(char, &str); 7] = [
    ('S', "security-officer"),
    ('R', "registration-officer"),
    ('A', "approver"),
    ('V', "revocation-officer"),
    ('U', "auditor"),
    ('O', "operator"),
    ('D', "administrator"),
];

/// One operation. Nobody (no certificate) gets no connection; a stranger's key, one whose grant was ended, whose time has
/// passed or has not come, gets `403 auth.not-an-officer` from each; every other role `403 auth.role`.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// HTTP's method.
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// Letters of the roles that may.
    pub may: &'static str,
    /// What officers of an office beneath get of the head office's.
    pub elsewhere: Elsewhere,
    /// Whether it is a read of personal data.
    pub read: Read,
}

/// What an officer of another office gets.
#[derive(Clone, Copy, Debug)]
pub enum Elsewhere {
    /// Who may is bound to no office: whoever is on duty revokes, the log is one, the register is one.
    Everywhere,
    /// A list or a record without what other offices did: empty, or 404 where nothing is left.
    Filtered,
    /// `404 <what>.unknown`, as if it were not there, and `action-refused` with `other-office`.
    Hidden {
        /// Letters of the roles, of those that may, which are bound to their office.
        to: &'static str,
        /// What is not there.
        what: &'static str,
        /// A body that would do for one's own.
        body: &'static str,
    },
    /// Nothing of an office's is in it.
    NoOffice,
}

/// What the log has of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// It changes something: what was done is the event.
    Act,
    /// `personal-data-read` with this operation, for each record shown.
    Event(&'static str),
    /// It shows no personal data, since…
    Nothing(&'static str),
    /// An event of a kind of its own, once.
    Own(&'static str),
}

/// Stands in [`Elsewhere::Hidden`]'s body for the content of an application that would be accepted.
pub const CONTENT: &str = "<content>";

const REMARK: &str = r#"{"remark":"x"}"#;
const RELEASE: &str = r#"{"kind":"release","channel":"in-person","note":"x"}"#;
const ACCEPTED: &str = r#"{"sha256":"abababababababababababababababababababababababababababababababab","accepted":"2026-01-15"}"#;
/// "PNG" and no more.
const COPY: &str = r#"{"content":"iVBORw0KGgo="}"#;

const CONSENT: &str = r#"{"consent":false}"#;
const EVIDENCE: &str = r#"{"type":"identity-document","content":"iVBORw0KGgo="}"#;

const fn hidden(to: &'static str, what: &'static str, body: &'static str) -> Elsewhere {
    Hidden { to, what, body }
}

const fn row(
    method: &'static str,
    path: &'static str,
    may: &'static str,
    elsewhere: Elsewhere,
    read: Read,
) -> Operation {
    Operation { method, path, may, elsewhere, read }
}

/// Every operation.
pub const OPERATIONS: [Operation; 48] = [
    row("GET", "/applications", "RA", Filtered, Event("applications")),
    row("GET", "/applications/{id}", "RA", hidden("RA", "application", ""), Event("application")),
    row("GET", "/applications/{id}/agreement.pdf", "RA", hidden("RA", "application", ""), Event("agreement")),
    row(
        "GET",
        "/applications/{id}/agreement/copy",
        "RA",
        hidden("RA", "application", ""),
        Event("agreement-copy"),
    ),
    row(
        "GET",
        "/applications/{id}/attachments/{sha256}",
        "RA",
        hidden("RA", "application", ""),
        Event("attachment"),
    ),
    row("GET", "/audit/export", "U", Everywhere, Own("audit-exported")),
    row("GET", "/audit/signed", "U", Everywhere, Own("signed-documents-exported")),
    row("GET", "/certificates", "RAVU", Filtered, Event("certificates")),
    row("GET", "/certificates/{serial}", "RAVU", hidden("RA", "certificate", ""), Event("certificate")),
    row(
        "GET",
        "/certificates/{serial}/certificate.der",
        "RAVU",
        hidden("RA", "certificate", ""),
        Event("certificate"),
    ),
    row(
        "GET",
        "/certificates/{serial}/certificate.p7c",
        "RAVU",
        hidden("RA", "certificate", ""),
        Event("certificate"),
    ),
    row(
        "GET",
        "/certificates/{serial}/certificate.pem",
        "RAVU",
        hidden("RA", "certificate", ""),
        Event("certificate"),
    ),
    row(
        "GET",
        "/certificates/{serial}/control-questions",
        "RAV",
        hidden("RA", "certificate", ""),
        Event("control-questions"),
    ),
    row(
        "GET",
        "/certificates/{serial}/publication",
        "RAVU",
        hidden("RA", "certificate", ""),
        Nothing("whether a serial number is shown"),
    ),
    row("GET", "/enrolments", "SU", Everywhere, Event("enrolments")),
    row("GET", "/grants", "SU", Everywhere, Event("grants")),
    row("GET", "/officers", "SU", Everywhere, Event("officers")),
    row("GET", "/openapi.json", "SRAVUOD", NoOffice, Nothing("the same for everybody")),
    row("GET", "/orders/{id}", "RAVU", hidden("RA", "order", ""), Event("order")),
    row("GET", "/profiles", "SRAVUOD", NoOffice, Nothing("what is on offer")),
    row("GET", "/profiles/{name}/form", "SRAVUOD", NoOffice, Nothing("what is on offer")),
    row("GET", "/requests", "VU", Everywhere, Event("requests")),
    row("GET", "/subjects/{identifier}/record", "RA", Filtered, Event("record")),
    row("GET", "/whoami", "SRAVUOD", NoOffice, Nothing("one's own entry, without a name")),
    row("POST", "/applications", "R", NoOffice, Act),
    row("POST", "/applications/{id}/accept", "R", hidden("R", "application", REMARK), Act),
    row("POST", "/applications/{id}/agreement", "R", hidden("R", "application", ACCEPTED), Act),
    row("POST", "/applications/{id}/agreement/copy", "R", hidden("R", "application", COPY), Act),
    row("POST", "/applications/{id}/attachments", "R", hidden("R", "application", EVIDENCE), Act),
    row("POST", "/applications/{id}/attachments/{sha256}/detach", "R", hidden("R", "application", "{}"), Act),
    row("POST", "/applications/{id}/deliver", "R", hidden("R", "application", "{}"), Act),
    row("POST", "/applications/{id}/order", "R", hidden("R", "application", "{}"), Act),
    row("POST", "/applications/{id}/reject", "A", hidden("A", "application", REMARK), Act),
    row("POST", "/applications/{id}/return", "A", hidden("A", "application", REMARK), Act),
    row("POST", "/applications/{id}/withdraw", "R", hidden("R", "application", "{}"), Act),
    // Whether it is a revocation or a release, and so whether an approver may, is in the body.
    row("POST", "/certificates/{serial}/orders", "RAV", hidden("R", "certificate", RELEASE), Act),
    row("POST", "/certificates/{serial}/publication", "R", hidden("R", "certificate", CONSENT), Act),
    row("POST", "/certificates/{serial}/renewal", "R", hidden("R", "certificate", "{}"), Act),
    row("POST", "/certificates/{serial}/revocation-code", "R", hidden("R", "certificate", "{}"), Act),
    row("POST", "/enrolments", "S", NoOffice, Act),
    row("POST", "/grants", "S", NoOffice, Act),
    row("POST", "/grants/draft", "S", NoOffice, Act),
    row("POST", "/orders/{id}/confirm", "V", Everywhere, Act),
    row("POST", "/orders/{id}/decline", "V", Everywhere, Act),
    row("POST", "/orders/{id}/signatures", "RAV", hidden("RA", "order", r#"{"jws":"x"}"#), Act),
    row("POST", "/status-orders", "V", Everywhere, Act),
    row("POST", "/status-orders/draft", "V", Everywhere, Act),
    row("PUT", "/applications/{id}", "R", hidden("R", "application", CONTENT), Act),
];
