use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context, Jurisdiction, Scope};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "key-usage",
    clause: "EN 319 412-2 NAT-4.3.2-1 to -3, EN 319 412-3 LEG-4.3.1; C-05, C-30, requirements §2.6",
    about: "type A, B or F for subscribers and A by preference; certSign and crlSign for CAs; digitalSignature for our services",
    effective: edition::FIRST_NORMS,
    check,
};

// Bits as in RFC 5280 §4.2.1.3, bit 0 first.
const DIGITAL_SIGNATURE: u16 = 0x8000;
const NON_REPUDIATION: u16 = 0x4000;
const KEY_ENCIPHERMENT: u16 = 0x2000;
const KEY_AGREEMENT: u16 = 0x0800;
const KEY_CERT_SIGN: u16 = 0x0400;
const CRL_SIGN: u16 = 0x0200;

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::KEY_USAGE) else {
        return report.error("no keyUsage", None);
    };
    let place = extension.place.clone();
    let Some(bits) = certificate.key_usage() else {
        return report.error("malformed keyUsage", place);
    };
    const B: u16 = NON_REPUDIATION | DIGITAL_SIGNATURE;
    const CA: u16 = KEY_CERT_SIGN | CRL_SIGN;
    const KEYS: u16 = KEY_ENCIPHERMENT | KEY_AGREEMENT;
    let strangers = context.scope == Scope::Anyone;
    let fits = match context.kind {
        // A stranger's CA may sign its OCSP answers itself.
        CertificateKind::Root | CertificateKind::IssuingCa => {
            bits == CA || (strangers && bits & KEY_CERT_SIGN != 0 && bits & !(CA | B) == 0)
        }
        CertificateKind::OcspResponder => bits == DIGITAL_SIGNATURE || (strangers && bits == B),
        CertificateKind::Website => bits & DIGITAL_SIGNATURE != 0 && bits & !(DIGITAL_SIGNATURE | KEYS) == 0,
        CertificateKind::TimeStampingUnit => matches!(bits, DIGITAL_SIGNATURE | B),
        CertificateKind::NaturalPerson | CertificateKind::LegalPerson => {
            if bits != NON_REPUDIATION {
                report.warning("keyUsage other than nonRepudiation alone (type A)", place.clone());
            }
            // A, B, and F: the types that commit to content. C, D and E do not, nor need they where nothing is qualified.
            let commits = [NON_REPUDIATION, B, B | KEY_ENCIPHERMENT, B | KEY_AGREEMENT].contains(&bits);
            let others = [DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_AGREEMENT];
            let types = [others[0], others[1], others[2], others[0] | others[1], others[0] | others[2]];
            commits || (context.jurisdiction == Jurisdiction::NotQualified && types.contains(&bits))
        }
    };
    if !fits {
        report.error("keyUsage is not one that this kind of certificate may have", place);
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::finding::Severity;
    use crate::tests::{Sample, tlv};

    #[test]
    fn types_c_d_e_and_mixtures() {
        for bad in [
            tlv(0x03, &[7, 0x80]),
            tlv(0x03, &[5, 0xa0]),
            tlv(0x03, &[5, 0x20]),
            tlv(0x03, &[2, 0x44]),
            tlv(0x03, &[0]),
        ] {
            let mut sample = Sample::person();
            sample.replace_extension(oid::KEY_USAGE, true, bad);
            sample.must_find("key-usage");
        }
        let mut sample = Sample::issuing_ca();
        sample.replace_extension(oid::KEY_USAGE, true, tlv(0x03, &[1, 0x86]));
        sample.must_find("key-usage");
        sample.remove_extension(oid::KEY_USAGE);
        sample.must_find("key-usage");
    }

    #[test]
    fn type_b_is_allowed_and_remarked_upon() {
        let mut sample = Sample::person();
        sample.replace_extension(oid::KEY_USAGE, true, tlv(0x03, &[6, 0xc0]));
        let findings = sample.findings();
        assert_eq!(
            findings.iter().map(|f| (f.rule, f.severity)).collect::<Vec<_>>(),
            [("key-usage", Severity::Warning)]
        );
    }
}
