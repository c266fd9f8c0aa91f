//! Every test here runs on SQLite and on PostgreSQL. One binary: linking takes longer than running.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, missing_docs, reason = "a test binary")]

mod accounts;
mod audit;
mod batches;
mod beside;
mod clocks;
mod cluster;
mod crls;
mod ending;
mod enrolments;
mod faults;
mod finals;
mod fixtures;
mod house;
mod issuance;
mod key_places;
mod raw;
mod refusals;
mod registry;
mod responders;
mod restored;
mod schema;
mod sealing;
mod shards;
mod status;
mod webhooks;
