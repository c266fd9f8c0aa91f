//! What programs that are not ours say of the running product's tokens (interop §1).

use std::fs;
use std::path::Path;
use std::process::Command;

use ndoba_testkit::{Judge, node_judge};

use super::{House, must, query};
use crate::http::stamp;
use crate::program::said;

/// Runs a judge's program in the judges' Python.
fn judge(script: &str, arguments: &[&str]) -> String {
    let (python, script) =
        (Judge::python().display().to_string(), Judge::script(script).display().to_string());
    must(Path::new("."), &python, &[&[script.as_str()], arguments].concat())
}

#[test]
fn rfc3161_client_verifies_them() {
    let house = House::shared();
    let _open = house.open();
    let pki = |name: &str| house.here.file(&format!("pki/{name}.pem")).display().to_string();
    for unit in ["tsu", "rsa", "plain"] {
        let address = format!("http://{}/tsa/{unit}", house.here.public());
        let said = judge("rfc3161.py", &[&address, &pki("root"), &pki("time-stamping")]);
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

/// In JavaScript: the token is for these data, and its unit leads to the root.
#[test]
fn pkijs_verifies_them() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let pki = |name: &str| house.here.file(&format!("pki/{name}.pem")).display().to_string();
    let request = query(folder.path(), "a contract", &["-sha256", "-cert"]);
    for unit in ["tsu", "rsa", "pss", "plain"] {
        let reply = stamp(house.here.public(), &format!("/tsa/{unit}"), &request);
        fs::write(at("reply.tsr"), reply.body).unwrap();
        let judged = |data: &str, root: &str| {
            node_judge("token.mjs", &[&at("reply.tsr"), &at(data), &pki(root), &pki("time-stamping")])
        };
        let output = judged("data", "root");
        let told = said(&output);
        assert!(output.status.success() && told.contains("Z\n"), "{unit}: {told}");
        fs::write(at("other"), "another contract").unwrap();
        for (data, root) in [("other", "root"), ("data", "seal")] {
            let output = judged(data, root);
            assert!(
                !output.status.success() && said(&output).contains("refused"),
                "{unit}: {}",
                said(&output)
            );
        }
    }
}

/// Java's own signer of archives: the time-stamp lets the signature outlive its certificate.
#[test]
fn jarsigner_stamps_and_verifies_with_them() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let root = house.here.file("pki/root.pem").display().to_string();
    let store = ["-keystore", "builder.p12", "-storepass", "changeit"];
    let key = ["-alias", "builder", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=builder"];
    must(at, "keytool", &[&["-genkeypair"], &store[..], &key].concat());
    fs::copy(at.join("builder.p12"), at.join("alone.p12")).unwrap();
    let import = ["-importcert", "-noprompt", "-alias", "root", "-file", &root];
    must(at, "keytool", &[&import[..], &store].concat());
    fs::write(at.join("Program.txt"), "a program").unwrap();
    for unit in ["tsu", "rsa", "plain"] {
        must(at, "jar", &["cf", "program.jar", "Program.txt"]);
        let url = format!("http://{}/tsa/{unit}", house.here.public());
        let told = must(at, "jarsigner", &[&store[..], &["-tsa", &url, "program.jar", "builder"]].concat());
        assert!(told.contains("jar signed.") && !told.contains("invalid"), "{unit}: {told}");
        let verify = ["-verify", "-verbose", "-certs", "program.jar"];
        let told = must(at, "jarsigner", &[&store[..], &verify].concat());
        let stamped = format!("Timestamped by \"CN=TEST unit {unit}");
        assert!(told.contains("jar verified.") && told.contains(&stamped), "{unit}: {told}");
        assert!(!told.contains("invalid"), "{unit}: {told}");
        // Who does not trust the root is told so.
        let alone = ["-keystore", "alone.p12", "-storepass", "changeit"];
        let told = must(at, "jarsigner", &[&alone[..], &verify].concat());
        assert!(told.contains("TSA certificate chain is invalid"), "{unit}: {told}");
    }
}

/// Authenticode, as build systems make it: the time-stamp is a countersignature.
#[test]
fn osslsigncode_countersigns_with_them() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("program.exe"), program()).unwrap();
    let key =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
    let names = ["-subj", "/CN=builder", "-keyout", "key.pem", "-out", "builder.pem"];
    let usage = ["-addext", "extendedKeyUsage=codeSigning", "-addext", "keyUsage=critical,digitalSignature"];
    must(at, "openssl", &[&key[..], &names, &usage].concat());
    let url = format!("http://{}/tsa", house.here.public());
    let sign = ["sign", "-certs", "builder.pem", "-key", "key.pem", "-h", "sha256", "-ts", &url];
    direct(at, &[&sign[..], &["-in", "program.exe", "-out", "signed.exe"]].concat());
    let pki = |name: &str| fs::read_to_string(house.here.file(&format!("pki/{name}.pem"))).unwrap();
    fs::write(at.join("tsa.pem"), pki("root") + &pki("time-stamping")).unwrap();
    let verify = ["verify", "-in", "signed.exe", "-CAfile", "builder.pem", "-TSA-CAfile", "tsa.pem"];
    let said = direct(at, &verify);
    assert!(
        said.contains("Timestamp verified") || said.contains("Timestamp Server Signature verification: ok"),
        "{said}"
    );
}

/// Runs osslsigncode past any proxy that the environment names: it goes to loopback.
fn direct(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("osslsigncode")
        .args(arguments)
        .current_dir(at)
        .env("no_proxy", "*")
        .env_remove("http_proxy")
        .output()
        .expect("osslsigncode; run `cargo xtask setup`");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "osslsigncode {arguments:?}: {said}");
    said
}

/// The least that is a Windows program: headers, a section with one instruction, and sixteen data directories, of which
/// signing fills the fifth.
fn program() -> Vec<u8> {
    let mut image = vec![0; 0x400];
    let mut put = |at: usize, octets: &[u8]| image[at..at + octets.len()].copy_from_slice(octets);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x44, &0x014c_u16.to_le_bytes()); // i386
    put(0x46, &1_u16.to_le_bytes()); // one section
    put(0x54, &0xe0_u16.to_le_bytes()); // octets of the optional header
    put(0x56, &0x0102_u16.to_le_bytes()); // an executable for 32 bits
    put(0x58, &0x010b_u16.to_le_bytes()); // PE32
    for (offset, value) in [
        (0x10, 0x1000_u32),  // entry
        (0x1c, 0x0040_0000), // base
        (0x20, 0x1000),      // alignment of sections
        (0x24, 0x200),       // and in the file
        (0x38, 0x2000),      // size in memory
        (0x3c, 0x200),       // size of headers
        (0x5c, 16),          // data directories
    ] {
        put(0x58 + offset, &value.to_le_bytes());
    }
    put(0x58 + 0x44, &3_u16.to_le_bytes()); // a console program
    put(0x138, b".text\0\0\0");
    for (offset, value) in [(8, 1_u32), (12, 0x1000), (16, 0x200), (20, 0x200), (36, 0x6000_0020)] {
        put(0x138 + offset, &value.to_le_bytes());
    }
    put(0x200, &[0xc3]);
    image
}
