//! One mistake at a time in a configuration that is otherwise right.

use std::path::Path;

use crate::{Role, Settings};

const DEVELOPMENT: &str = r#"
installation = "00112233445566778899aabbccddeeff"
roles = ["registration", "ca", "public", "audit"]
[paths]
state = "state"
[database]
path = "ndoba.sqlite"
[[hsm.modules]]
path = "/usr/lib/softhsm/libsofthsm2.so"
[[hsm.modules.tokens]]
name = "one"
label = "ndoba-one"
pin = { file = "pins/one.pin" }
[[cas]]
name = "signature"
token = "one"
key = "signature/ca/1"
algorithm = "ecdsa-p384-sha384"
certificate = "pki/signature.pem"
[cas.ocsp]
token = "one"
key = "signature/ocsp/1"
certificate = "pki/signature-ocsp.pem"
[[tsa.units]]
name = "tsu"
token = "one"
key = "tsu/tsu/1"
certificate = "pki/tsu.pem"
chain = ["pki/time-stamping.pem"]
[clock]
mode = "trusted-host-clock"
[audit]
token = "one"
key = "audit/seal/1"
[data_key]
token = "one"
key = "registration/data/1"
[listen]
public = "127.0.0.1:8080"
officers = "127.0.0.1:8443"
operator = "127.0.0.1:9090"
[tls]
officers_certificate = "tls/officers.pem"
officers_key = "tls/officers.key"
officers_client_ca = "tls/ca.pem"
"#;

const PRODUCTION: &str = r#"
installation = "00112233445566778899aabbccddeeff"
mode = "production"
roles = ["public"]
[database]
engine = "postgresql"
url_file = "database.url"
[[hsm.modules]]
path = "/opt/hsm/libhsm.so"
[[hsm.modules.tokens]]
name = "tsa"
slot = 4
pin = { credential = "tsa" }
[[tsa.units]]
name = "tsu"
token = "tsa"
key = "tsu/tsu/1"
certificate = "pki/tsu.pem"
[clock]
servers = ["a", "b:124", "[::1]:125"]
[listen]
public = "0.0.0.0:80"
operator = "127.0.0.1:9090"
[policies]
sign_qscd = "1.2.1"
seal_qscd = "1.2.2"
sign = "1.2.3"
seal = "1.2.4"
time_stamp = "1.2.5"
ocsp = "1.2.6"
tsu = "1.2.7"
issuing_ca = "1.2.8"
"#;

fn load(text: &str) -> Result<Settings, String> {
    Settings::from_toml(text, Path::new("/etc/ndoba/ndoba.toml")).map_err(|error| error.to_string())
}

#[test]
fn both_are_right_as_they_stand() {
    let settings = load(DEVELOPMENT).unwrap();
    assert!(settings.roles.has(Role::Ca) && settings.roles.iter().count() == 4);
    assert_eq!(settings.paths.witness, Path::new("/etc/ndoba/state/witness"));
    assert_eq!(settings.cas[0].certificate, Path::new("/etc/ndoba/pki/signature.pem"));
    assert_eq!(settings.tsa.units[0].policy.to_string(), "2.999.1.5");
    let settings = load(PRODUCTION).unwrap();
    assert_eq!(settings.tsa.units[0].policy.to_string(), "1.2.5");
    let servers: Vec<_> = settings.clock.servers.iter().map(|s| (s.host.as_str(), s.port)).collect();
    assert_eq!(servers, [("a", 123), ("b", 124), ("::1", 125)]);
}

