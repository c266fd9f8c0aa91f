//! The crate against SoftHSM, through the witness where calls are counted or faults are made.
//!
//! SoftHSM reads its configuration's place from the environment, per process, and a module is initialised per
//! process; so each test runs itself again as a child process with a token folder of its own (`world`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod faults;
mod keys;
mod pins;
mod queue;
mod recovery;
mod signing;
mod verify;
mod world;
mod wrapping;
