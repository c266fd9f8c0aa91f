//! The API's routes as data: what is not in this table is answered 404, whatever handlers exist.

use actix_web::http::Method;
use ndoba_registration::Permission;

/// Where the API lives.
pub const BASE: &str = "/api/v1";

/// One operation of the API and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// Below [`BASE`]; `{name}` stands for one path segment.
    pub path: &'static str,
    /// What the officer's roles must allow.
    pub permission: Permission,
    /// Whether it works while the database does not: the register as it was last read then says who may.
    pub in_outage: bool,
}

impl Route {
    /// Its stable name, as the log has it: `get-applications-id` for `GET /applications/{id}`.
    pub fn name(&self) -> String {
        let words = self.path.split(['/', '.']).filter(|word| !word.is_empty());
        let words = words.map(|word| word.trim_matches(['{', '}']));
        std::iter::once(self.method.to_ascii_lowercase().as_str()).chain(words).collect::<Vec<_>>().join("-")
    }
}

const fn get(path: &'static str, permission: Permission) -> Route {
    Route { method: "GET", path, permission, in_outage: false }
}

const fn post(path: &'static str, permission: Permission) -> Route {
    Route { method: "POST", path, permission, in_outage: false }
}

const fn post_in_outage(path: &'static str, permission: Permission) -> Route {
    Route { in_outage: true, ..post(path, permission) }
}

const fn put(path: &'static str, permission: Permission) -> Route {
    Route { method: "PUT", path, permission, in_outage: false }
}

/// Every operation.
pub const ROUTES: &[Route] = &[
    get("/openapi.json", Permission::ReadOwn),
    get("/whoami", Permission::ReadOwn),
    get("/profiles", Permission::ReadOwn),
    get("/profiles/{name}/form", Permission::ReadOwn),
    get("/applications", Permission::ReadApplications),
    post("/applications", Permission::EditApplications),
    get("/applications/{id}", Permission::ReadApplications),
    put("/applications/{id}", Permission::EditApplications),
    get("/applications/{id}/agreement.pdf", Permission::ReadApplications),
    post("/applications/{id}/agreement", Permission::EditApplications),
    get("/applications/{id}/agreement/copy", Permission::ReadApplications),
    post("/applications/{id}/agreement/copy", Permission::EditApplications),
    post("/applications/{id}/attachments", Permission::EditApplications),
    get("/applications/{id}/attachments/{sha256}", Permission::ReadApplications),
    post("/applications/{id}/attachments/{sha256}/detach", Permission::EditApplications),
    post("/applications/{id}/order", Permission::EditApplications),
    post("/applications/{id}/withdraw", Permission::EditApplications),
    post("/applications/{id}/deliver", Permission::EditApplications),
    post("/applications/{id}/accept", Permission::EditApplications),
    post("/applications/{id}/return", Permission::DecideApplications),
    post("/applications/{id}/reject", Permission::DecideApplications),
    get("/subjects/{identifier}/record", Permission::ReadApplications),
    get("/orders/{id}", Permission::ReadOrders),
    post("/orders/{id}/confirm", Permission::DraftRevocations),
    post("/orders/{id}/decline", Permission::DraftRevocations),
    post("/orders/{id}/signatures", Permission::SignOrders),
    get("/certificates", Permission::ReadCertificates),
    get("/certificates/{serial}", Permission::ReadCertificates),
    get("/certificates/{serial}/certificate.pem", Permission::ReadCertificates),
    get("/certificates/{serial}/certificate.der", Permission::ReadCertificates),
    get("/certificates/{serial}/certificate.p7c", Permission::ReadCertificates),
    // Which of the two permissions of this one (revocation, release) is needed depends on the body: the service asks again.
    post("/certificates/{serial}/orders", Permission::SignOrders),
    post_in_outage("/status-orders", Permission::DraftRevocations),
    post_in_outage("/status-orders/draft", Permission::DraftRevocations),
    get("/certificates/{serial}/control-questions", Permission::SignOrders),
    post("/certificates/{serial}/revocation-code", Permission::EditApplications),
    get("/requests", Permission::ReadRequests),
    get("/certificates/{serial}/publication", Permission::ReadCertificates),
    post("/certificates/{serial}/publication", Permission::EditApplications),
    post("/certificates/{serial}/renewal", Permission::EditApplications),
    get("/officers", Permission::ReadRegister),
    get("/grants", Permission::ReadRegister),
    post("/grants", Permission::Grant),
    post("/grants/draft", Permission::Grant),
    get("/enrolments", Permission::ReadRegister),
    post("/enrolments", Permission::Grant),
    get("/audit/export", Permission::ExportAudit),
    get("/audit/signed", Permission::ExportAudit),
];

/// What the table says about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// This operation.
    Found(Route),
    /// The path exists, with these methods only: 405 and `Allow`.
    OtherMethods(String),
    /// 404.
    Nothing,
}

/// Finds the operation for a whole path.
pub(crate) fn look_up(method: &Method, path: &str) -> Lookup {
    let Some(below) = path.strip_prefix(BASE) else { return Lookup::Nothing };
    let here: Vec<&Route> = ROUTES.iter().filter(|route| fits(route.path, below)).collect();
    // A literal segment is meant before a placeholder.
    let literal = here.iter().filter(|route| !route.path.contains('{')).count();
    let here: Vec<&Route> =
        here.into_iter().filter(|route| literal == 0 || !route.path.contains('{')).collect();
    match here.iter().find(|route| route.method == method.as_str()) {
        Some(route) => Lookup::Found(**route),
        None if here.is_empty() => Lookup::Nothing,
        None => Lookup::OtherMethods(here.iter().map(|route| route.method).collect::<Vec<_>>().join(", ")),
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            (_, _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_and_each_is_one_operations() {
        let mut names: Vec<String> = ROUTES.iter().map(Route::name).collect();
        assert!(names.contains(&"get-certificates-serial-certificate-pem".to_owned()), "{names:?}");
        assert!(names.iter().all(|name| name.parse::<ndoba_audit::Word>().is_ok()), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROUTES.len());
    }

    #[test]
    fn look_ups() {
        let found = look_up(&Method::GET, "/api/v1/applications/ab");
        assert!(matches!(found, Lookup::Found(Route { path: "/applications/{id}", .. })));
        assert_eq!(
            look_up(&Method::DELETE, "/api/v1/applications/ab"),
            Lookup::OtherMethods("GET, PUT".into())
        );
        for path in [
            "/api/v1/applications/",
            "/api/v1/applications/a/b",
            "/api/v2/whoami",
            "/api/v1",
            "/api/v1/whoami/",
        ] {
            assert_eq!(look_up(&Method::GET, path), Lookup::Nothing, "{path}");
        }
    }
}
