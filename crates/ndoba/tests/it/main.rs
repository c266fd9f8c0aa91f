//! The built command, as an operator, officers and strangers use it. One binary, for the link time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it must be"
)]

/// Makes of each function that takes an engine a test on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(crate::installation::Engine::Sqlite);
            })+
        }
        mod postgresql {
            $(#[test]
            fn $test() {
                super::$test(crate::installation::Engine::Postgresql);
            })+
        }
    };
}

mod accounting;
mod accounts;
mod api;
mod application;
mod approval;
mod audit_log;
mod audit_signed;
mod bad_input;
mod ca_revoked;
mod card;
mod ceremony;
mod command_line;
mod contract;
mod crash;
mod crl_age;
mod deploy;
mod desk;
mod enrolment;
mod fail_closed;
mod fire;
mod foreign;
mod generations;
mod guides;
mod http;
mod installation;
mod issued_by_profile;
mod judged;
mod kept;
mod lint;
mod observed;
mod offline_root;
mod pades;
mod presence;
mod probe;
mod profile;
mod program;
mod responders;
mod restore;
mod restored_key;
mod revocation;
mod rights;
mod roles;
mod rollback;
mod rsa;
mod soak;
mod softhsm;
mod starting_and_stopping;
mod story;
mod suspension;
mod termination;
mod time_stamps;
mod truth;
