//! What programs that are not ours say of the running product's certificates and of their status, each following the
//! addresses in them (interop §1): GnuTLS, NSS, Java's PKIX, python-cryptography and OpenSSL by the commands of the
//! page `/pki`; easy-ocsp and pkijs in Node; an nginx that staples. Those of time-stamps are in `time_stamps::foreign`.

mod node;
mod page;
mod stapling;

use std::fs;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::installation::{Installation, Serving, Subject};

/// An installation at its own addresses, with a certificate that is good and one that is revoked: `good.pem`,
/// `revoked.pem`; and a seal's whose key may open TLS connections: `seal.pem`, `municipality.key`.
struct Stand {
    here: Installation,
    _serving: Serving,
}

impl Stand {
    /// Made once for the tests that run beside each other. The last to leave ends it.
    fn shared() -> Arc<Self> {
        static STAND: Mutex<Weak<Stand>> = Mutex::new(Weak::new());
        let mut shared = STAND.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let stand = Arc::new(Self::make());
            *shared = Arc::downgrade(&stand);
            stand
        })
    }

    fn make() -> Self {
        let here = Installation::found_at_its_addresses();
        let profiles = profiles_for_servers(&here);
        here.configure("ndoba.toml", "[listen]", &format!("[paths]\nprofiles = \"{profiles}\"\n\n[listen]"));
        let serving = here.serve(None);
        for (number, file) in [("01001000901", "good.pem"), ("01001000902", "revoked.pem")] {
            let serial = here.issue(number);
            here.download(&serial, file);
            if file == "revoked.pem" {
                assert!(here.revoke(&serial).status.success());
                here.await_listed(&serial);
            }
        }
        let seal = here.issue_to(Subject::Municipality("404123456"));
        here.download(&seal, "seal.pem");
        Self { here, _serving: serving }
    }
}

/// The profiles that ship, with a seal's key that may also authenticate (type B of EN 319 412-2 §4.3.2): a TLS server
/// takes no other. The folder's name.
fn profiles_for_servers(here: &Installation) -> &'static str {
    const FOLDER: &str = "profiles-for-servers";
    fs::create_dir(here.file(FOLDER)).unwrap();
    for line in here.must(&["profile", "list", "--config", "ndoba.toml"]).lines() {
        let name = line.split_whitespace().next().unwrap();
        let mut text = here.must(&["profile", "show", "--config", "ndoba.toml", name]);
        if name == "organisation-seal" {
            assert!(text.contains("usage = \"A\""), "{text}");
            text = text.replace("usage = \"A\"", "usage = \"B\"");
        }
        fs::write(here.file(&format!("{FOLDER}/{name}.toml")), text).unwrap();
    }
    FOLDER
}
