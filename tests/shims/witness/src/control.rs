//! Faults to make, one per line of the control file:
//!
//! ```text
//! C_Sign CKR 0x32 count=3          the next three calls (with an output buffer) return 0x32, nothing is signed
//! C_Sign CKR 0x30 after count=1    the token signs, the caller gets 0x30 and no signature
//! C_Sign CKR 0x30 query            at the call that asks for the length
//! C_Sign delay_ms=5000 count=1     late, and then as always
//! C_SignInit close_all count=1     all sessions of the slot are closed first, then the call goes on
//! C_OpenSession CKR 0x30           as long as the line is there
//! ```
//!
//! The first line that fits makes the fault. Functions: C_Initialize, C_OpenSession, C_CloseSession,
//! C_GetSessionInfo, C_Login, C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal, C_GetAttributeValue, C_SignInit,
//! C_Sign. Lines that cannot be read are reported on standard error.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// What to do at a call.
#[derive(Clone, Default)]
pub struct Fault {
    pub rv: Option<u64>,
    /// Call the real function first, and withhold what it made.
    pub after: bool,
    pub close_all: bool,
    delay: Duration,
}

impl Fault {
    pub fn delay(&self) {
        if !self.delay.is_zero() {
            thread::sleep(self.delay);
        }
    }
}

struct Rule {
    function: String,
    /// C_Sign: at the call that asks for the length instead of the one that signs.
    query: bool,
    left: Option<u64>,
    fault: Fault,
}

#[derive(Default)]
struct Rules {
    stamp: Option<(SystemTime, u64)>,
    rules: Vec<Rule>,
}

/// The fault for this call, counted down.
pub fn fault(function: &str, has_buffer: bool) -> Option<Fault> {
    static PATH: OnceLock<Option<OsString>> = OnceLock::new();
    static RULES: Mutex<Option<Rules>> = Mutex::new(None);
    let path = PATH.get_or_init(|| env::var_os("NDOBACTL_WITNESS_CONTROL")).as_ref()?;
    let mut guard = RULES.lock().unwrap_or_else(PoisonError::into_inner);
    let rules = guard.get_or_insert_with(Rules::default);
    let stamp = fs::metadata(path).ok().and_then(|file| Some((file.modified().ok()?, file.len())));
    if stamp != rules.stamp {
        let text = fs::read_to_string(path).unwrap_or_default();
        *rules = Rules { stamp, rules: text.lines().filter_map(parse).collect() };
    }
    let rule = rules
        .rules
        .iter_mut()
        .find(|rule| rule.function == function && rule.query != has_buffer && rule.left != Some(0))?;
    if let Some(left) = &mut rule.left {
        *left -= 1;
    }
    Some(rule.fault.clone())
}

fn parse(line: &str) -> Option<Rule> {
    let mut words = line.split_whitespace();
    let function = words.next().filter(|word| !word.starts_with('#'))?.to_owned();
    let mut rule = Rule { function, query: false, left: None, fault: Fault::default() };
    while let Some(word) = words.next() {
        let understood = match word.split_once('=') {
            Some(("count", n)) => n.parse().map(|n| rule.left = Some(n)).is_ok(),
            Some(("delay_ms", n)) => n.parse().map(|n| rule.fault.delay = Duration::from_millis(n)).is_ok(),
            None if word == "CKR" => {
                rule.fault.rv =
                    words.next().and_then(|n| u64::from_str_radix(n.strip_prefix("0x")?, 16).ok());
                rule.fault.rv.is_some()
            }
            None if word == "after" => {
                rule.fault.after = true;
                true
            }
            None if word == "query" => {
                rule.query = true;
                true
            }
            None if word == "close_all" => {
                rule.fault.close_all = true;
                true
            }
            _ => false,
        };
        if !understood {
            eprintln!("witness: cannot read {line:?}");
            return None;
        }
    }
    Some(rule)
}
