//! Applications, vetting, approvals, and who may do what.
//!
//! Decides and records through the [`Registry`](ports::Registry) port; signs nothing, and believes no signature
//! that `order` did not verify. Reads no clock and draws no randomness but through `types`' ports. It prepares
//! orders; that the CA verifies them again, alone, is what makes them safe (design §3).

pub mod application;
pub mod ports;
