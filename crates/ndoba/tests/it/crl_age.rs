//! Lists in time: health is red when one is too old, and the next one keeps what has expired (K-R02, K-R07).

use serde_json::Value;

use crate::installation::{Engine, Installation};
use crate::program::eventually;

on_both_engines!(a_list_past_its_time_is_seen_and_the_next_keeps_what_has_expired);

const LIST: &str = "published/crl/signature.crl";
/// Longer than any list is valid, shorter than certificates are.
const DAYS: u32 = 2;
/// Longer than certificates are valid.
const YEAR: u32 = 400;

fn a_list_past_its_time_is_seen_and_the_next_keeps_what_has_expired(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let serial = here.issue("01001000311");
    assert!(here.revoke(&serial).status.success());
    here.await_listed(&serial);
    serving.stop();
    let before = number(&here);

    // Nobody makes lists: who serves them says so.
    here.configure_roles("public.toml", &["public"], 0);
    let mut serving = here.start_ahead("public.toml", 24 * DAYS);
    here.await_address(&mut serving, here.operator());
    eventually(|| list_health(&here)["state"] == "failed", || here.health());
    let detail = list_health(&here).to_string();
    assert!(detail.contains("its nextUpdate was"), "{detail}");
    serving.stop();
    assert_eq!(number(&here), before);

    // The CA makes the next one at once, although nothing was revoked since; the certificate has ended meanwhile.
    here.configure_roles("ca.toml", &["ca"], 1);
    let serving = here.start_ahead("ca.toml", 24 * YEAR);
    eventually(|| number(&here) > before, || here.log());
    assert!(here.crl().contains(&serial), "{}", here.crl());
    // expiredCertsOnCRL, which openssl does not know by name: since the CA began.
    let parsed = here.openssl(&["asn1parse", "-inform", "DER", "-in", LIST]);
    assert!(parsed.contains(":2.5.29.60"), "{parsed}");
    serving.stop();
}

fn number(here: &Installation) -> u64 {
    let said = here.openssl(&["crl", "-inform", "DER", "-noout", "-crlnumber", "-in", LIST]);
    let hex = said.trim().rsplit('=').next().unwrap().trim_start_matches("0x").to_owned();
    u64::from_str_radix(&hex, 16).unwrap()
}

/// What health says of the list for signatures.
fn list_health(here: &Installation) -> Value {
    let answer: Value = serde_json::from_str(&here.health()).unwrap_or_default();
    let checks = answer["checks"].as_array().cloned().unwrap_or_default();
    checks.into_iter().find(|check| check["name"] == "CRL signature").unwrap_or_default()
}
