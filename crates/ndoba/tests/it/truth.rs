//! Revocation reaches everyone: on the node that decides it with the commit's return, on another within its next look;
//! and what was revoked is never good again (design §6).

use std::fs;
use std::net::TcpListener;

use crate::installation::{Engine, Installation};

impl Installation {
    /// What the node at `address` says about a certificate for signatures.
    fn said_at(&self, address: &str, serial: &str) -> String {
        let url = format!("http://{address}/ocsp");
        self.openssl(&[
            "ocsp",
            "-no_nonce",
            "-url",
            &url,
            "-issuer",
            "pki/signature.pem",
            "-verify_other",
            "pki/signature.pem",
            "-CAfile",
            "pki/root.pem",
            "-serial",
            &format!("0x{serial}"),
        ])
    }

    /// A second public node with a state of its own on the same database; its address.
    fn configure_second(&self) -> String {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (public, tls, operator) = (free(), free(), free());
        let mut text = String::from("");
        for line in self.read_text("ndoba.toml").lines() {
            let line = match line.split(" = ").next().unwrap() {
                "roles" => "roles = [\"public\"]\nnode = 7".to_owned(),
                "public" => format!("public = \"{public}\""),
                "public_tls" => format!("public_tls = \"{tls}\""),
                "operator" => format!("operator = \"{operator}\""),
                // The other node asks for the responders' certificates.
                "enrolment" | "officers" => continue,
                "[database]" => {
                    "[paths]\nwitness = \"witness-7\"\njournal = \"journal-7\"\n\n[database]".to_owned()
                }
                _ => line.to_owned(),
            };
            text += &(line + "\n");
        }
        fs::write(self.file("second.toml"), text).unwrap();
        fs::create_dir(self.file("journal-7")).unwrap();
        fs::create_dir(self.file("witness-7")).unwrap();
        fs::copy(self.file("witness/ocsp.json"), self.file("witness-7/ocsp.json")).unwrap();
        public
    }
}

#[test]
fn two_nodes_see_a_revocation_and_never_forget_it() {
    let here = Installation::on(Engine::Postgresql);
    let second = here.configure_second();
    let first = here.public().to_string();
    let serving = here.serve(None);
    let mut beside = here.start("second.toml", None);
    here.await_address(&mut beside, second.parse().unwrap());
    let mut serials = Vec::new();
    for number in 0..3 {
        let serial = here.issue(&format!("0100100060{number}"));
        // Kept in the memory of both.
        for address in [&first, &second] {
            assert!(here.said_at(address, &serial).contains(": good"));
        }
        assert!(here.revoke(&serial).status.success());
        let said = here.said_at(&first, &serial);
        assert!(said.contains(": revoked"), "with the commit's return: {said}");
        here.await_that("the other node", || here.said_at(&second, &serial).contains(": revoked"));
        serials.push(serial);
        // Whatever happens to others, it stays so.
        for serial in &serials {
            for address in [&first, &second] {
                let said = here.said_at(address, serial);
                assert!(said.contains(": revoked") && !said.contains("Status times invalid"), "{said}");
            }
        }
    }
    drop((serving, beside));
}