#[test]
fn every_mistake_is_named_by_its_key() {
    let mistakes: &[(&str, &str, &str, &str)] = &[
        (DEVELOPMENT, "0011", "00g1", "installation"),
        (DEVELOPMENT, "\"audit\"]", "\"auditor\"]", "roles"),
        (DEVELOPMENT, "path = \"ndoba.sqlite\"", "", "database.path"),
        (DEVELOPMENT, "name = \"one\"", "name = \"two\"", "cas.0.token"),
        (DEVELOPMENT, "label = \"ndoba-one\"", "", "hsm.modules.0.tokens.0"),
        (DEVELOPMENT, "{ file = \"pins/one.pin\" }", "{ fd = 1 }", "hsm.modules.0.tokens.0.pin"),
        (
            DEVELOPMENT,
            "{ file = \"pins/one.pin\" }",
            "{ fd = 3, credential = \"x\" }",
            "hsm.modules.0.tokens.0.pin",
        ),
        (DEVELOPMENT, "name = \"signature\"", "name = \"../x\"", "cas.0.name"),
        (DEVELOPMENT, "\"signature/ca/1\"", "\"signature/ocsp/1\"", "cas.0.key"),
        (DEVELOPMENT, "\"ecdsa-p384-sha384\"", "\"ecdsa\"", "cas.0.algorithm"),
        (
            DEVELOPMENT,
            "[cas.ocsp]",
            "[cas.crl]\npublish_every = \"24h\"\n[cas.ocsp]",
            "cas.0.crl.publish_every",
        ),
        (DEVELOPMENT, "[cas.ocsp]", "[cas.crl]\nshards = 1\n[cas.ocsp]", "cas.0.crl.shards"),
        (DEVELOPMENT, "[cas.ocsp]", "[cas.crl]\nshards = 65\n[cas.ocsp]", "cas.0.crl.shards"),
        (
            DEVELOPMENT,
            "[clock]",
            "[[cas]]\nname = \"root\"\ncertificate = \"pki/root.pem\"\n[cas.crl]\nshards = 4\n[clock]",
            "cas.1.crl.shards",
        ),
        (DEVELOPMENT, "[cas.ocsp]", "[cas.ocsp]\nresponder_id = \"by-mail\"", "cas.0.ocsp.responder_id"),
        (DEVELOPMENT, "[cas.ocsp]", "[cas.ocsp]\nenrolment = \"signature/ocsp/2\"", "cas.0.ocsp.key"),
        (DEVELOPMENT, "[cas.ocsp]", "[cas.ocsp]\nknown_probes = [\"6372\"]", "cas.0.ocsp.known_probes"),
        (DEVELOPMENT, "[clock]", "[limits]\nocsp_cache = \"0B\"\n[clock]", "limits.ocsp_cache"),
        (DEVELOPMENT, "name = \"tsu\"", "name = \"clock\"", "tsa.units.0.name"),
        (DEVELOPMENT, "name = \"tsu\"", "name = \"tsu\"\naccuracy = \"2s\"", "tsa.units.0.accuracy"),
        (DEVELOPMENT, "name = \"tsu\"", "name = \"tsu\"\nverify = \"never\"", "tsa.units.0.verify"),
        (DEVELOPMENT, "name = \"tsu\"", "name = \"tsu\"\npolicy = \"9.9\"", "tsa.units.0.policy"),
        (DEVELOPMENT, "[data_key]\ntoken = \"one\"", "[data_key]", "data_key.token"),
        (DEVELOPMENT, "[data_key]\ntoken = \"one\"", "[data_key]\ntoken = \"two\"", "data_key.token"),
        (DEVELOPMENT, "key = \"registration/data/1\"", "", "data_key.key"),
        (DEVELOPMENT, "\"registration/data/1\"", "\"registration/seal/1\"", "data_key.key"),
        (DEVELOPMENT, "[clock]", "[clock]\npoll = \"900ms\"", "clock.poll"),
        (DEVELOPMENT, "[clock]", "[clock]\ntoken = \"t\"", "clock.key"),
        (DEVELOPMENT, "[clock]", "[clock]\nkey = \"tsa/clock/1\"", "clock.token"),
        (DEVELOPMENT, "[clock]", "[clock]\ntoken = \"t\"\nkey = \"tsu/tsu/1\"", "clock.key"),
        (DEVELOPMENT, "[clock]", "[clock]\ntoken = \"no such\"\nkey = \"tsa/clock/1\"", "clock.token"),
        (DEVELOPMENT, "[clock]", "[clock]\npoll = \"61s\"", "clock.max_age"),
        (
            DEVELOPMENT,
            "mode = \"trusted-host-clock\"",
            "mode = \"disciplined\"\nkernel = \"warn\"",
            "clock.servers",
        ),
        (DEVELOPMENT, "[[tsa.units]]", "[tsa]\nseal_after = \"0s\"\n[[tsa.units]]", "tsa.seal_after"),
        (DEVELOPMENT, "[[tsa.units]]", "[tsa]\njournal = \"relaxed\"\n[[tsa.units]]", "tsa.journal"),
        (
            DEVELOPMENT,
            "name = \"tsu\"",
            "name = \"tsu\"\nqualified = false\nclaim_eu_qtst = true",
            "tsa.units.0.claim_eu_qtst",
        ),
        (
            DEVELOPMENT,
            "[[tsa.units]]",
            "[[tsa.units]]\nname = \"other\"\nqualified = false\ntoken = \"one\"\nkey = \"other/tsu/1\"\n\
             certificate = \"pki/tsu.pem\"\n[[tsa.units]]",
            "tsa.units.1.certificate",
        ),
        (DEVELOPMENT, "key = \"audit/seal/1\"", "", "audit.key"),
        (DEVELOPMENT, "public = \"127.0.0.1:8080\"", "public = \"localhost:8080\"", "listen.public"),
        (DEVELOPMENT, "officers_key = \"tls/officers.key\"", "", "tls.officers_key"),
        (DEVELOPMENT, "[listen]", "[urls]\npds_url = \"http://x\"\n[listen]", "urls.pds_url"),
        (DEVELOPMENT, "[listen]", "[urls]\npublic_url = \"https://x\"\n[listen]", "urls.public_url"),
        (DEVELOPMENT, "[listen]", "[legal]\nretention_years = 5\n[listen]", "legal.retention_years"),
        (DEVELOPMENT, "[listen]", "[legal]\nidentity_max_age = \"36h\"\n[listen]", "legal.identity_max_age"),
        (DEVELOPMENT, "[listen]", "[limits]\ntsp_request = \"big\"\n[listen]", "limits.tsp_request"),
        (PRODUCTION, "[\"public\"]", "[\"public\", \"ca\"]", "roles"),
        (PRODUCTION, "/opt/hsm/libhsm.so", "/usr/lib/softhsm/libsofthsm2.so", "hsm.modules.0.path"),
        (PRODUCTION, "[clock]", "[clock]\nmode = \"trusted-host-clock\"", "clock.mode"),
        (PRODUCTION, "[clock]", "[clock]\nkernel = \"off\"", "clock.kernel"),
        (PRODUCTION, "\"a\", ", "", "clock.quorum"),
        (PRODUCTION, "servers = [\"a\", \"b:124\", \"[::1]:125\"]", "", "clock.servers"),
        (PRODUCTION, "operator = \"127.0.0.1", "operator = \"0.0.0.0", "listen.operator"),
        (PRODUCTION, "\"1.2.8\"", "\"2.999.1.8\"", "policies.issuing_ca"),
    ];
    for (text, right, wrong, key) in mistakes {
        assert!(text.contains(right), "{right}");
        let reason = load(&text.replacen(right, wrong, 1)).expect_err(wrong);
        assert!(reason.starts_with(&format!("/etc/ndoba/ndoba.toml: {key}: ")), "{wrong}: {reason}");
    }
}
