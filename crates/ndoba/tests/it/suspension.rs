//! A suspension that nobody decides about ends as the configuration says (requirements §1.9, `suspension.on_timeout`).

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::installation::{Engine, Installation};

on_both_engines!(a_suspension_ends_by_itself_as_configured);

fn a_suspension_ends_by_itself_as_configured(engine: Engine) {
    let here = Installation::on(engine);
    let configured = fs::read_to_string(here.file("ndoba.toml")).unwrap();
    let configure = |legal: &str| {
        fs::write(here.file("ndoba.toml"), format!("{configured}\n[legal]\n{legal}\n")).unwrap();
    };
    configure("suspension_max = \"1s\"\nsuspension_on_timeout = \"keep\"");
    let serving = here.serve(None);
    let serial = here.issue("01001000201");
    assert!(here.suspend(&serial).status.success());
    // Longer than the rule allows, and longer than the CA's pause between two looks.
    sleep(Duration::from_secs(8));
    assert!(here.shown(&serial).contains("suspended"), "{}", here.shown(&serial));
    drop(serving);

    configure("suspension_max = \"1s\"");
    let serving = here.serve(None);
    let start = Instant::now();
    while !here.shown(&serial).contains("revoked") {
        assert!(start.elapsed() < Duration::from_secs(30), "{}\n{}", here.shown(&serial), here.log());
        sleep(Duration::from_millis(200));
    }
    assert!(here.ocsp(&serial).contains(": revoked"), "{}", here.ocsp(&serial));
    here.await_listed(&serial);
    here.signatures_hold();
    drop(serving);

    configure("suspension_allowed = false");
    let serving = here.serve(None);
    let refused = here.suspend(&here.issue("01001000202"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("does not suspend"), "{refused:?}");
    drop(serving);
}
