//! A whole hierarchy, judged by openssl.

use ndoba_types::SerialNumber;

use super::*;
use crate::name::{AuthorityDraft, SubjectDraft};
use crate::pem::{PemLabel, to_pem};
use crate::test_support::{Bench, TestKey, p256_key, p384_key};
use crate::{Certificate, PublicUrls, assemble, oid};

const PERSON: &str = r#"{"type":"natural-person","country":"GE","given_name":"ნინო","surname":"ბერიძე",
    "serial_number":"PNOGE-01001012345","common_name":"ნინო ბერიძე",
    "second_script":{"given_name":"Nino","surname":"Beridze","common_name":"Nino Beridze"},
    "email":"nino@example.ge"}"#;
const TOWN: &str = r#"{"type":"legal-person","country":"GE","organization":"თელავის მუნიციპალიტეტის მერია",
    "organization_identifier":"NTRGE-404123456","common_name":"თელავის მერია"}"#;
const NOW: &str = "2026-11-24T08:00:00.75Z";

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn subject(json: &str) -> Subject {
    let draft: SubjectDraft = serde_json::from_str(json).unwrap();
    draft.try_into().unwrap()
}

fn authority(common_name: &str) -> Authority {
    AuthorityDraft {
        country: "GE".into(),
        organization: "ნდობის სააგენტო".into(),
        organization_identifier: "NTRGE-202456789".into(),
        common_name: common_name.into(),
    }
    .try_into()
    .unwrap()
}

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_unsigned(&[0x5a, n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).unwrap()
}

fn urls() -> PublicUrls {
    PublicUrls {
        base: "http://pki.example.com".parse().unwrap(),
        documents: "https://pki.example.com/documents".parse().unwrap(),
    }
}

fn sign(plan: &CertificatePlan, key: &TestKey) -> Certificate {
    let tbs = plan.to_tbs();
    let der = assemble(&tbs, key.algorithm, &key.sign(&tbs));
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.tbs(), tbs);
    certificate.verify_signed_by(&key.spki).unwrap();
    certificate
}

/// A request for the key of this seed.
fn csr(seed: u8) -> VerifiedCsr {
    let key = p256_key(seed);
    let info = encode::sequence(&[&encode::integer(0), &[0x30, 0], key.spki.as_der(), &[0xa0, 0]]);
    VerifiedCsr::parse(&assemble(&info, key.algorithm, &key.sign(&info))).unwrap()
}

struct World {
    root: Certificate,
    ca: Certificate,
    ca_key: TestKey,
    issuer: IssuerFacts,
}

impl World {
    fn new() -> Self {
        let root_key = p384_key(1);
        let root = sign(
            &CertificatePlan::root(&RootRequest {
                profile: &Profile::preset("root").unwrap(),
                subject: &authority("Ndoba TEST Root CA"),
                key: &root_key.spki,
                algorithm: root_key.algorithm,
                serial: &serial(1),
                now: at(NOW),
                days: 9131,
            })
            .unwrap(),
            &root_key,
        );
        let by_root =
            IssuerFacts::from_certificate(&root, root_key.algorithm, urls().of_issuer("root").unwrap())
                .unwrap();
        let ca_key = p384_key(2);
        let request = IssueRequest {
            profile: &Profile::preset("issuing-ca").unwrap(),
            subject: &Subject::Authority(authority("Ndoba TEST Signature CA")),
            key: SubjectKey::Token(&ca_key.spki),
            issuer: &by_root,
            documents: &urls().documents,
            device_evidence: None,
            serial: &serial(2),
            now: at(NOW),
            days: 5479,
        };
        let ca = sign(&CertificatePlan::new(&request).unwrap(), &root_key);
        let issuer =
            IssuerFacts::from_certificate(&ca, ca_key.algorithm, urls().of_issuer("signature").unwrap())
                .unwrap();
        Self { root, ca, ca_key, issuer }
    }

