//! Octets sent over TLS as they are, with an officer's certificate: openssl adds nothing to them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::installation::Installation;

impl Installation {
    /// Everything that the server says to these octets until it closes the connection.
    pub(super) fn over_tls(&self, officer: &str, octets: &[u8]) -> String {
        let (pem, address) = (format!("officers/{officer}.pem"), self.officers().to_string());
        // The server closes what it refuses at once, and what it answered after `keep_alive`.
        let mut child = Command::new("timeout")
            .args(["30", "openssl", "s_client", "-quiet", "-connect", &address, "-cert", &pem, "-key", &pem])
            .args(["-CAfile", "officers/operations-ca.pem", "-verify_return_error"])
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(octets).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(input);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// The statuses of all answers in what came back.
pub(super) fn statuses(said: &str) -> Vec<u16> {
    let status = |rest: &str| rest.get(..3).and_then(|digits| digits.parse().ok());
    said.split("HTTP/1.1 ").skip(1).filter_map(status).collect()
}
