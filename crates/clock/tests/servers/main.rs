//! The clock among servers on loopback that lie in chosen ways, with this machine's clocks injected.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod believing;
mod sources;
mod world;
