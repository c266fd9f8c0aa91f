//! The commands: clients of the registration API, and those that work on this machine.

pub(crate) mod accept_key;
pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod completions;
pub(crate) mod db;
mod desk;
pub(crate) mod devices;
mod enrolment;
mod kept;
pub(crate) mod last_crl;
pub(crate) mod lint;
pub(crate) mod local;
pub(crate) mod officer;
pub(crate) mod order;
mod pages;
pub(crate) mod probe;
pub(crate) mod profile;
pub(crate) mod reconcile;
pub(crate) mod registration;
mod revoke_all;
pub(crate) mod revoke_ca;
pub(crate) mod root;
pub(crate) mod session;
pub(crate) mod terminate;
pub(crate) mod tsa;
pub(crate) mod webhook;
