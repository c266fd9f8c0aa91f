//! Signing keys in hardware, over PKCS#11.
//!
//! Enter at [`Module::start`]: it loads one library, keeps its tokens connected and gives [`Token`]s, from which
//! [`Key`]s are opened for one purpose each. A key is [`SigningKey`](ndoba_types::SigningKey): bounded queue,
//! deadline, an answer for every request exactly once.
//!
//! What it promises (requirements P-40 to P-44, design §9):
//!
//! - One context per module and process. Its sessions are all closed before it is finalised.
//! - A request is repeated only when the token provably did not sign it; in doubt, the caller is told.
//! - A refused PIN is never tried again, not by a restart either, until an operator clears its lock.
//! - A key is judged whenever the token is connected: one that was imported, or can leave the token, or can do more
//!   than sign, is not used.
//! - A token that is away, or comes back, needs no restart. A call that does not return is noticed; nothing can end it.
//!
//! Beside it [`Card`]: a person's card, used by one command and without any of this.
//!
//! What it does not do: hold keys in files, verify what it signed, know what it signs, or read a clock for anything
//! but waiting. It never uses a service key to see whether a token is alive.
//!
//! Threads: per module a supervisor (initialises) and a watchdog (deadlines; never calls the module), per token a
//! keeper (login, probe, key management) and as many workers as sessions.

mod attributes;
mod calls;
mod card;
mod ckr;
mod connection;
mod coordinator;
mod error;
mod health;
mod keeper;
mod key;
mod mechanism;
mod metrics;
mod module;
mod objects;
mod opened;
mod pin;
mod pin_lock;
mod provision;
mod public_key;
mod queue;
mod spec;
mod supervisor;
mod terminal;
mod token;
mod worker;
mod wrapping;

pub use attributes::KeyAttributes;
pub use card::{Card, CardError, CardKey, PinWords};
pub use ckr::{Remedy, proves_unsigned, remedy};
pub use error::{KeyError, OpenError, StartError};
pub use health::{TokenHealth, TokenState};
pub use key::Key;
pub use metrics::{KeyMetrics, Metrics};
pub use module::{Module, ModuleConfig, Recovery, TokenConfig};
pub use objects::ListedKey;
pub use opened::{JudgedKey, KeyVerdict};
pub use pin::{PinError, PinSource};
pub use pin_lock::clear_pin_lock;
pub use provision::{NewToken, ProvisionError, create_tokens};
pub use public_key::subject_key_identifier;
pub use queue::QueueLimits;
pub use spec::{BadKeySpec, KeySpec};
pub use token::{Token, TokenInfo, TokenSelector};
pub use wrapping::WrappingAttributes;
