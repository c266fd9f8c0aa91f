//! A PKCS#11 module that stands between the product and a real module. It
//!
//! - appends one line for every C_Sign that has an output buffer to the file in `NDOBACTL_WITNESS_LOG`, *before* the
//!   signature goes back to the caller, so that no signature which the token made lacks a line; multi-part and
//!   recoverable signatures, which would pass it by, are CKR_FUNCTION_NOT_SUPPORTED;
//! - makes the faults that the file in `NDOBACTL_WITNESS_CONTROL` asks for (see `control`), re-read when it changes.
//!
//! The real module's path is in `NDOBACTL_WITNESS_MODULE`. Only the v2.40 function list is offered.
//!
//! A line: Unix microseconds, session, input in hexadecimal (the digest, or DigestInfo), return value as the caller
//! gets it, signature in hexadecimal or `-`. The signature is there even when a fault withholds it from the caller.

mod abi;
mod control;
mod log;

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use abi::{CKR_FUNCTION_NOT_SUPPORTED, CKR_GENERAL_ERROR, CKR_OK, FunctionList, Rv, Ulong};
use control::{Fault, fault};

/// The last slot that a session was opened in, for the fault that closes all of its sessions.
static SLOT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Held for reading during every call that uses a session, for writing while all of them are closed: SoftHSM frees
/// a session under a call of another thread, which would crash the test and not the code under test.
static SESSIONS: RwLock<()> = RwLock::new(());

fn real() -> Option<&'static FunctionList> {
    static REAL: OnceLock<Option<&'static FunctionList>> = OnceLock::new();
    *REAL.get_or_init(abi::load)
}

fn ours() -> Option<&'static FunctionList> {
    static OURS: OnceLock<Option<FunctionList>> = OnceLock::new();
    OURS.get_or_init(|| {
        let mut list = real()?.clone();
        let mut set = |index, function: *const ()| list.set(index, function as usize);
        set(abi::INITIALIZE, initialize as *const ());
        set(abi::GET_FUNCTION_LIST, C_GetFunctionList as *const ());
        set(abi::OPEN_SESSION, open_session as *const ());
        set(abi::GET_SESSION_INFO, get_session_info as *const ());
        set(abi::LOGIN, login as *const ());
        set(abi::FIND_OBJECTS_INIT, find_objects_init as *const ());
        set(abi::FIND_OBJECTS, find_objects as *const ());
        set(abi::FIND_OBJECTS_FINAL, find_objects_final as *const ());
        set(abi::GET_ATTRIBUTE_VALUE, get_attribute_value as *const ());
        set(abi::CLOSE_SESSION, close_session as *const ());
        set(abi::SIGN_INIT, sign_init as *const ());
        set(abi::SIGN, sign as *const ());
        set(abi::SIGN_UPDATE, refuse as *const ());
        set(abi::SIGN_FINAL, refuse as *const ());
        set(abi::SIGN_RECOVER_INIT, refuse as *const ());
        set(abi::SIGN_RECOVER, refuse as *const ());
        Some(list)
    })
    .as_ref()
}

/// The one symbol of a v2.40 module.
///
/// # Safety
///
/// `list` is where the caller wants the pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *const FunctionList) -> Rv {
    let Some(ours) = ours() else { return CKR_GENERAL_ERROR };
    if list.is_null() {
        return abi::CKR_ARGUMENTS_BAD;
    }
    // SAFETY: not null, and the caller's to be written.
    unsafe { list.write(ours) };
    CKR_OK
}

/// Calls the real function at `$index` with its arguments, unless a fault comes first.
macro_rules! forward {
    ($name:literal, $index:expr, ($($type:ty),*), ($($argument:expr),*)) => {{
        let Some(real) = real() else { return CKR_GENERAL_ERROR };
        if let Some(fault) = fault($name, true) {
            fault.delay();
            if fault.close_all {
                close_all_sessions(real);
            }
            if let Some(rv) = fault.rv {
                return rv;
            }
        }
        let _in_use = SESSIONS.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the entry at this index has this signature in every v2.40 function list.
        let function: unsafe extern "C" fn($($type),*) -> Rv = unsafe { real.get($index) };
        // SAFETY: the caller's arguments, passed on.
        unsafe { function($($argument),*) }
    }};
}

unsafe extern "C" fn initialize(args: *mut c_void) -> Rv {
    forward!("C_Initialize", abi::INITIALIZE, (*mut c_void), (args))
}

unsafe extern "C" fn open_session(
    slot: Ulong,
    flags: Ulong,
    application: *mut c_void,
    notify: *mut c_void,
    session: *mut Ulong,
) -> Rv {
    SLOT.store(slot, Ordering::Relaxed);
    forward!(
        "C_OpenSession",
        abi::OPEN_SESSION,
        (Ulong, Ulong, *mut c_void, *mut c_void, *mut Ulong),
        (slot, flags, application, notify, session)
    )
}

