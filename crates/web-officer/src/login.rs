//! Logins with keys that are no officer's: how many are looked at.
//!
//! Only what was refused counts, so that no officer in office is ever hindered: not by a colleague's old card at the same
//! desk, and not by whoever hammers from the same network. A key that was refused too often is refused unseen, without a
//! look at the register and without an event of its own.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::web;
use ndoba_registration::{Registration, ServiceError};
use ndoba_types::Sha256Digest;

use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::tries::{TooMany, Tries};

/// Refused logins of the window that runs.
pub(crate) struct Logins {
    keys: Tries<Sha256Digest>,
    networks: Tries<IpAddr>,
}

/// Who knocks.
#[derive(Clone, Copy)]
pub(crate) struct Login {
    pub(crate) key: Sha256Digest,
    pub(crate) network: IpAddr,
}

impl Logins {
    /// So many refused ones for each key, and for each network, within ten minutes.
    pub(crate) fn new(each: u32) -> Self {
        Self { keys: Tries::new(each), networks: Tries::new(each) }
    }

    /// Lets the register be asked who this is, unless the key was refused too often.
    pub(crate) async fn guard<T: Send + 'static>(
        &self,
        api: &web::Data<Api>,
        login: Login,
        ask: impl FnOnce(&Registration) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Problem> {
        let Login { key, network } = login;
        if let Err(too_many) = self.keys.spent(&key, Instant::now()) {
            api.registration.count_login(key);
            return Err(refused(too_many));
        }
        let answer = blocking(api, ask).await;
        if let Err(problem) = &answer
            && problem.code() == "auth.not-an-officer"
        {
            let now = Instant::now();
            self.keys.admit(key, now).and_then(|()| self.networks.admit(network, now)).map_err(refused)?;
        }
        answer
    }
}

fn refused(TooMany(seconds): TooMany) -> Problem {
    let title = "too many logins were refused to this key or from this network; ask again later";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "auth.too-many", title).retry_after(seconds)
}
