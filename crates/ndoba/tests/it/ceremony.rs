//! What the ceremony's report says is so: openssl and pkcs11-tool read the files and the tokens again (K-P04, K-P09;
//! EN 319 411-1 GEN-6.5.1-13A and -14, requirements P-31 and P-41).

pub(crate) mod keys;
pub(crate) mod report;

use crate::installation::{Engine, Installation};

on_both_engines!(the_report_tells_what_files_and_tokens_hold);

fn the_report_tells_what_files_and_tokens_hold(engine: Engine) {
    let here = Installation::on(engine);
    let report = report::read(&here);
    report::has_every_field(&report);
    report::text_tells_the_json(&here, &report);
    report::certificates_are_the_files(&here, &report);
    report::officers_are_pinned(&here, &report);
    report::is_in_the_log(&here, &report);
    keys::tokens_are_as_they_say(&here, &report);
    keys::are_as_strangers_read_them(&here, &report);
    keys::command_agrees(&here, &report);
    keys::an_imported_key_is_refused(&here);
}