    /// Plans with a subscriber's profile, or one of the provider's own.
    fn plan(&self, profile: &str, subject: &Subject, days: u32) -> Result<CertificatePlan, PlanError> {
        let profile = Profile::preset(profile).unwrap();
        let (csr, key) = (csr(3), p256_key(4));
        CertificatePlan::new(&IssueRequest {
            profile: &profile,
            subject,
            key: if profile.template().is_subscriber() {
                SubjectKey::Requested(&csr)
            } else {
                SubjectKey::Token(&key.spki)
            },
            issuer: &self.issuer,
            documents: &urls().documents,
            device_evidence: None,
            serial: &serial(9),
            now: at(NOW),
            days,
        })
    }

    fn issue(&self, profile: &str, subject: &Subject, days: u32) -> Certificate {
        sign(&self.plan(profile, subject, days).unwrap(), &self.ca_key)
    }

    /// A folder with `root.pem`, `ca.pem` and the leaf in both forms.
    fn bench(&self, leaf: &Certificate) -> Bench {
        let bench = Bench::new();
        bench.file("root.pem", to_pem(PemLabel::Certificate, self.root.as_der()).as_bytes());
        bench.file("ca.pem", to_pem(PemLabel::Certificate, self.ca.as_der()).as_bytes());
        bench.file("leaf.pem", to_pem(PemLabel::Certificate, leaf.as_der()).as_bytes());
        bench.file("leaf.der", leaf.as_der());
        bench
    }
}

fn verify(bench: &Bench, purpose: &str) -> String {
    let attime = at("2026-12-01T00:00:00Z").unix_seconds().to_string();
    bench.ok(&[
        "verify",
        "-x509_strict",
        "-policy_check",
        "-purpose",
        purpose,
        "-attime",
        &attime,
        "-CAfile",
        "root.pem",
        "-untrusted",
        "ca.pem",
        "leaf.pem",
    ])
}

fn text(bench: &Bench) -> String {
    bench.ok(&["x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"])
}

