//! Pages for people who open our addresses in a browser.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use ndoba_types::{CaName, CrlShards};

use crate::body;

/// What the page at `/pki` says: where everything is, and how to check a certificate with tools that people have. A test
/// runs its commands as they stand there.
#[derive(Clone, Debug)]
pub struct PageFacts {
    /// Where the public is served, as certificates carry it: `http://pki.example.com`, without a slash at the end.
    pub base: String,
    /// The root, from which everything follows.
    pub root: CaName,
    /// The CAs that are listed, in that order; where their certificates are dealt into shards, how many.
    pub authorities: Vec<(CaName, Option<CrlShards>)>,
}

const TEMPLATE: &str = include_str!("pages/pki.html");

/// The programs that the page offers, with their media types. `text/plain`: to be read before they are run.
const PROGRAMS: [(&str, &str); 2] = [
    ("/pki/CheckStatus.java", include_str!("pages/CheckStatus.java")),
    ("/pki/check_status.py", include_str!("pages/check_status.py")),
];

/// The page at `/pki` and `/`.
pub(crate) struct Page(String);

pub(crate) fn routes(config: &mut web::ServiceConfig, facts: &PageFacts) {
    config
        .app_data(Data::new(Page(render(facts))))
        .service(web::resource("/pki").default_service(web::to(show)))
        .service(web::resource("/").default_service(web::to(show)));
    for (path, text) in PROGRAMS {
        let program =
            move |request| async move { answer(&request, "text/plain; charset=utf-8", text.into()) };
        config.service(web::resource(path).default_service(web::to(program)));
    }
}

pub(crate) async fn show(request: HttpRequest, page: Data<Page>) -> HttpResponse {
    answer(&request, "text/html; charset=utf-8", page.0.clone())
}

fn answer(request: &HttpRequest, media_type: &'static str, text: String) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header(("Cache-Control", "public,max-age=300"))
        .body(text)
}

/// A CA's name needs no escaping: letters, digits and hyphens. Nor does a checked URL beyond the ampersand.
fn render(facts: &PageFacts) -> String {
    let PageFacts { base, root, authorities } = facts;
    let rows: String = authorities
        .iter()
        .map(|(ca, shards)| {
            let shards = shards.map_or_else(String::new, |shards| {
                let last = shards.count();
                format!(
                    "<br><span lang=\"en\">A certificate that names one of /crl/{ca}.1.crl to /crl/{ca}.{last}.crl is on \
                     that list, too.</span>"
                )
            });
            format!(
                "<tr><td>{ca}</td><td><a href=\"/issuer/{ca}.cer\">/issuer/{ca}.cer</a></td>\
                 <td><a href=\"/crl/{ca}.crl\">/crl/{ca}.crl</a>{shards}</td></tr>\n"
            )
        })
        .collect();
    TEMPLATE
        .replace("{rows}", &rows)
        .replace("{base}", &base.replace('&', "&amp;"))
        .replace("{root}", root.as_str())
}
