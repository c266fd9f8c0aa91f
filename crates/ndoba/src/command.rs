//! The commands that are clients of the registration API, and those that need files only.

pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod local;
pub(crate) mod officer;
mod session;
