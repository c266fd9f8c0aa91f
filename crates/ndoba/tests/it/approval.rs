//! Attacks on approvals, before the running server and its database: each is tried, refused, and in the log. Neither who
//! holds the web server nor who holds the database can make the CA issue, certify a stranger's responder, release or
//! un-revoke (design §3; K-P01, K-P02).

mod database;
mod forged;
mod input;
mod officers;
mod raw_tls;

use crate::installation::{Engine, Installation};

on_both_engines!(
    approval_by_rows_written_into_the_database,
    approval_after_a_grant_written_into_the_database,
    approval_across_offices_replayed_or_by_who_may_not,
    approval_with_hostile_input
);

fn approval_by_rows_written_into_the_database(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.appoint("both", "registration-officer,approver", "01001000077");
    here.stranger();
    database::forged_orders_are_refused(&here);
    database::a_strangers_responder_gets_no_certificate(&here);
    database::nothing_is_carried_out_twice(&here);
    database::a_revoked_certificate_is_never_good_again(&here);
    drop(serving);
}

fn approval_after_a_grant_written_into_the_database(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.stranger();
    officers::a_forged_grant_is_refused(&here);
    database::a_grant_that_does_not_follow_stops_everything(&here);
    drop(serving);
}

fn approval_across_offices_replayed_or_by_who_may_not(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.appoint_in("batumi", "registration-officer", "01001000081", "GE/Batumi");
    here.appoint_in("batumi-approver", "approver", "01001000082", "GE/Batumi");
    officers::another_office_finds_nothing(&here);
    let waiting = officers::signatures_are_good_for_one_order_by_one_officer(&here);
    officers::who_was_dismissed_is_out_at_once(&here);
    drop(serving);
    // Eight days later.
    let serving = here.serve_ahead(8 * 24);
    officers::what_was_not_signed_in_time_is_over(&here, &waiting);
    drop(serving);
}

fn approval_with_hostile_input(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    input::json_too_long_or_too_deep(&here);
    input::names_that_deceive(&here);
    input::paths_and_headers_that_claim(&here);
    input::requests_within_requests(&here);
    let log = here.log();
    assert!(!log.contains("panicked"), "{log}");
    serving.stop();
}
