//! What strangers learn of certificates: OCSP and CRLs, as openssl tells them.

use super::Installation;
use crate::program::{self, eventually};

impl Installation {
    /// The CRL for signatures that is online.
    pub(crate) fn crl(&self) -> String {
        self.crl_of("signature")
    }

    /// The CRL of a CA that is online, in lower case.
    pub(crate) fn crl_of(&self, ca: &str) -> String {
        let file = format!("published/crl/{ca}.crl");
        self.openssl(&["crl", "-inform", "DER", "-noout", "-text", "-in", &file]).to_lowercase()
    }

    /// Has the certificates for signatures dealt into two shards of their list.
    pub(crate) fn deal_into_shards(&self) {
        let path = self.file("ndoba.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("[[cas]]\nname = \"signature\"\n").unwrap();
        let (section, after) = rest.split_once("[cas.ocsp]").unwrap();
        let divided = format!(
            "{before}[[cas]]\nname = \"signature\"\n{section}[cas.crl]\nshards = 2\n\n[cas.ocsp]{after}"
        );
        std::fs::write(&path, divided).unwrap();
    }

    /// The list that a certificate names, such as `signature.2`.
    pub(crate) fn list_named_by(&self, pem: &str) -> String {
        let shown = self.openssl(&["x509", "-in", pem, "-noout", "-ext", "crlDistributionPoints"]);
        let (_, list) = shown.split_once("/crl/").unwrap();
        list.trim().strip_suffix(".crl").unwrap().to_owned()
    }

    /// Waits until the CRL for signatures lists the certificate.
    #[track_caller]
    pub(crate) fn await_listed(&self, serial: &str) {
        eventually(|| self.crl().contains(serial), || format!("{serial} is not on the CRL\n{}", self.log()));
    }

    /// What OCSP says of a certificate for signatures, its signature verified.
    pub(crate) fn ocsp(&self, serial: &str) -> String {
        self.ocsp_of("signature", serial, &["-no_nonce"])
    }

    /// What OCSP says of a certificate of this CA, its signature verified; with further options.
    pub(crate) fn ocsp_of(&self, ca: &str, serial: &str, options: &[&str]) -> String {
        let (url, issuer) = (format!("http://{}/ocsp", self.public()), format!("pki/{ca}.pem"));
        let serial = format!("0x{serial}");
        let request = ["-url", &url, "-issuer", &issuer, "-serial", &serial];
        let trust = ["-verify_other", &issuer, "-CAfile", "pki/root.pem"];
        // Options first: the digest counts for the certificates named after it.
        let arguments = [&["ocsp"], options, &request, &trust].concat();
        program::said(&program::run(self.folder(), "openssl", &arguments))
    }
}
