//! Officers and their colleagues: other offices, borrowed and replayed signatures, dismissed officers, forged grants.

use ndoba_order::{Acceptance, MediaType, Roles, SignerRole};
use ndoba_testkit::{CONTENT, Elsewhere, OPERATIONS, Operation};
use serde_json::{Value, json};

use super::forged::now;
use crate::api::Call;
use crate::installation::Installation;

const UNKNOWN: fn(&str) -> (u16, String) = |what| (404, format!("{what}.unknown"));

/// Of the head office's work an office beneath it finds nothing, by whatever operation; each try is in the log.
pub(super) fn another_office_finds_nothing(here: &Installation) {
    let application = here.apply("01001000811");
    let shown = here.ask(Call::get("approver", &format!("/applications/{application}"))).json();
    let order = shown["order"].as_str().unwrap().to_owned();
    let serial = here.issue("01001000812");
    let refused_before = here.events("other-office");
    let mut content = shown["content"].clone();
    // As an officer enters it: that the agreement was accepted is noted otherwise.
    content.as_object_mut().unwrap().remove("agreement");
    let mut tries = 0;
    for Operation { method, path, elsewhere, .. } in OPERATIONS {
        let id = if path.starts_with("/orders") { &order } else { &application };
        let path = path
            .replace("{id}", id)
            .replace("{serial}", &serial)
            .replace("{identifier}", "01001000811")
            .replace("{sha256}", &"0".repeat(64));
        match elsewhere {
            Elsewhere::Hidden { to, what, body } => {
                let body = if body == CONTENT { content.to_string() } else { body.to_owned() };
                let headers: &[&str] =
                    if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
                for officer in
                    to.chars().map(|letter| if letter == 'R' { "batumi" } else { "batumi-approver" })
                {
                    let (officer, body) = (Some(officer), body.as_bytes());
                    let call = Call { officer, method, path: &path, headers, body };
                    assert_eq!(here.ask(call).problem(), UNKNOWN(what), "{officer:?} {method} {path}");
                    tries += 1;
                }
            }
            Elsewhere::Filtered => {
                let found = here.ask(Call::get("batumi", &path)).json();
                assert!(found["items"] == json!([]) || found["code"] == "subject.unknown", "{path}: {found}");
            }
            Elsewhere::Everywhere | Elsewhere::NoOffice => {}
        }
    }
    assert_eq!(here.events("other-office"), refused_before + tries);
    assert!(here.application(&application).contains("submitted"));
    // Whose duty is to revoke finds it from anywhere.
    here.appoint_in("batumi-revoker", "revocation-officer", "01001000083", "GE/Batumi");
    assert_eq!(here.ask(Call::get("batumi-revoker", &format!("/certificates/{serial}"))).status, 200);
}

