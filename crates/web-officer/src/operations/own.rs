//! What any officer may ask.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::json;
use crate::guard::Caller;
use crate::state::Api;
use crate::view::{ProfileView, WhoAmI};

/// The officer who asks, as the register has them now.
#[utoipa::path(get, path = "/whoami", tag = "officers", responses((status = 200, body = WhoAmI)))]
pub(crate) async fn whoami(Caller(officer): Caller) -> HttpResponse {
    json(StatusCode::OK, &WhoAmI::from(officer))
}

/// The certificate profiles on offer.
#[utoipa::path(get, path = "/profiles", tag = "applications", responses((status = 200, body = Vec<ProfileView>)))]
pub(crate) async fn profiles(_: Caller, api: web::Data<Api>) -> HttpResponse {
    let offers: Vec<ProfileView> = api.registration.profiles().iter().map(Into::into).collect();
    json(StatusCode::OK, &offers)
}
