use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::der::Tlv;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "public-key",
    clause: "TS 119 312 Table 2; RFC 5480, RFC 8410; C-80",
    about: "a key of a listed kind whose octets fit its parameters; EC points uncompressed, on a named curve",
    effective: edition::RFC_5280,
    check,
};

/// Named curves and the octets of a coordinate: P-256, P-384, P-521, and brainpoolP256r1, P384r1, P512r1 (RFC 5639).
const CURVES: [(&str, usize); 6] = [
    ("1.2.840.10045.3.1.7", 32),
    ("1.3.132.0.34", 48),
    ("1.3.132.0.35", 66),
    ("1.3.36.3.3.2.8.1.1.7", 32),
    ("1.3.36.3.3.2.8.1.1.11", 48),
    ("1.3.36.3.3.2.8.1.1.13", 64),
];

/// TS 119 312 lists the brainpool curves; few programs read them, so we certify none.
const BRAINPOOL: &str = "1.3.36.3.3.2.8.1.1.";

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    match judge(&certificate.spki, certificate.bytes) {
        Ok(()) if curve(&certificate.spki).is_some_and(|curve| curve.starts_with(BRAINPOOL)) => {
            report.decision("a brainpool curve", certificate.spki.place());
        }
        Ok(()) => {}
        Err(why) => report.error(why, certificate.spki.place()),
    }
}

/// The curve that an EC key names.
fn curve(spki: &Tlv<'_>) -> Option<String> {
    spki.children().ok()?.first()?.children().ok()?.get(1)?.oid()
}

fn judge(spki: &Tlv<'_>, document: &[u8]) -> Result<(), &'static str> {
    let parts = spki.children().map_err(|_| "malformed public key")?;
    if parts.len() != 2 {
        return Err("a public key is an algorithm and a BIT STRING");
    }
    let algorithm = parts.first().and_then(|algorithm| algorithm.children().ok()).unwrap_or_default();
    let key = parts.get(1).and_then(|bits| bits.content.strip_prefix(&[0])).ok_or("malformed public key")?;
    match algorithm.first().and_then(Tlv::oid).unwrap_or_default().as_str() {
        "1.2.840.10045.2.1" => {
            let curve = algorithm.get(1).and_then(Tlv::oid).ok_or("the curve is not named")?;
            let (_, size) =
                CURVES.iter().find(|(oid, _)| *oid == curve).ok_or("not a curve of TS 119 312")?;
            // A P-256 point under the name of P-384 is what a known encoder makes of some CSRs.
            if algorithm.len() != 2 {
                Err("an EC key's only parameter is its curve")
            } else if key.first() == Some(&4) && key.len() == 1 + 2 * size {
                Ok(())
            } else {
                Err("the point is not one of the curve it names")
            }
        }
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => match modulus_bits(spki, document) {
            Some(2048..=8192) => Ok(()),
            Some(_) => Err("RSA moduli have 2048 to 8192 bits"),
            None => Err("malformed RSA key"),
        },
        "1.3.101.112" if key.len() == 32 && algorithm.len() == 1 => Ok(()),
        "1.3.101.112" => Err("an Ed25519 key has 32 octets and no parameters"),
        _ => Err("not a key algorithm of TS 119 312"),
    }
}

/// The bits of an RSA modulus; none for other keys. `rsa-dates` asks too.
pub(super) fn modulus_bits(spki: &Tlv<'_>, document: &[u8]) -> Option<usize> {
    let (_, key) = SubjectPublicKeyInfo::from_der(document.get(spki.place())?).ok()?;
    let Ok(PublicKey::RSA(_)) = key.parsed() else { return None };
    let sequence = Tlv::whole(&key.subject_public_key.data, 0).ok()?.children().ok()?;
    let modulus = sequence.first()?.content;
    let significant = &modulus[modulus.iter().position(|octet| *octet != 0)?..];
    Some(significant.len() * 8 - usize::try_from(significant[0].leading_zeros()).ok()?)
}

#[cfg(test)]
mod tests {
    use crate::tests::{Sample, ec_key, oid, rsa_key, seq, tlv};

    #[test]
    fn other_curves_points_and_sizes() {
        let ed448 = seq(&[seq(&[oid("1.3.101.113")]), tlv(0x03, &[0; 58])]);
        for bad in [ec_key("1.3.132.0.34", 32), ec_key("1.3.132.0.10", 32), rsa_key(1024), ed448] {
            let mut sample = Sample::person();
            sample.spki = bad;
            sample.must_find("public-key");
        }
    }

    #[test]
    fn all_that_are_listed() {
        let ed25519 = seq(&[seq(&[oid("1.3.101.112")]), tlv(0x03, &[0; 33])]);
        for good in [ec_key("1.3.132.0.34", 48), ec_key("1.3.132.0.35", 66), rsa_key(3072), ed25519] {
            let mut sample = Sample::person();
            sample.spki = good;
            sample.must_be_clean();
        }
    }
}