/// A signature counts for its order and by its officer only. Gives an application that waits for its approver.
pub(super) fn signatures_are_good_for_one_order_by_one_officer(here: &Installation) -> String {
    let [first, second] = ["01001000813", "01001000814"].map(|number| here.apply(number));
    let [(first_order, _), (second_order, _)] = [&first, &second].map(|id| here.order_of(id));
    let refused_before = here.events("action-refused");
    let roles = [("registration-officer", SignerRole::Submitter), ("approver", SignerRole::Approver)];
    let of_first = here.sign_order(&first_order, &roles);
    let send = |officer: &str, jws: &str| {
        let body = json!({ "jws": jws }).to_string();
        let path = format!("/orders/{}/signatures", second_order.order_id);
        let answer = here.ask(Call::post(officer, &path, body.as_bytes()));
        let code = answer.json()["errors"][0]["code"].as_str().map(str::to_owned);
        code.unwrap_or_else(|| answer.problem().1)
    };
    // Replayed from the first order; over a signature of the submitter's that is not the one that is kept; the
    // submitter's once more; another officer's, handed in by a colleague.
    assert_eq!(send("approver", &of_first[1].1), "order-signature-invalid");
    let (_, kept) = here.order(&second_order.order_id.to_string());
    // The same key over the same octets in the same second is the same signature: another one is made in another second.
    let mut others = std::iter::repeat_with(|| here.sign_order(&second_order, &roles));
    let over_another = others.find(|signed| signed[0].1 != kept[0].1).unwrap();
    assert_eq!(send("approver", &over_another[1].1), "order-approval-not-covering");
    assert_eq!(send("registration-officer", &over_another[0].1), "order-role-twice");
    let bytes = second_order.to_bytes().unwrap();
    let kept = ndoba_order::FlatJws::from_bytes(kept[0].1.as_bytes()).unwrap();
    let sign = |officer: &str| {
        let identity = here.identity(officer);
        identity.sign(MediaType::Order, &bytes, SignerRole::Approver, Some(&kept), now()).unwrap()
    };
    assert_eq!(send("registration-officer", &sign("approver")), "order-signer-other");
    assert_eq!(send("registration-officer", &sign("registration-officer")), "order-signer-role");
    assert_eq!(send("revocation-officer", &sign("revocation-officer")), "order-signer-role");
    // Another office's approver, as who does not find the order at all.
    assert_eq!(send("batumi-approver", &sign("batumi-approver")), "order.unknown");
    assert!(here.events("action-refused") >= refused_before + 6);
    assert!(here.application(&second).contains("submitted"));
    first
}

/// The register is asked at every request: a connection that was good a moment ago is no more.
pub(super) fn who_was_dismissed_is_out_at_once(here: &Installation) {
    let application = here.apply("01001000815");
    let me = here.ask(Call::get("approver", "/whoami")).json();
    let id = me["officer"].as_str().unwrap();
    here.appoint("approver-too", "approver", "01001000084");
    here.must(&["officer", "end", id, "--as", "officers/security-1.pem", "--yes"]);
    let out = here.ask(Call::get("approver", "/whoami"));
    assert_eq!(out.problem(), (403, "auth.not-an-officer".to_owned()));
    assert!(!here.approve(&application).status.success());
    // The first of a minute is written singly.
    assert!(here.events("not-in-office") >= 1);
    let approve = ["application", "approve", &application, "--as", "officers/approver-too.pem", "--yes"];
    here.must(&approve);
    here.await_certificate(&application);
}

pub(super) fn what_was_not_signed_in_time_is_over(here: &Installation, application: &str) {
    let approve = ["application", "approve", application, "--as", "officers/approver-too.pem", "--yes"];
    let said = here.must_not(&approve);
    // Whether the sweep or the clock said so first.
    assert!(said.contains("expired") || said.contains("its time has passed"), "{said}");
    let order = here.order_of_as("approver-too", application);
    let body = json!({ "jws": order["signatures"][0]["jws"] }).to_string();
    let path = format!("/orders/{}/signatures", order["order_id"].as_str().unwrap());
    let late = here.ask(Call::post("approver-too", &path, body.as_bytes()));
    assert_eq!(late.problem().0, 409, "{late:?}");
    assert!(here.application(application).contains("expired"), "{}", here.application(application));
}

/// A grant for a stranger with signatures that do not entitle: content and signatures.
pub(super) fn forged_grant(here: &Installation) -> (String, Vec<String>) {
    let draft = draft(here);
    let content = draft["content"].as_str().unwrap().to_owned();
    let sign = |officer: &str| {
        let identity = here.identity(officer);
        let role = SignerRole::SecurityOfficer;
        identity.sign(MediaType::Grant, content.as_bytes(), role, None, now()).unwrap()
    };
    let signatures = vec![sign("security-1"), sign("stranger")];
    (content, signatures)
}

