use super::authority_info_access::{URI, is_url};
use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "crl-distribution-points",
    clause: "EN 319 412-2 GEN-4.3.11; RFC 5280 §4.2.1.13; C-32, C-34, C-112",
    about: "where the CRL is, over HTTP; none in a root's, a responder's or a certificate without revocation",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let revocable = certificate.extension(oid::NO_REV_AVAIL).is_none();
    let wanted = revocable && !matches!(context.kind, CertificateKind::Root | CertificateKind::OcspResponder);
    match certificate.extension(oid::CRL_DISTRIBUTION_POINTS) {
        None if wanted => report.decision("no cRLDistributionPoints", None),
        None => {}
        Some(extension) if !wanted && context.kind != CertificateKind::Root => {
            report
                .decision("a certificate of this kind has no cRLDistributionPoints", extension.place.clone());
        }
        Some(extension) => {
            let points =
                extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
            if points.iter().filter_map(url).any(|url| !is_url(url)) {
                report.error("an address has octets that no URL has", extension.place.clone());
            }
            let well_formed = |point: &Tlv<'_>| {
                let fields = fields(point);
                !fields.is_empty() && der::are_fields(&fields, &[0xa0, 0x81, 0xa2]) && has_one_name(&fields)
            };
            if points.is_empty() || !points.iter().all(well_formed) {
                report.error("malformed cRLDistributionPoints", extension.place.clone());
            }
            if let Some(crl) = context.crl
                && !points.iter().map(url).eq([Some(crl.as_bytes())])
            {
                report.decision(
                    "it names another list than the one that it will be on",
                    extension.place.clone(),
                );
            }
            let has_http = points.iter().filter_map(url).any(|url| url.starts_with(b"http://"));
            if !has_http {
                report.decision("no http address of the CRL", extension.place.clone());
            }
            if points.iter().any(|point| fields(point).iter().any(|field| field.tag != 0xa0)) {
                report.decision(
                    "a distribution point has reasons or another issuer: there are no such CRLs",
                    extension.place.clone(),
                );
            }
        }
    }
}

fn fields<'a>(point: &Tlv<'a>) -> Vec<Tlv<'a>> {
    point.children_of(der::SEQUENCE).unwrap_or_default()
}

/// DistributionPointName is a CHOICE: one value, within the tag that stands for it.
fn has_one_name(fields: &[Tlv<'_>]) -> bool {
    let name = fields.iter().find(|field| field.tag == 0xa0);
    name.is_none_or(|name| name.children().is_ok_and(|choices| choices.len() == 1))
}

/// DistributionPoint { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } } }: the first of them.
fn url<'a>(point: &Tlv<'a>) -> Option<&'a [u8]> {
    let name = fields(point).first()?.children_of(0xa0)?;
    let full = name.first()?.children_of(0xa0)?;
    full.first().filter(|general| general.tag == URI).map(|general| general.content)
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, distribution_point, tlv};

    #[test]
    fn absent_empty_and_https_only() {
        let mut sample = Sample::person();
        // TLS to fetch a CRL would need a CRL (C-32).
        for bad in [
            tlv(0x30, &[]),
            distribution_point("https://pki.example.com/crl"),
            distribution_point("file:///crl"),
        ] {
            sample.replace_extension(oid::CRL_DISTRIBUTION_POINTS, false, bad);
            sample.must_find("crl-distribution-points");
        }
        // The shard that it will be on, and no other list.
        sample.crl = Some("http://pki.example.com/crl/seal.3.crl");
        let own = distribution_point("http://pki.example.com/crl/seal.3.crl");
        sample.replace_extension(oid::CRL_DISTRIBUTION_POINTS, false, own);
        sample.must_be_clean();
        let whole = distribution_point("http://pki.example.com/crl/seal.crl");
        sample.replace_extension(oid::CRL_DISTRIBUTION_POINTS, false, whole);
        sample.must_find("crl-distribution-points");
        sample.remove_extension(oid::CRL_DISTRIBUTION_POINTS);
        sample.must_find("crl-distribution-points");
        let mut responder = Sample::responder();
        responder.add_extension(
            oid::CRL_DISTRIBUTION_POINTS,
            false,
            distribution_point("http://pki.example.com/crl"),
        );
        responder.must_find("crl-distribution-points");
    }
}