#[test]
fn persons_certificate_k_c10_c13_c14_c19_c23() {
    let world = World::new();
    let leaf = world.issue("person-signature", &subject(PERSON), 730);
    let bench = world.bench(&leaf);
    verify(&bench, "any");
    let text = text(&bench);
    assert!(text.contains("CN=ნინო ბერიძე,serialNumber=PNOGE-01001012345,SN=ბერიძე,GN=ნინო,C=GE"), "{text}");
    assert!(text.contains("X509v3 Key Usage: critical\n                Non Repudiation\n"), "{text}");
    assert!(
        text.contains("email:nino@example.ge, DirName:/C=GE/GN=Nino/SN=Beridze/CN=Nino Beridze"),
        "{text}"
    );
    assert!(text.contains("URI:http://pki.example.com/crl/signature.crl"), "{text}");
    assert!(text.contains("CA Issuers - URI:http://pki.example.com/issuer/signature.cer"), "{text}");
    assert!(text.contains("OCSP - URI:http://pki.example.com/ocsp"), "{text}");
    assert!(
        text.contains("Policy: 2.999.1.3\n                  CPS: https://pki.example.com/documents/cps.pdf"),
        "{text}"
    );
    assert!(text.contains("Not Before: Nov 24 08:00:00 2026 GMT"), "{text}");
    assert!(text.contains("Not After : Nov 23 07:59:59 2028 GMT"), "{text}");
    for absent in [
        "Basic Constraints",
        "Policy Mappings",
        "Name Constraints",
        "Policy Constraints",
        "Inhibit",
        "Extended",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    assert!(!leaf.is_ca());
    assert_eq!(leaf.authority_key_identifier(), Some(&world.issuer.ski.as_bytes()[..]));
    assert_eq!(leaf.issuer(), world.ca.subject());
}

/// K-C12: which string types, in which order; K-C08: qcStatements not critical.
#[test]
fn string_types_k_c12() {
    let world = World::new();
    let leaf = world.issue("person-signature", &subject(PERSON), 730);
    let parsed = world.bench(&leaf).ok(&["asn1parse", "-inform", "DER", "-in", "leaf.der"]);
    let lines: Vec<&str> = parsed.lines().collect();
    let follows = |object: &str| -> Vec<&str> {
        let pairs = lines.windows(2).filter(|pair| pair[0].trim_end().ends_with(object));
        pairs.map(|pair| if pair[1].contains("PRINTABLESTRING") { "printable" } else { "utf8" }).collect()
    };
    // Issuer, subject; subjectAltName is an octet string here.
    assert_eq!(follows(":countryName"), ["printable", "printable"]);
    assert_eq!(follows(":serialNumber"), ["printable"]);
    assert_eq!(follows(":givenName"), ["utf8"]);
    assert_eq!(follows(":surname"), ["utf8"]);
    assert_eq!(follows(":commonName"), ["utf8", "utf8"]);
    assert!(!leaf.extension(&oid::QC_STATEMENTS).unwrap().critical);
}

#[test]
fn towns_certificate() {
    let world = World::new();
    let leaf = world.issue("organisation-seal", &subject(TOWN), 365);
    let bench = world.bench(&leaf);
    verify(&bench, "any");
    let text = text(&bench);
    assert!(
        text.contains("organizationIdentifier=NTRGE-404123456,O=თელავის მუნიციპალიტეტის მერია,C=GE"),
        "{text}"
    );
    let statements = hex::encode(&leaf.extension(&oid::QC_STATEMENTS).unwrap().value);
    // QcCClegislation {"GE"}, QcType eseal, semantics of a legal person.
    for part in [
        "300e060604008e460107300413024745",
        "3013060604008e4601063009060704008e46010602",
        "060704008bec490102",
    ] {
        assert!(statements.contains(part), "{part}");
    }
}

#[test]
fn responder_and_tsu_k_c26_k_c27_k_c28() {
    let world = World::new();
    let responder = world.issue("ocsp-responder", &Subject::Authority(authority("Ndoba TEST OCSP 1")), 14);
    let bench = world.bench(&responder);
    verify(&bench, "ocsphelper");
    let text_of = text(&bench);
    assert!(text_of.contains("OCSP Signing") && text_of.contains("OCSP No Check"), "{text_of}");
    assert!(!text_of.contains("OCSP - URI") && !text_of.contains("CRL Distribution"), "{text_of}");

    let tsu = world.issue("tsu", &Subject::Authority(authority("Ndoba TEST TSU 1")), 4383);
    let bench = world.bench(&tsu);
    verify(&bench, "timestampsign");
    let text_of = text(&bench);
    assert!(
        text_of.contains("X509v3 Extended Key Usage: critical\n                Time Stamping\n"),
        "{text_of}"
    );
    assert!(
        text_of.contains("Not Before: Nov 24 08:00:00 2026 GMT, Not After: Nov 24 07:59:59 2027 GMT"),
        "{text_of}"
    );

    let ca = bench.ok(&["x509", "-in", "ca.pem", "-noout", "-text"]);
    assert!(ca.contains("CA:TRUE, pathlen:0") && ca.contains("Certificate Sign, CRL Sign"), "{ca}");
}

#[test]
fn generalized_time_from_2050_k_c24() {
    let world = World::new();
    let bench = world.bench(&world.root);
    let parsed = bench.ok(&["asn1parse", "-in", "root.pem"]);
    assert!(parsed.contains("UTCTIME           :261124080000Z"), "{parsed}");
    assert!(parsed.contains("GENERALIZEDTIME   :20511124075959Z"), "{parsed}");
}

#[test]
fn plans_are_refused() {
    let world = World::new();
    let person = subject(PERSON);
    let refused = |profile: &str, subject: &Subject, days| world.plan(profile, subject, days).unwrap_err();
    assert_eq!(refused("person-signature", &subject(TOWN), 30), PlanError::SubjectDoesNotFit);
    assert_eq!(refused("root", &person, 30), PlanError::WrongTemplate);
    assert_eq!(refused("person-signature", &person, 0), PlanError::Days { max: 1096 });
    assert_eq!(refused("person-signature", &person, 1097), PlanError::Days { max: 1096 });
    assert_eq!(refused("person-signature-qscd", &person, 30), PlanError::DeviceEvidenceMissing);
    let tsu = Subject::Authority(authority("TSU"));
    assert_eq!(refused("tsu", &tsu, 365), PlanError::Days { max: 4383 });
    let same_name = Subject::Authority(authority("Ndoba TEST Signature CA"));
    assert_eq!(refused("ocsp-responder", &same_name, 14), PlanError::IssuersName);
}

#[test]
fn nothing_outlives_its_issuer_k_c18() {
    let mut world = World::new();
    let plan = |world: &World| world.plan("person-signature", &subject(PERSON), 30);
    let end = at(NOW).floor_to_second().plus(Span::days(30)).minus(Span::seconds(1));
    world.issuer.not_after = end;
    assert!(plan(&world).is_ok());
    world.issuer.not_after = end.minus(Span::seconds(1));
    assert!(matches!(plan(&world), Err(PlanError::OutlivesIssuer { .. })));
    world.issuer.not_before = at("2027-01-01T00:00:00Z");
    assert_eq!(plan(&world), Err(PlanError::IssuerNotValid));
}

#[test]
fn a_subscribers_key_needs_a_request_and_is_taken_byte_for_byte() {
    let world = World::new();
    let (csr, profile, person) = (csr(3), Profile::preset("person-signature").unwrap(), subject(PERSON));
    let mut request = IssueRequest {
        profile: &profile,
        subject: &person,
        key: SubjectKey::Requested(&csr),
        issuer: &world.issuer,
        documents: &urls().documents,
        device_evidence: None,
        serial: &serial(9),
        now: at(NOW),
        days: 30,
    };
    let plan = CertificatePlan::new(&request).unwrap();
    assert_eq!(plan.spki(), csr.spki());
    assert_eq!(plan.to_tbs(), CertificatePlan::new(&request).unwrap().to_tbs());
    request.key = SubjectKey::Token(csr.spki());
    assert_eq!(CertificatePlan::new(&request), Err(PlanError::NoProofOfPossession));
    let own = p384_key(2);
    let profile = Profile::preset("ocsp-responder").unwrap();
    let responder = Subject::Authority(authority("OCSP"));
    let request = IssueRequest {
        profile: &profile,
        subject: &responder,
        key: SubjectKey::Token(&own.spki),
        days: 14,
        ..request
    };
    assert_eq!(CertificatePlan::new(&request), Err(PlanError::IssuersKey));
}

#[test]
fn chains_as_pkcs7() {
    let world = World::new();
    let leaf = world.issue("person-signature", &subject(PERSON), 30);
    let p7c = crate::certs_only_p7c(&[leaf.as_der(), world.ca.as_der()]);
    let bench = Bench::new();
    bench.file("chain.p7c", &p7c);
    let text = bench.ok(&["pkcs7", "-inform", "DER", "-in", "chain.p7c", "-print_certs"]);
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
}

mod lists {
    use proptest::prelude::*;

    use super::*;
    use crate::{Crl, CrlNumber, CrlPlan, RevocationReason, RevokedEntry};

    fn list(world: &World, entries: Vec<RevokedEntry>, next_update: UtcTime) -> Crl {
        shard(world, entries, next_update, &[])
    }

    fn shard(
        world: &World,
        entries: Vec<RevokedEntry>,
        next_update: UtcTime,
        addresses: &[crate::HttpUrl],
    ) -> Crl {
        let plan = CrlPlan {
            issuer: &world.issuer,
            number: CrlNumber::new(128),
            this_update: at(NOW),
            next_update,
            expired_certs_on_crl: Some(world.issuer.not_before),
            addresses,
        };
        let tbs = plan.to_tbs(entries);
        let crl = Crl::from_der(&assemble(&tbs, plan.algorithm(), &world.ca_key.sign(&tbs))).unwrap();
        crl.verify_signed_by(&world.issuer.spki).unwrap();
        crl
    }

    fn entry(n: u8, reason: RevocationReason) -> RevokedEntry {
        RevokedEntry {
            serial: serial(n),
            revoked_at: at("2026-11-24T07:00:00Z"),
            reason,
            invalidity_date: (reason == RevocationReason::KeyCompromise).then(|| at("2026-11-20T00:00:00Z")),
        }
    }

    #[test]
    fn entries_round_trip_and_openssl_agrees_k_r03() {
        let world = World::new();
        let entries: Vec<_> = (20..).zip(RevocationReason::ALL).map(|(n, reason)| entry(n, reason)).collect();
        let crl = list(&world, entries.clone(), at("2026-11-25T08:00:00Z"));
        assert_eq!(crl.entries(), entries);
        assert_eq!(crl.number(), CrlNumber::new(128));
        assert_eq!(crl.authority_key_identifier(), Some(&world.issuer.ski.as_bytes()[..]));
        assert_eq!(crl.expired_certs_on_crl(), Some(world.issuer.not_before));
        assert_eq!(crl.issuer(), &world.issuer.name);

        let bench = world.bench(&world.ca);
        bench.file("list.der", crl.as_der());
        let text =
            bench.ok(&["crl", "-inform", "DER", "-in", "list.der", "-CAfile", "ca.pem", "-noout", "-text"]);
        assert!(text.contains("verify OK"), "{text}");
        assert!(text.contains("X509v3 CRL Number: \n                128"), "{text}");
        assert!(text.contains("Key Compromise") && text.contains("Invalidity Date"), "{text}");
        // `unspecified` is said by saying nothing (C-90).
        assert_eq!(text.matches("CRL Reason Code").count(), RevocationReason::ALL.len() - 1);
    }

    #[test]
    fn openssl_reads_what_a_shard_is_of_and_so_do_we() {
        let world = World::new();
        let addresses = ["http://pki.example.com/crl/seal.3.crl", "http://old.example.com/crl/seal.3.crl"]
            .map(|address| address.parse().unwrap());
        let crl = shard(&world, Vec::new(), at("2026-11-25T08:00:00Z"), &addresses);
        assert_eq!(crl.addresses(), addresses);
        let bench = Bench::new();
        bench.file("list.der", crl.as_der());
        let text = bench.ok(&["crl", "-inform", "DER", "-in", "list.der", "-noout", "-text"]);
        assert!(text.contains("X509v3 Issuing Distribution Point: critical"), "{text}");
        for address in addresses {
            assert!(text.contains(&format!("URI:{address}")), "{text}");
        }
        assert!(list(&world, Vec::new(), UtcTime::NO_END).addresses().is_empty());
    }

    #[test]
    fn the_empty_and_the_last_list_k_r08() {
        let world = World::new();
        let crl = list(&world, Vec::new(), UtcTime::NO_END);
        assert_eq!((crl.entries().len(), crl.next_update()), (0, UtcTime::NO_END));
        let bench = Bench::new();
        bench.file("list.der", crl.as_der());
        let parsed = bench.ok(&["asn1parse", "-inform", "DER", "-in", "list.der"]);
        assert!(parsed.contains("GENERALIZEDTIME   :99991231235959Z"), "{parsed}");
        let text = bench.ok(&["crl", "-inform", "DER", "-in", "list.der", "-noout", "-text"]);
        assert!(text.contains("No Revoked Certificates"), "{text}");
    }

    #[test]
    fn a_revoked_certificate_fails_verification() {
        let world = World::new();
        let leaf = world.issue("person-signature", &subject(PERSON), 30);
        let bench = world.bench(&leaf);
        let check = |bench: &Bench| {
            let attime = at("2026-11-24T09:00:00Z").unix_seconds().to_string();
            bench.openssl(&[
                "verify",
                "-crl_check",
                "-attime",
                &attime,
                "-CAfile",
                "root.pem",
                "-untrusted",
                "ca.pem",
                "-CRLfile",
                "list.pem",
                "leaf.pem",
            ])
        };
        let next = at("2026-11-25T08:00:00Z");
        bench.file("list.pem", to_pem(PemLabel::Crl, list(&world, vec![], next).as_der()).as_bytes());
        assert!(check(&bench).0);
        let revoked = list(&world, vec![entry(9, RevocationReason::Superseded)], next);
        bench.file("list.pem", to_pem(PemLabel::Crl, revoked.as_der()).as_bytes());
        let (good, text) = check(&bench);
        assert!(!good && text.contains("certificate revoked"), "{text}");
    }

    proptest! {
        #[test]
        fn no_mutation_panics(list_not_certificate: bool, position: usize, byte: u8) {
            let world = World::new();
            let der = if list_not_certificate {
                list(&world, vec![entry(1, RevocationReason::KeyCompromise)], UtcTime::NO_END).as_der().to_vec()
            } else {
                world.ca.as_der().to_vec()
            };
            let mut bad = der;
            let position = position % bad.len();
            bad[position] = byte;
            let _ = Crl::from_der(&bad).map(|crl| crl.verify_signed_by(&world.issuer.spki));
            if let Ok(certificate) = Certificate::from_der(&bad) {
                let _ = (certificate.is_ca(), certificate.key_kind(), certificate.authority_key_identifier());
                let _ = (certificate.subject_key_identifier(), certificate.subject().to_string());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Crl::from_der(&bytes), Certificate::from_der(&bytes));
        }
    }
}

#[test]
fn a_person_in_an_organisation_c24() {
    let world = World::new();
    let clerk = PERSON.replace(
        "\"email\"",
        "\"organization\":\"თელავის მერია\",\"organization_identifier\":\"NTRGE-404123456\",\"email\"",
    );
    let certificate = world.issue("person-in-organisation", &subject(&clerk), 30);
    let name = certificate.subject().to_string();
    assert!(name.contains("O=თელავის მერია, organizationIdentifier=NTRGE-404123456, GN="), "{name}");
    // It always names one, and the others never do.
    for (profile, person) in [("person-in-organisation", PERSON), ("person-signature", &clerk)] {
        let error = world.plan(profile, &subject(person), 30).unwrap_err();
        assert_eq!((error.code(), error.clause()), ("organisation-does-not-fit", "C-24"));
    }
}

#[test]
fn identifiers_of_other_kinds_than_the_profiles_c41() {
    let world = World::new();
    let traveller = PERSON.replace("PNOGE-01001012345", "PASUA-FE123456").replace("\"GE\"", "\"UA\"");
    let certificate = world.issue("person-signature", &subject(&traveller), 30);
    assert!(certificate.subject().to_string().starts_with("C=UA, "), "{}", certificate.subject());

    let narrowed = Profile::preset_file("person-signature").unwrap().to_toml().unwrap();
    let narrowed = Profile::from_toml(&format!("identifiers = [\"PNO\", \"IDC\"]\n{narrowed}")).unwrap();
    assert_ne!(narrowed.digest(), Profile::preset("person-signature").unwrap().digest());
    let check = |json: &str| rules::check_template(&narrowed, &subject(json), SubjectKey::Requested(&csr(7)));
    assert_eq!(check(PERSON), Ok(()));
    let error = check(&traveller).unwrap_err();
    assert_eq!((error.code(), error.clause()), ("identifier-does-not-fit", "C-41"));
}

#[test]
fn a_short_term_certificate_k_c29() {
    let world = World::new();
    let certificate = world.issue("person-signature-short-term", &subject(PERSON), 1);
    let has = |id: &der::asn1::ObjectIdentifier| certificate.extension(id).is_some();
    assert!(has(&oid::NO_REV_AVAIL) && has(&oid::VALIDITY_ASSURED_SHORT_TERM));
    assert!(!has(&oid::CRL_DISTRIBUTION_POINTS));
    // Inclusive of its last second it is shorter than the day within which revocations are published (C-110).
    let life = certificate.not_after().since(certificate.not_before()).as_seconds() + 1;
    assert!(life < 86_400, "{life}");
    let access = certificate.extension(&oid::AUTHORITY_INFO_ACCESS).unwrap();
    assert!(!access.value.windows(8).any(|window| window == oid::AD_OCSP.as_bytes()));
    let ordinary = world.issue("person-signature", &subject(PERSON), 30);
    assert!(certificate.is_validity_assured() && !ordinary.is_validity_assured());
    assert!(ordinary.extension(&oid::NO_REV_AVAIL).is_none());
    assert!(ordinary.extension(&oid::VALIDITY_ASSURED_SHORT_TERM).is_none());
}
