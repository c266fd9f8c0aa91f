//! Who holds the database writes what they like into it; what officers did not sign does not happen.

use std::fs;

use ndoba_order::{Issue, Order, OrderContent, Release, ResponderRequest, SignerRole, person_commitment};
use ndoba_types::{InstallationId, OrderId, Sha256Digest, Span};

use super::forged::{Signatures, now};
use crate::api::Call;
use crate::installation::Installation;
use crate::program::{eventually, said, wait_for};

const SUBMITTER: (&str, SignerRole) = ("registration-officer", SignerRole::Submitter);
const APPROVER: (&str, SignerRole) = ("approver", SignerRole::Approver);
const REVOKER: (&str, SignerRole) = ("revocation-officer", SignerRole::RevocationOfficer);

/// An order as an attacker writes it, and why the CA refuses it.
struct Forgery {
    what: &'static str,
    order: Order,
    signatures: Signatures,
    code: &'static str,
}

pub(super) fn forged_orders_are_refused(here: &Installation) {
    let application = here.apply("01001000801");
    assert!(here.approve(&application).status.success());
    let serial = here.await_certificate(&application);
    let (genuine, genuine_signatures) = here.order_of(&application);
    let refused_before = here.events("order-refused");

    let mut count = 0;
    let mut anew = |change: &dyn Fn(&mut Order)| {
        count += 1;
        let mut order = Order { order_id: OrderId::from_bytes([count; 16]), ..genuine.clone() };
        change(&mut order);
        order
    };
    let issue = |change: fn(&mut Issue)| {
        move |order: &mut Order| {
            let OrderContent::Issue(issue) = &mut order.content else { panic!("it is no order to issue") };
            change(issue);
        }
    };
    let release = |order: &mut Order| {
        let content = Release { serial: serial.parse().unwrap(), evidence: Vec::new() };
        order.content = OrderContent::Release(content);
    };
    let own = person_commitment(genuine.installation, &here.read("person.salt"), "PNOGE-01001000001");
    let as_is = |_: &mut Order| {};
    let mut forgeries = Vec::new();
    let mut forge = |what, order: Order, signers: &[(&str, SignerRole)], code| {
        let signatures = here.sign_order(&order, signers);
        forgeries.push(Forgery { what, order, signatures, code });
    };
    forge("nobody signed", anew(&as_is), &[], "order-signature-missing");
    forge("the submitter alone", anew(&as_is), &[SUBMITTER], "order-signature-missing");
    let revoker = ("revocation-officer", SignerRole::Approver);
    forge("an approver without the role", anew(&as_is), &[SUBMITTER, revoker], "order-signer-role");
    let both = [("both", SignerRole::Submitter), ("both", SignerRole::Approver)];
    forge("one person twice", anew(&as_is), &both, "order-same-person");
    let stranger = ("stranger", SignerRole::Approver);
    forge("a stranger", anew(&as_is), &[SUBMITTER, stranger], "order-signer-unknown");
    let late = |order: &mut Order| {
        order.created = now().minus(Span::days(8));
        order.expires = now().minus(Span::days(2));
    };
    forge("past its time", anew(&late), &[SUBMITTER, APPROVER], "order-expired");
    let elsewhere = |order: &mut Order| order.installation = InstallationId::from_bytes([7; 16]);
    forge("another installation's", anew(&elsewhere), &[SUBMITTER, APPROVER], "order-other-installation");
    let another_key = issue(|issue| issue.csr = Sha256Digest::of(b"a request of the attacker's"));
    forge("another request", anew(&another_key), &[SUBMITTER, APPROVER], "csr-differs");
    let unagreed = issue(|issue| issue.agreement = None);
    forge("no agreement", anew(&unagreed), &[SUBMITTER, APPROVER], "agreement-missing");
    let approvers = move |order: &mut Order| {
        if let OrderContent::Issue(issue) = &mut order.content {
            issue.person = Some(own);
        }
    };
    forge("the approver's own", anew(&approvers), &[SUBMITTER, APPROVER], "order-officer-is-subject");
    forge("a release by one", anew(&release), &[SUBMITTER], "order-signature-missing");
    forge("a release by who revokes", anew(&release), &[REVOKER], "order-role-not-for-kind");
    // The genuine signatures, on what they were not made for.
    let longer = anew(&issue(|issue| issue.days += 1));
    let replayed = anew(&as_is);
    for (what, order) in [("more days", longer), ("another order", replayed)] {
        let (signatures, code) = (genuine_signatures.clone(), "order-signature-invalid");
        forgeries.push(Forgery { what, order, signatures, code });
    }
    for Forgery { order, signatures, .. } in &forgeries {
        here.insert_order(order.order_id, &order.to_bytes().unwrap(), signatures, genuine.order_id);
    }
    // The genuine one whole, in another row.
    let row = OrderId::from_bytes([0xee; 16]);
    here.insert_order(row, &genuine.to_bytes().unwrap(), &genuine_signatures, genuine.order_id);
    for Forgery { what, order, code, .. } in &forgeries {
        assert_eq!(here.await_refusal(order.order_id), *code, "{what}");
    }
    assert_eq!(here.await_refusal(row), "order-id-differs");

    // Signed by both in office, and one of them dismissed before the CA saw it.
    let order = anew(&as_is);
    let signatures = here.sign_order(&order, &[SUBMITTER, both[1]]);
    let id = here.ask(Call::get("both", "/whoami")).json()["officer"].as_str().unwrap().to_owned();
    here.must(&["officer", "end", &id, "--as", "officers/security-1.pem", "--yes"]);
    here.insert_order(order.order_id, &order.to_bytes().unwrap(), &signatures, genuine.order_id);
    assert_eq!(here.await_refusal(order.order_id), "order-signer-not-in-office");

    assert_eq!(here.events("order-refused"), refused_before + forgeries.len() + 2);
    assert_eq!(here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"), "1");
    assert!(here.shown(&serial).contains("good"));
}

/// The CA certifies a responder's key only where the enrolment key signed for it.
pub(super) fn a_strangers_responder_gets_no_certificate(here: &Installation) {
    here.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "evil.key"]);
    let request = ["req", "-new", "-key", "evil.key", "-subj", "/CN=x", "-outform", "DER"];
    here.openssl(&[&request[..], &["-out", "evil.csr"]].concat());
    here.openssl(&["pkey", "-in", "evil.key", "-pubout", "-outform", "DER", "-out", "evil.pub"]);
    let (order, _) = here.order(&here.newest_order("issue"));
    let document = ResponderRequest {
        installation: order.installation,
        ca: order.ca,
        csr: Sha256Digest::of(&here.read("evil.csr")),
        spki: Sha256Digest::of(&here.read("evil.pub")),
        created: now(),
    };
    let document = document.to_bytes().unwrap();
    fs::write(here.file("evil.json"), &document).unwrap();
    here.openssl(&["dgst", "-sha256", "-sign", "evil.key", "-out", "evil.sig", "evil.json"]);
    let id = here.blob(Sha256Digest::of(&document).as_bytes());
    here.sql(&format!(
        "INSERT INTO responder_requests (id, ca, key_label, document, signature, csr, received) VALUES ({id}, \
         'signature', 'signature/ocsp/9', {}, {}, {}, {})",
        here.blob(&document),
        here.blob(&here.read("evil.sig")),
        here.blob(&here.read("evil.csr")),
        now().unix_micros()
    ));
    let code = format!("SELECT refusal_code FROM responder_certificates WHERE request = {id}");
    let refused = wait_for(|| Some(here.sql(&code)).filter(|code| !code.is_empty()).ok_or(here.log()));
    assert_eq!(refused, "responder-enrolment-signature");
    assert_eq!(here.events("responder-refused"), 1);
}

