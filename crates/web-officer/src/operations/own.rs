//! What any officer may ask.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ndoba_registration::Form;

use super::json;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::view::{ProfileView, WhoAmI};

/// The officer who asks, as the register has them now.
#[utoipa::path(get, path = "/whoami", tag = "officers", responses((status = 200, body = WhoAmI)))]
pub(crate) async fn whoami(Caller(officer): Caller, api: web::Data<Api>) -> HttpResponse {
    json(StatusCode::OK, &WhoAmI::of(&officer, api.registration.installation()))
}

/// The certificate profiles on offer.
#[utoipa::path(get, path = "/profiles", tag = "applications", responses((status = 200, body = Vec<ProfileView>)))]
pub(crate) async fn profiles(_: Caller, api: web::Data<Api>) -> HttpResponse {
    let offers: Vec<ProfileView> = api.registration.profiles().iter().map(Into::into).collect();
    json(StatusCode::OK, &offers)
}

/// The fields of an application by this profile, with every rule that the server checks them by today.
#[utoipa::path(get, path = "/profiles/{name}/form", tag = "applications", params(("name" = String, Path)),
    responses((status = 200, body = Form)))]
pub(crate) async fn form(
    _: Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    Ok(json(StatusCode::OK, &blocking(&api, move |r| r.form(&name)).await?))
}