fn draft(here: &Installation) -> Value {
    let der = ["x509", "-in", "officers/stranger.pem", "-noout", "-pubkey", "-out", "stranger.pub"];
    here.openssl(&der);
    here.openssl(&["pkey", "-pubin", "-in", "stranger.pub", "-outform", "DER", "-out", "stranger.der"]);
    let spki: String = here.read("stranger.der").iter().map(|octet| format!("{octet:02x}")).collect();
    let stranger = here.identity("stranger");
    let accepts = Acceptance {
        installation: here.ask(Call::get("security-1", "/whoami")).json()["installation"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
        spki: stranger.fingerprint(),
        roles: Roles::try_from(vec!["registration-officer".to_owned(), "approver".to_owned()]).unwrap(),
        office: "GE".parse().unwrap(),
    };
    let accepts = accepts.to_bytes().unwrap();
    let accepted =
        stranger.sign(MediaType::Acceptance, &accepts, SignerRole::Appointed, None, now()).unwrap();
    let request = json!({
        "kind": "grant", "personal_number": "01001000899", "name_shown": "x", "spki": spki, "vetting": "x",
        "acceptance": accepted, "roles": ["registration-officer", "approver"], "office": "GE", "not_after": "2099-01-01T00:00:00Z",
    });
    here.ask(Call::post("security-1", "/grants/draft", request.to_string().as_bytes())).json()
}

pub(super) fn a_forged_grant_is_refused(here: &Installation) {
    let refused_before = here.events("append-grant");
    let (content, signatures) = forged_grant(here);
    let append = |officer: &str, content: &str, signatures: &[&String]| {
        let body = json!({ "content": content, "signatures": signatures }).to_string();
        let answer = here.ask(Call::post(officer, "/grants", body.as_bytes()));
        let code = answer.json()["errors"][0]["code"].as_str().map(str::to_owned);
        code.unwrap_or_else(|| answer.problem().1)
    };
    let (real, strangers) = (&signatures[0], &signatures[1]);
    assert_eq!(append("security-1", &content, &[real]), "grant-signature-count");
    assert_eq!(append("security-1", &content, &[real, real]), "grant-same-person");
    assert_eq!(append("security-1", &content, &[real, strangers]), "grant-signer-unknown");
    // Other bytes than were signed; a name that turns what is beside it around.
    let longer = content.replace("2099-01-01", "2098-01-01");
    assert_eq!(append("security-1", &longer, &[real, real]), "grant-signature-invalid");
    let turned = content.replace("\"name_shown\":\"x\"", "\"name_shown\":\"x\u{202e}\"");
    assert_ne!(turned, content);
    assert_eq!(append("security-1", &turned, &[real, real]), "document-members");
    // As grants were of old, when nobody had to accept; and with what was accepted for something else.
    let mut old: Value = serde_json::from_str(&content).unwrap();
    for member in ["acceptance", "accepted_at", "vetting"] {
        old.as_object_mut().unwrap().remove(member).unwrap();
    }
    old["v"] = 1.into();
    let old = String::from_utf8(ndoba_types::canonical::encode(&old).unwrap()).unwrap();
    assert_eq!(append("security-1", &old, &[real, real]), "grant-old-form");
    let elsewhere = content.replace("\"office\":\"GE\"", "\"office\":\"GE/Batumi\"");
    assert_eq!(append("security-1", &elsewhere, &[real, real]), "grant-not-accepted");
    assert_eq!(append("approver", &content, &[real, strangers]), "auth.role");
    assert_eq!(here.events("append-grant"), refused_before + 7);
    let listed = here.must(&["officer", "list", "--as", "officers/auditor.pem"]);
    assert_eq!(listed.lines().count(), 6, "{listed}");
}

impl Installation {
    fn order_of_as(&self, officer: &str, application: &str) -> Value {
        let shown = self.ask(Call::get(officer, &format!("/applications/{application}"))).json();
        self.ask(Call::get(officer, &format!("/orders/{}", shown["order"].as_str().unwrap()))).json()
    }
}
