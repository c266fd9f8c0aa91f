//! Making tokens: C_InitToken and C_InitPIN, before any key exists. For ceremonies with modules that allow it;
//! a device whose tokens are made with its maker's tools needs none of this.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::UserType;
use secrecy::SecretString;

use crate::ckr::describe;

/// A token to be made.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Its label, at most 32 octets.
    pub label: &'a str,
    /// The security officer's PIN: needed to set the user's again, for nothing else.
    pub so_pin: &'a str,
    /// The PIN that the service logs in with.
    pub user_pin: &'a str,
}

/// Makes `tokens` in slots whose token is not initialised. A token that is there already under a label is left as it
/// is. The module must not be in use by this process.
///
/// # Errors
///
/// [`ProvisionError`]; tokens made before it stay.
pub fn create_tokens(module: &Path, tokens: &[NewToken<'_>]) -> Result<(), ProvisionError> {
    let failed =
        |step| move |error: cryptoki::error::Error| ProvisionError { step, reason: describe(&error) };
    let pkcs11 = Pkcs11::new(module).map_err(failed("loading the module"))?;
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .map_err(failed("C_Initialize"))?;
    let outcome = tokens.iter().try_for_each(|token| create(&pkcs11, token));
    // Another context of this module comes after us.
    pkcs11.finalize().map_err(failed("C_Finalize"))?;
    outcome
}

fn create(pkcs11: &Pkcs11, token: &NewToken<'_>) -> Result<(), ProvisionError> {
    let failed =
        |step| move |error: cryptoki::error::Error| ProvisionError { step, reason: describe(&error) };
    let mut free = None;
    for slot in pkcs11.get_slots_with_token().map_err(failed("C_GetSlotList"))? {
        let info = pkcs11.get_token_info(slot).map_err(failed("C_GetTokenInfo"))?;
        if info.token_initialized() && info.label() == token.label {
            return Ok(());
        }
        if !info.token_initialized() {
            free = Some(slot);
        }
    }
    let slot = free
        .ok_or(ProvisionError { step: "C_GetSlotList", reason: "no slot is free for a new token".into() })?;
    let so_pin = SecretString::from(token.so_pin);
    pkcs11.init_token(slot, &so_pin, token.label).map_err(failed("C_InitToken"))?;
    let session = pkcs11.open_rw_session(slot).map_err(failed("C_OpenSession"))?;
    session.login(UserType::So, Some(&so_pin)).map_err(failed("C_Login"))?;
    session.init_pin(&SecretString::from(token.user_pin)).map_err(failed("C_InitPIN"))
}

/// A token could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step} failed: {reason}")]
pub struct ProvisionError {
    /// What was being done.
    pub step: &'static str,
    /// What the module said.
    pub reason: String,
}
