//! Configuration: one TOML file, overlaid by the environment, checked whole before anything starts.
//!
//! Three layers, the later one winning: the defaults in the code, the file, variables that begin with `NDOBA_`
//! (`__` between the parts of a key: `NDOBA_LOG__FORMAT=json`). Unknown keys are errors. Paths are relative to the
//! file's own folder, so that a state folder can be moved. Secrets are never in here, only where to find them.
//!
//! This crate opens no file but the one it is given, and decides nothing at run time. Enter at [`Settings::load`];
//! [`Settings::reference`] is the commented list of every key, kept as `config/ndoba.reference.toml`.

mod check;
mod error;
mod load;
mod pin;
mod quantity;
mod raw;
mod reference;
mod section;
mod url;
mod values;

pub use error::SettingsError;
pub use url::HttpUrl;
pub use values::{
    Audit, CertificationAuthority, CertifiedDevice, ClockMode, ClockSettings, Crl, DataKeyRef, Database, Hsm,
    JournalMode, KernelCheck, KeyRef, Legal, Limits, Listen, Log, LogFormat, Mode, Module, NtpServer, Ocsp,
    OfficersTls, OnTimeout, Paths, Policies, PublicTls, QualifiedUnder, ResponderId, Role, Roles, Settings,
    Token, TokenSelector, Tsa, TsaUnit, UnknownAnswer, Urls, VerifySignatures, Webhook,
};
