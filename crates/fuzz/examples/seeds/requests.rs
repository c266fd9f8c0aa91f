//! Questions about certificates and requests for time-stamps, by `openssl`.

use std::fs;

use ndoba_x509::{PemLabel, to_pem};

use super::{Outcome, Seeds, testdata};

const QUESTIONS: [(&str, &str); 6] = [
    ("sha1", "-serial 0x5a -no_nonce"),
    ("sha256", "-sha256 -serial 0x5a -no_nonce"),
    ("sha384", "-sha384 -serial 0x00abcdef0123456789abcdef01234567 -no_nonce"),
    ("sha512", "-sha512 -serial 1 -no_nonce"),
    ("nonce", "-sha256 -serial 0x5a -nonce"),
    ("several", "-sha256 -serial 0x5a -serial 0x5b -serial 0x5c -nonce"),
];

const QUERIES: [(&str, &str); 8] = [
    ("sha256", "-sha256"),
    ("sha384", "-sha384 -cert"),
    ("sha512", "-sha512 -cert -no_nonce"),
    ("sha3-256", "-sha3-256 -cert"),
    ("sha3-512", "-sha3-512"),
    ("sha1", "-sha1"),
    ("policy", "-sha256 -tspolicy 0.4.0.2023.1.1 -cert"),
    ("other-policy", "-sha256 -tspolicy 1.2.3.4.5"),
];

pub(super) fn make(seeds: &Seeds) -> Outcome {
    fs::write(seeds.work.join("ca.pem"), to_pem(PemLabel::Certificate, &testdata("ca.der")?))?;
    for (name, how) in QUESTIONS {
        // The hash must be named before the serial numbers it is for.
        let how = how.replace("-serial", "-issuer ca.pem -serial").replacen("-issuer ca.pem ", "", 1);
        let (hash, rest) = how.split_once("-serial").ok_or("a question has serial numbers")?;
        seeds.openssl(&format!("ocsp {hash} -issuer ca.pem -serial {rest} -reqout q.der"))?;
        seeds.add_file("ocsp_request", name, "q.der")?;
        seeds.openssl("base64 -A -in q.der -out q.txt")?;
        let path = format!("/{}", fs::read_to_string(seeds.work.join("q.txt"))?.trim());
        seeds.add("ocsp_path", name, path.as_bytes())?;
        let escaped = path.replacen('/', "", 1).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        seeds.add("ocsp_path", &format!("{name}-escaped"), format!("/{escaped}").as_bytes())?;
    }
    fs::write(seeds.work.join("data"), "what is stamped")?;
    for (name, how) in QUERIES {
        seeds.openssl(&format!("ts -query -data data {how} -out q.der"))?;
        seeds.add_file("tsp_request", name, "q.der")?;
    }
    Ok(())
}
