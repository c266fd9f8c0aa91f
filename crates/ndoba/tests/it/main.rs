//! The built command, as an operator and officers use it. One binary, for the link time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it must be"
)]

mod accounting;
mod accounts;
mod crash;
mod deploy;
mod guides;
mod installation;
mod lint;
mod probe;
mod profile;
mod responders;
mod restore;
mod soak;
mod softhsm;
mod suspension;
mod termination;
mod time_stamps;
