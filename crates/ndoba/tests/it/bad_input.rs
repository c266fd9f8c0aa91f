//! What bad input gets, as the contract has it (`docs/adr/0002-public-status-codes.md`): nothing panics, nothing
//! half-done is left without a row, and what was away comes back without a restart.

mod dead_token;
mod officers;
mod strangers;
mod twice;

use crate::installation::{Engine, Installation};

pub(crate) use officers::content;

on_both_engines!(is_answered_as_the_contract_says, a_dead_token_is_said_so_and_comes_back);

fn is_answered_as_the_contract_says(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    strangers::http_is_refused_by_http(&here);
    strangers::garbage_gets_the_protocols_own_error(&here);
    officers::http_is_refused_with_a_problem(&here);
    officers::a_bad_request_for_a_certificate_is_told_what_is_wrong(&here);
    twice::one_key_of_two_clients_is_one_certificate(&here);
    // Every application that was opened is a row, and every certificate has its order.
    assert_eq!(here.sql("SELECT count(*) FROM certificates WHERE der IS NULL"), "0");
    assert_no_panic(&here);
    serving.stop();
}

fn a_dead_token_is_said_so_and_comes_back(engine: Engine) {
    let here = Installation::on(engine);
    dead_token::everything_says_so_and_goes_on_when_it_returns(&here);
    assert_no_panic(&here);
}

fn assert_no_panic(here: &Installation) {
    let log = here.log();
    assert!(!log.contains("panicked"), "{log}");
}
