//! A world in which something is behind every path, of the head office; and officers of another one.

use ndoba_order::{Role, SignerRole};
use ndoba_registration::fake::{TestOfficer, World, person};
use ndoba_testkit::Operation;
use ndoba_types::Sha256Digest;
use serde_json::json;

use crate::story::{sign, submitted};
use crate::support::Served;

/// What is there.
pub(crate) struct Scene {
    pub(crate) served: Served,
    application: String,
    copied: String,
    attached: String,
    order: String,
    serial: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut world = World::new();
        world.appoint_too(13, "security-officer-in-batumi", &[Role::SecurityOfficer], "GE/Batumi");
        world.appoint_too(14, "revocation-officer-in-batumi", &[Role::RevocationOfficer], "GE/Batumi");
        world.appoint_too(15, "auditor-in-batumi", &[Role::Auditor], "GE/Batumi");
        let served = Served::of(world, 100_000);
        let order = submitted(&served);
        assert_eq!(sign(&served, "approver", &order, SignerRole::Approver, &[]).status, 202);
        let id = order["order_id"].as_str().unwrap().to_owned();
        let serial = served.world.play_ca(id.parse().unwrap(), vec![0x30, 0x00]).to_string();
        let application = order["application"].as_str().unwrap().to_owned();
        let post = |name: &str, path: &str, body: serde_json::Value| {
            let reply = served.ask(served.world.officer(name), "POST", path, Some(&body));
            assert!(reply.status < 300, "{path} {reply:?}");
            reply.json()
        };
        // A draft with a signed copy; a request about the certificate; an officer-to-be.
        let officer = "registration-officer";
        let draft = post(officer, "/applications", serde_json::to_value(person()).unwrap());
        let copied = draft["id"].as_str().unwrap().to_owned();
        let agreement = format!("/applications/{copied}/agreement");
        let document = served.ask(served.world.officer(officer), "GET", &format!("{agreement}.pdf"), None);
        let sha256 = Sha256Digest::of(&document.body).to_string();
        post(officer, &agreement, json!({ "sha256": sha256, "accepted": "2026-11-23" }));
        // The beginning of a JPEG.
        post(officer, &format!("{agreement}/copy"), json!({ "content": "/9j/4CBhIHNjYW4=" }));
        // The same file as a copy of evidence.
        let evidence = json!({ "type": "identity-document", "content": "/9j/4CBhIHNjYW4=" });
        let attached = post(officer, &format!("/applications/{copied}/attachments"), evidence);
        let attached = attached["attachments"][0]["sha256"].as_str().unwrap().to_owned();
        let suspend = json!({ "kind": "suspend", "channel": "in-person", "note": "x" });
        post("revocation-officer", &format!("/certificates/{serial}/orders"), suspend);
        post(
            "security-officer",
            "/enrolments",
            json!({ "name": "Nino", "roles": ["approver"], "office": "GE/Batumi" }),
        );
        Self { served, application, copied, attached, order: id, serial }
    }

    /// The operation's path with what is there.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let id = match operation.path {
            path if path.starts_with("/orders") => &self.order,
            path if path.ends_with("/copy") || path.contains("/attachments") => &self.copied,
            _ => &self.application,
        };
        let path = operation.path.replace("{id}", id).replace("{serial}", &self.serial);
        let path = path.replace("{sha256}", &self.attached);
        path.replace("{name}", "sign").replace("{identifier}", "01001012345")
    }

    /// The head office's officer with this role's letter.
    pub(crate) fn officer(&self, letter: char) -> &TestOfficer {
        self.served.world.officer(role(letter))
    }

    /// The same of the other office.
    pub(crate) fn in_batumi(&self, letter: char) -> &TestOfficer {
        self.served.world.officer(match letter {
            'S' => "security-officer-in-batumi",
            'R' => "registration-officer-in-batumi",
            'A' => "approver-in-batumi",
            'V' => "revocation-officer-in-batumi",
            'U' => "auditor-in-batumi",
            other => panic!("nobody in Batumi is {other}"),
        })
    }
}

/// The role of a letter.
pub(crate) fn role(letter: char) -> &'static str {
    ndoba_testkit::ROLES.iter().find(|(one, _)| *one == letter).unwrap().1
}
