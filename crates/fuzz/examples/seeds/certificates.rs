//! Certificates, requests, lists, PEM.

use ndoba_x509::{Certificate, Crl, PemLabel, to_pem};

use super::{Outcome, Seeds, testdata};

const REQUESTS: [(&str, &str); 6] = [
    ("rsa-3072", "-newkey rsa:3072 -sha256"),
    ("rsa-1024", "-newkey rsa:1024 -sha256"),
    ("p256", "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256"),
    ("p384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha512"),
    ("p521", "-newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha512"),
    ("ed25519", "-newkey ed25519"),
];

const CARD_URIS: [(&str, &str); 5] = [
    ("token", "pkcs11:token=Nino"),
    ("escaped", "pkcs11:token=%E1%83%9C%20B;serial=00%2F1;object=officer;id=%01%AB;type=private"),
    ("pin-in-file", "pkcs11:token=Nino;object=officer?module-path=/usr/lib/a.so&pin-source=file:/run/pin"),
    ("pin-elsewhere", "pkcs11:manufacturer=A;model=M?pin-source=fd:3"),
    ("pin-value", "pkcs11:token=Nino?pin-value=1234"),
];

pub(super) fn make(seeds: &Seeds) -> Outcome {
    for (name, uri) in CARD_URIS {
        seeds.add("card_uri", name, uri.as_bytes())?;
    }
    for name in ["ca", "ocsp", "seal", "sign", "tsu"] {
        let der = testdata(&format!("{name}.der"))?;
        seeds.add("certificate", name, &der)?;
        seeds.add("lint_certificate", name, &der)?;
        seeds.add("pem", name, to_pem(PemLabel::Certificate, &der).as_bytes())?;
        let spki = Certificate::from_der(&der)?.spki().as_der().to_vec();
        seeds.add("pem", &format!("{name}-key"), to_pem(PemLabel::PublicKey, &spki).as_bytes())?;
    }
    let crl = testdata("crl.der")?;
    seeds.add("crl", "one", &crl)?;
    seeds.add("lint_crl", "one", Crl::from_der(&crl)?.tbs())?;
    seeds.add("lint_ocsp", "good", &testdata("ocsp-response.der")?)?;
    // OCSPResponse { tryLater }.
    seeds.add("lint_ocsp", "try-later", &[0x30, 0x03, 0x0a, 0x01, 0x03])?;
    seeds.add("ocsp_answer", "good", &testdata("ocsp-response.der")?)?;
    seeds.add("ocsp_answer", "try-later", &[0x30, 0x03, 0x0a, 0x01, 0x03])?;

    for (name, how) in REQUESTS {
        seeds.openssl(&format!("req -new -nodes -keyout k.pem -subj /CN=x {how} -out r.pem"))?;
        seeds.openssl("req -in r.pem -outform DER -out r.der")?;
        seeds.add_file("csr", name, "r.der")?;
    }
    seeds.add_file("csr", "pem", "r.pem")?;
    seeds.openssl("req -new -key k.pem -subj /CN=x -addext subjectAltName=DNS:example.ge -out r.pem")?;
    seeds.add_file("csr", "with-extension", "r.pem")?;

    for (name, curve) in [("p256", "P-256"), ("p384", "P-384")] {
        let how = format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve}");
        seeds.openssl(&format!(
            "req -x509 -nodes -keyout k.pem -subj /CN=officer -days 30 {how} -out c.pem"
        ))?;
        let both =
            [std::fs::read(seeds.work.join("k.pem"))?, std::fs::read(seeds.work.join("c.pem"))?].concat();
        seeds.add("identity", name, &both)?;
        seeds.openssl("x509 -in c.pem -outform DER -out c.der")?;
        seeds.add_file("certificate", &format!("self-signed-{name}"), "c.der")?;
        seeds.add_file("lint_certificate", &format!("self-signed-{name}"), "c.der")?;
    }
    Ok(())
}
