//! A web server that staples: nginx asks our responder about its certificate and hands the answer to its clients.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use super::Stand;
use crate::program::{run, said, wait_for};

/// nginx with everything of its own in a folder; killed when dropped.
struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Nginx {
    fn start(stand: &Stand) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let pem = |name: &str| fs::read_to_string(stand.here.file(name)).unwrap();
        fs::write(at("chain.pem"), pem("seal.pem") + &pem("pki/seal.pem")).unwrap();
        fs::write(at("trusted.pem"), pem("pki/root.pem") + &pem("pki/seal.pem")).unwrap();
        fs::create_dir(at("temporary")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", at("temporary")))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid {pid}; error_log {log} info;\nevents {{ }}\n\
             http {{\naccess_log off;\n{paths}server {{\nlisten {address} ssl;\n\
             ssl_certificate {chain};\nssl_certificate_key {key};\n\
             ssl_stapling on;\nssl_stapling_verify on;\nssl_trusted_certificate {trusted};\n}}\n}}\n",
            pid = at("pid"),
            log = at("error.log"),
            chain = at("chain.pem"),
            trusted = at("trusted.pem"),
            key = stand.here.file("municipality.key").display(),
        );
        fs::write(at("nginx.conf"), configuration).unwrap();
        let child = Command::new("/usr/sbin/nginx")
            .args(["-p", &at(""), "-c", &at("nginx.conf"), "-e", &at("error.log")])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx: run cargo xtask setup");
        Self { child, address, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn nginx_staples_our_answers() {
    let stand = Stand::shared();
    let nginx = Nginx::start(&stand);
    let (address, root) = (nginx.address.to_string(), stand.here.file("pki/root.pem").display().to_string());
    let connect = ["s_client", "-connect", &address, "-status", "-CAfile", &root, "-verify_return_error"];
    // nginx asks when its first client comes: that one gets no answer yet.
    let told = wait_for(|| {
        let told = said(&run(nginx.folder.path(), "openssl", &connect));
        if told.contains("OCSP Response Status: successful") {
            Ok(told)
        } else {
            Err(format!("{told}\n{}", nginx.log()))
        }
    });
    assert!(told.contains("Cert Status: good"), "{told}");
    assert!(told.contains("Verify return code: 0 (ok)"), "{told}");
    // It verified before it stapled, and found nothing to complain of.
    let complaints: Vec<String> =
        nginx.log().lines().filter(|line| line.contains("OCSP")).map(str::to_owned).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
