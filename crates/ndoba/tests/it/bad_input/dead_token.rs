//! The tokens are gone: every address says so in its own words, and goes on by itself when they return (K-P10).

use crate::api::Call;
use crate::http::{Reply, get, send, stamp};
use crate::installation::Installation;
use crate::program::{eventually, said, wait_for};

use super::strangers::is_rejection;

/// CKR_DEVICE_REMOVED, whatever is asked of any token.
const GONE: &str = "C_Sign CKR 0x32\nC_SignInit CKR 0x32\nC_OpenSession CKR 0x32\nC_GetSessionInfo CKR 0x32\n\
                    C_FindObjectsInit CKR 0x32\nC_Login CKR 0x32\nC_Initialize CKR 0x32";
/// The failInfo `systemFailure` (T-09).
const SYSTEM_FAILURE: &[u8] = &[3, 5, 6, 0, 0, 0, 0x40];

pub(super) fn everything_says_so_and_goes_on_when_it_returns(here: &Installation) {
    let serving = here.serve(None);
    let known = here.issue("01001000301");
    let revoked = here.issue("01001000302");
    assert!(here.ocsp(&known).contains(": good"));
    await_stamp(here, |reply| reply.body.len() > 400);
    let waiting = here.apply("01001000303");

    here.token_faults(GONE);
    // OCSP: what is signed already is served; what must be signed is not.
    let error = wait_for(|| {
        let reply = ask_anew(here, &known);
        if reply.body.len() == 5 { Ok(reply) } else { Err(format!("{reply:?}")) }
    });
    assert_eq!(error.status, 200);
    assert!([2, 3].contains(&error.body[4]), "internalError or tryLater: {:02x?}", error.body);
    assert!(here.ocsp(&known).contains(": good"), "{}", here.ocsp(&known));
    let rejected = await_stamp(here, |reply| reply.body.len() < 400);
    assert_eq!(rejected.status, 200);
    assert!(is_rejection(&rejected, SYSTEM_FAILURE), "{:02x?}", rejected.body);
    // The API: the order is kept and the officer is told at once; nothing hangs.
    eventually(|| here.health().contains("\"ready\":false"), || here.health());
    approve_is_told(here, &waiting);
    // Health names what is wrong, and the process lives.
    let health = here.health();
    assert!(health.contains("ndoba-issuing") && health.contains("ndoba-ocsp"), "{health}");
    assert_eq!(get(here.operator(), "/health/live").status, 200);

    // Revocation needs no token: the status changes, and `good` is told no more; only the list waits.
    let asked = here.revoke(&revoked);
    assert!(asked.status.success(), "{}", said(&asked));
    assert!(here.shown(&revoked).contains("revoked"), "{}", here.shown(&revoked));
    let told = ask_anew(here, &revoked);
    assert!(told.status == 200 && told.body.len() == 5, "an error of the protocol, nothing signed: {told:?}");
    assert!(!here.crl().contains(&revoked), "nothing signs it");

    here.token_faults("");
    let serial = here.await_certificate(&waiting);
    await_stamp(here, |reply| reply.body.len() > 400);
    for (serial, status) in [(&serial, ": good"), (&known, ": good"), (&revoked, ": revoked")] {
        wait_for(|| {
            let told = here.ocsp_of("signature", serial, &[]);
            if told.contains(status) && told.contains("Response verify OK") { Ok(()) } else { Err(told) }
        });
    }
    here.await_listed(&revoked);
    eventually(|| here.health().contains("\"ready\":true"), || here.health());
    // One certificate for the order that waited.
    assert_eq!(
        here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL AND der IS NOT NULL"),
        "3"
    );
    serving.stop();
    started_without_it_records_are_locked_until_it_comes(here, &waiting, &known);
}

/// The data key is in memory once it was unwrapped; who was started without its token has none (ADR 0020).
fn started_without_it_records_are_locked_until_it_comes(
    here: &Installation,
    application: &str,
    serial: &str,
) {
    here.token_faults(GONE);
    let serving = here.serve(None);
    let read = || here.ask(Call::get("approver", &format!("/applications/{application}")));
    let locked = read();
    assert_eq!(locked.problem(), (503, "records.locked".to_owned()));
    assert!(locked.header("retry-after").is_some(), "{locked:?}");
    let search = here.ask(Call::get("approver", "/certificates?subject=01001000301"));
    assert_eq!(search.problem(), (503, "records.locked".to_owned()));
    // What is not about a person's record goes on.
    let shown = here.ask(Call::get("approver", &format!("/certificates/{serial}")));
    assert_eq!(shown.status, 200, "{shown:?}");
    eventually(|| here.health().contains("data key"), || here.health());
    here.token_faults("");
    eventually(|| read().status == 200, || here.log());
    serving.stop();
}

/// 503 with Retry-After for who waits; the command says that the order is accepted and ends well.
fn approve_is_told(here: &Installation, application: &str) {
    let approved = here.approve(application);
    let words = said(&approved);
    assert!(approved.status.success() && words.contains("the order is accepted and waits"), "{words}");
    assert!(words.contains("the CA has not issued yet"), "{words}");
    let shown = here.ask(Call::get("approver", &format!("/applications/{application}"))).json();
    let order = shown["order"].as_str().unwrap();
    let order = here.ask(Call::get("approver", &format!("/orders/{order}"))).json();
    // Claimed: the CA has recorded what it will have signed.
    assert!(order["state"] == "queued" || order["state"] == "claimed", "{order}");
    // The same signature again, as from a client that did not hear the answer.
    let body = serde_json::json!({ "jws": order["signatures"][1]["jws"] }).to_string();
    let path = format!("/orders/{}/signatures", order["order_id"].as_str().unwrap());
    let headers = &["Content-Type: application/json", "Prefer: wait=20"];
    let officer = Some("approver");
    let reply = here.ask(Call { officer, method: "POST", path: &path, headers, body: body.as_bytes() });
    assert_eq!(reply.problem(), (503, "ca.unavailable".to_owned()));
    assert!(reply.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{reply:?}");
}

/// A request with a nonce: no answer of before will do.
fn ask_anew(here: &Installation, serial: &str) -> Reply {
    let serial = format!("0x{serial}");
    let request = ["ocsp", "-issuer", "pki/signature.pem", "-serial", &serial, "-reqout", "anew.der"];
    here.openssl(&request);
    let headers = "Content-Type: application/ocsp-request\r\n";
    send(here.public(), "POST", "/ocsp", headers, &here.read("anew.der"))
}

fn await_stamp(here: &Installation, as_wanted: impl Fn(&Reply) -> bool) -> Reply {
    std::fs::write(here.file("document"), "a contract").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha256", "-out", "q.tsq"]);
    wait_for(|| {
        let reply = stamp(here.public(), "/tsa", &here.read("q.tsq"));
        if as_wanted(&reply) { Ok(reply) } else { Err(format!("{reply:?}")) }
    })
}