unsafe extern "C" fn get_session_info(session: Ulong, info: *mut c_void) -> Rv {
    forward!("C_GetSessionInfo", abi::GET_SESSION_INFO, (Ulong, *mut c_void), (session, info))
}

unsafe extern "C" fn login(session: Ulong, user: Ulong, pin: *mut u8, len: Ulong) -> Rv {
    forward!("C_Login", abi::LOGIN, (Ulong, Ulong, *mut u8, Ulong), (session, user, pin, len))
}

unsafe extern "C" fn find_objects_init(session: Ulong, template: *mut c_void, count: Ulong) -> Rv {
    forward!(
        "C_FindObjectsInit",
        abi::FIND_OBJECTS_INIT,
        (Ulong, *mut c_void, Ulong),
        (session, template, count)
    )
}

unsafe extern "C" fn find_objects(session: Ulong, found: *mut Ulong, room: Ulong, count: *mut Ulong) -> Rv {
    forward!(
        "C_FindObjects",
        abi::FIND_OBJECTS,
        (Ulong, *mut Ulong, Ulong, *mut Ulong),
        (session, found, room, count)
    )
}

unsafe extern "C" fn find_objects_final(session: Ulong) -> Rv {
    forward!("C_FindObjectsFinal", abi::FIND_OBJECTS_FINAL, (Ulong), (session))
}

unsafe extern "C" fn get_attribute_value(
    session: Ulong,
    object: Ulong,
    template: *mut c_void,
    count: Ulong,
) -> Rv {
    forward!(
        "C_GetAttributeValue",
        abi::GET_ATTRIBUTE_VALUE,
        (Ulong, Ulong, *mut c_void, Ulong),
        (session, object, template, count)
    )
}

unsafe extern "C" fn close_session(session: Ulong) -> Rv {
    forward!("C_CloseSession", abi::CLOSE_SESSION, (Ulong), (session))
}

unsafe extern "C" fn sign_init(session: Ulong, mechanism: *mut c_void, key: Ulong) -> Rv {
    forward!("C_SignInit", abi::SIGN_INIT, (Ulong, *mut c_void, Ulong), (session, mechanism, key))
}

unsafe extern "C" fn sign(
    session: Ulong,
    data: *mut u8,
    data_len: Ulong,
    signature: *mut u8,
    signature_len: *mut Ulong,
) -> Rv {
    let Some(real) = real() else { return CKR_GENERAL_ERROR };
    let has_buffer = !signature.is_null();
    let mut withheld = None;
    match fault("C_Sign", has_buffer) {
        Some(Fault { rv: Some(rv), after: true, .. }) if has_buffer => withheld = Some(rv),
        Some(fault) => {
            fault.delay();
            if let Some(rv) = fault.rv {
                return rv;
            }
        }
        None => {}
    }
    let _in_use = SESSIONS.read().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: C_Sign's signature in every v2.40 function list.
    let function: unsafe extern "C" fn(Ulong, *mut u8, Ulong, *mut u8, *mut Ulong) -> Rv =
        unsafe { real.get(abi::SIGN) };
    // SAFETY: the caller's arguments, passed on.
    let made = unsafe { function(session, data, data_len, signature, signature_len) };
    if !has_buffer {
        return made;
    }
    let rv = withheld.unwrap_or(made);
    // SAFETY: the caller gave `data_len` octets to be signed.
    let input = unsafe { abi::octets(data, data_len) };
    let output = if made == CKR_OK && !signature_len.is_null() {
        // SAFETY: the module said CKR_OK, so it wrote this many octets there.
        unsafe { abi::octets(signature, *signature_len) }
    } else {
        &[]
    };
    if log::append(session, input, rv, output).is_err() {
        // No line, no signature.
        if made == CKR_OK && !signature_len.is_null() {
            // SAFETY: as above; what was written is taken back.
            unsafe { signature.write_bytes(0, *signature_len as usize) };
        }
        return CKR_GENERAL_ERROR;
    }
    if withheld.is_some() && made == CKR_OK && !signature_len.is_null() {
        // SAFETY: as above.
        unsafe { signature.write_bytes(0, *signature_len as usize) };
    }
    rv
}

/// Stands for functions that could sign without a line.
unsafe extern "C" fn refuse() -> Rv {
    CKR_FUNCTION_NOT_SUPPORTED
}

fn close_all_sessions(real: &FunctionList) {
    let _nobody_in = SESSIONS.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: C_CloseAllSessions' signature in every v2.40 function list.
    let function: unsafe extern "C" fn(Ulong) -> Rv = unsafe { real.get(abi::CLOSE_ALL_SESSIONS) };
    // SAFETY: a slot number is any number.
    unsafe { function(SLOT.load(Ordering::Relaxed)) };
}