/// An order's own row may be made to forget that it was carried out; the ledger does not.
pub(super) fn nothing_is_carried_out_twice(here: &Installation) {
    let application = here.apply("01001000802");
    assert!(here.approve(&application).status.success());
    let serial = here.await_certificate(&application);
    let (issued, _) = here.order_of(&application);
    assert!(here.suspend(&serial).status.success());
    let released = here.release(&serial);
    assert!(released.status.success(), "{}", said(&released));
    let released = here.newest_order("release").parse().unwrap();
    assert!(here.suspend(&serial).status.success());

    let forget = |order: OrderId| {
        let order = here.blob(order.as_bytes());
        format!("UPDATE orders SET state = 'queued', result = NULL WHERE order_id = {order}")
    };
    for order in [issued.order_id, released] {
        assert!(here.sql_refused(&forget(order)).contains("an order that ended stays ended"));
    }
    here.drop_trigger("orders_ends_once", "orders");
    for order in [issued.order_id, released] {
        here.sql(&forget(order));
        assert_eq!(here.await_refusal(order), "order-carried-out");
    }
    assert!(here.shown(&serial).contains("suspended"), "{}", here.shown(&serial));
    assert_eq!(here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"), "2");
}

/// The row says that it was never revoked; the published list says otherwise, and is believed.
pub(super) fn a_revoked_certificate_is_never_good_again(here: &Installation) {
    let [serial, other] = ["01001000803", "01001000804"].map(|number| here.issue(number));
    assert!(here.revoke(&serial).status.success());
    here.await_listed(&serial);
    let unrevoke = format!(
        "UPDATE certificate_status SET revoked = NULL, reason = NULL WHERE serial = {}",
        here.blob(serial.parse::<ndoba_types::SerialNumber>().unwrap().as_unsigned())
    );
    assert!(here.sql_refused(&unrevoke).contains("a revoked certificate stays revoked"));
    here.drop_trigger("certificate_status_revoked_for_ever", "certificate_status");
    here.sql(&unrevoke);
    // Known within half a minute, and then whatever is asked: `tryLater`, and an alarm.
    let anew = || here.ocsp_of("signature", &serial, &[]);
    eventually(|| anew().contains("trylater"), || format!("{}\n{}", anew(), here.log()));
    assert!(here.health().contains("published CRLs"), "{}", here.health());
    assert!(here.ocsp_of("signature", &other, &[]).contains(": good"));
    // No list is published from which it is missing: the CA stops.
    assert!(here.revoke(&other).status.code().is_some());
    eventually(|| here.events("crl-discontinuous") > 0, || here.log());
    assert!(here.crl().contains(&serial));
}

/// Written past the API: nobody is let in on its strength, and the CA does nothing more.
pub(super) fn a_grant_that_does_not_follow_stops_everything(here: &Installation) {
    let waiting = here.apply("01001000805");
    let (content, forged) = super::officers::forged_grant(here);
    let seq = here.insert_grant(&content, &forged);
    for officer in ["stranger", "approver"] {
        let answer = here.ask(Call::get(officer, "/whoami"));
        assert_eq!(answer.problem(), (500, "internal".to_owned()), "{officer}");
    }
    assert!(!here.approve(&waiting).status.success());
    eventually(|| here.log().contains(&format!("grant {seq}: ")), || here.log());
    eventually(|| here.health().contains("\"ready\":false"), || here.health());
    assert_eq!(here.sql("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"), "0");
    let refused = here.sql_refused("DELETE FROM officer_grants");
    assert!(refused.contains("never deleted") || refused.contains("FOREIGN KEY"), "{refused}");
}

impl Installation {
    fn drop_trigger(&self, name: &str, table: &str) {
        let of = if self.is_on_postgresql() { format!(" ON {table}") } else { String::new() };
        self.sql(&format!("DROP TRIGGER {name}{of}"));
    }

    fn newest_order(&self, kind: &str) -> String {
        let id = if self.is_on_postgresql() { "encode(order_id, 'hex')" } else { "lower(hex(order_id))" };
        self.sql(&format!("SELECT {id} FROM orders WHERE kind = '{kind}' ORDER BY created DESC LIMIT 1"))
    }
}
