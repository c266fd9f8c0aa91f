//! As much of the PKCS#11 v2.40 ABI as is forwarded.

use std::env;
use std::ffi::{CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;

/// CK_ULONG, CK_RV and the handles: an unsigned long.
pub type Ulong = u64;
pub type Rv = Ulong;

pub const CKR_OK: Rv = 0;
pub const CKR_GENERAL_ERROR: Rv = 0x05;
pub const CKR_ARGUMENTS_BAD: Rv = 0x07;
pub const CKR_FUNCTION_NOT_SUPPORTED: Rv = 0x54;

// Positions in CK_FUNCTION_LIST, counted from C_Initialize.
pub const INITIALIZE: usize = 0;
pub const GET_FUNCTION_LIST: usize = 3;
pub const OPEN_SESSION: usize = 12;
pub const CLOSE_SESSION: usize = 13;
pub const CLOSE_ALL_SESSIONS: usize = 14;
pub const GET_SESSION_INFO: usize = 15;
pub const LOGIN: usize = 18;
pub const GET_ATTRIBUTE_VALUE: usize = 24;
pub const FIND_OBJECTS_INIT: usize = 26;
pub const FIND_OBJECTS: usize = 27;
pub const FIND_OBJECTS_FINAL: usize = 28;
pub const SIGN_INIT: usize = 42;
pub const SIGN: usize = 43;
pub const SIGN_UPDATE: usize = 44;
pub const SIGN_FINAL: usize = 45;
pub const SIGN_RECOVER_INIT: usize = 46;
pub const SIGN_RECOVER: usize = 47;
const FUNCTIONS: usize = 68;

/// CK_FUNCTION_LIST: a version and 68 function pointers.
#[repr(C)]
#[derive(Clone)]
pub struct FunctionList {
    version: [u8; 2],
    functions: [usize; FUNCTIONS],
}

impl FunctionList {
    /// The function at `index`, as a pointer of type `F`.
    ///
    /// # Safety
    ///
    /// `F` is the function pointer type of that entry.
    pub unsafe fn get<F: Copy>(&self, index: usize) -> F {
        assert_eq!(size_of::<F>(), size_of::<usize>());
        // SAFETY: the entry is a function pointer of that type, as the caller says; a module fills all 68.
        unsafe { std::mem::transmute_copy(&self.functions[index]) }
    }

    pub fn set(&mut self, index: usize, function: usize) {
        self.functions[index] = function;
    }
}

/// The octets at `pointer`.
///
/// # Safety
///
/// There are `len` of them, or `pointer` is null.
pub unsafe fn octets<'a>(pointer: *const u8, len: Ulong) -> &'a [u8] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(pointer, len as usize) }
}

/// Loads the real module and asks for its list.
pub fn load() -> Option<&'static FunctionList> {
    let path = CString::new(env::var_os("NDOBACTL_WITNESS_MODULE")?.as_bytes()).ok()?;
    // SAFETY: a NUL-terminated path; the library is never unloaded.
    let library = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    if library.is_null() {
        return None;
    }
    // SAFETY: a live handle and a NUL-terminated name.
    let symbol = unsafe { dlsym(library, c"C_GetFunctionList".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: the standard's signature of that symbol.
    let get: unsafe extern "C" fn(*mut *const FunctionList) -> Rv = unsafe { std::mem::transmute(symbol) };
    let mut list = std::ptr::null();
    // SAFETY: a place to write to. The list lives as long as the library.
    let rv = unsafe { get(&mut list) };
    if rv != CKR_OK { None } else { unsafe { list.as_ref() } }
}

const RTLD_NOW: c_int = 2;

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
