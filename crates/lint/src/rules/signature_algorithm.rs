use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "signature-algorithm",
    clause: "TS 119 312 Table 4, RFC 4055, RFC 5758, RFC 8410; C-01, C-80",
    about: "a listed algorithm with exactly the parameters it has",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    if let Err(why) = judge(&certificate.signature) {
        report.error(why, certificate.signature.place());
    }
}

/// ecdsa-with-SHA256, -384, -512 and Ed25519: no parameters.
const WITHOUT: [&str; 4] =
    ["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", "1.3.101.112"];

/// sha256, sha384, sha512WithRSAEncryption: NULL.
const WITH_NULL: [&str; 3] = ["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13"];

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// Shared with CRLs and OCSP answers.
pub(crate) fn judge(algorithm: &Tlv<'_>) -> Result<(), &'static str> {
    let parts = algorithm.children_of(der::SEQUENCE).unwrap_or_default();
    let oid = parts.first().and_then(Tlv::oid).unwrap_or_default();
    if WITHOUT.contains(&oid.as_str()) {
        return if parts.len() == 1 {
            Ok(())
        } else {
            Err("this algorithm has no parameters, not even NULL")
        };
    }
    if WITH_NULL.contains(&oid.as_str()) {
        let null = parts.len() == 2 && parts[1].tag == der::NULL;
        return if null { Ok(()) } else { Err("an RSA PKCS#1 algorithm has NULL as its parameters") };
    }
    if oid == RSASSA_PSS {
        return parts
            .get(1)
            .and_then(pss)
            .ok_or("RSASSA-PSS wants its hash, MGF1 with the same hash, and a salt as long");
    }
    Err("not a signature algorithm of TS 119 312, Table 4")
}

/// RFC 4055 §3.1: `[0]` hash, `[1]` MGF1 with it, `[2]` salt length; the trailer is left to its default.
fn pss(parameters: &Tlv<'_>) -> Option<()> {
    let fields = parameters.children_of(der::SEQUENCE)?;
    let [hash, mask, salt] = fields[..] else { return None };
    if (hash.tag, mask.tag, salt.tag) != (0xa0, 0xa1, 0xa2) {
        return None;
    }
    let hash = Tlv::inside(hash.content, hash.end).ok()?;
    let mask = Tlv::inside(mask.content, mask.end).ok()?.children_of(der::SEQUENCE)?;
    let salt = Tlv::inside(salt.content, salt.end).ok()?.small()?;
    let length = match hash.children_of(der::SEQUENCE)?.first()?.oid()?.as_str() {
        "2.16.840.1.101.3.4.2.1" => 32,
        "2.16.840.1.101.3.4.2.2" => 48,
        "2.16.840.1.101.3.4.2.3" => 64,
        _ => return None,
    };
    let same = mask.first()?.oid()? == "1.2.840.113549.1.1.8" && mask.get(1)?.content == hash.content;
    (same && salt == length).then_some(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{Sample, oid, seq, tlv};

    #[test]
    fn parameters_and_unlisted_ones() {
        for bad in [
            seq(&[oid("1.2.840.10045.4.3.3"), tlv(0x05, &[])]),
            seq(&[oid("1.2.840.113549.1.1.11")]),
            seq(&[oid("1.2.840.113549.1.1.5"), tlv(0x05, &[])]),
            seq(&[oid("1.2.840.113549.1.1.10")]),
        ] {
            let mut sample = Sample::person();
            sample.algorithm = bad;
            sample.must_find("signature-algorithm");
        }
    }

    #[test]
    fn pss_as_rfc_4055_has_it() {
        let hash = seq(&[oid("2.16.840.1.101.3.4.2.1"), tlv(0x05, &[])]);
        let mask = seq(&[oid("1.2.840.113549.1.1.8"), hash.clone()]);
        let with_salt = |salt: u8| {
            let fields = [tlv(0xa0, &hash), tlv(0xa1, &mask), tlv(0xa2, &tlv(0x02, &[salt]))];
            seq(&[oid("1.2.840.113549.1.1.10"), seq(&fields)])
        };
        let mut sample = Sample::person();
        sample.algorithm = with_salt(32);
        sample.must_be_clean();
        sample.algorithm = with_salt(20);
        sample.must_find("signature-algorithm");
    }
}
