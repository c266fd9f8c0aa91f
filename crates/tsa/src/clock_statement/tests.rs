use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;
use proptest::prelude::*;

use super::*;

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::EcdsaP256Sha256;

fn key(number: u8) -> (SigningKey, SubjectPublicKeyInfo) {
    let key = SigningKey::from_slice(&[number; 32]).unwrap();
    let spki = key.verifying_key().to_public_key_der().unwrap().into_vec();
    (key, SubjectPublicKeyInfo::assertion(spki))
}

fn statement() -> ClockStatement {
    let at: UtcTime = "2026-11-25T12:00:00.25Z".parse().unwrap();
    ClockStatement {
        installation: InstallationId::from_bytes([7; 16]),
        node: 3,
        at,
        expires: at.plus(Span::seconds(60)),
        mode: "quorum".into(),
        distrusted: None,
        measured: Some(StatedMeasure { offset_us: -120, bound_us: 2_300 }),
        sources: vec![
            StatedSource {
                server: "ntp1.example:123".into(),
                verdict: "agrees".into(),
                answer: Some(StatedAnswer { offset_us: -90, bound_us: 1_000, age_us: 4_000_000, stratum: 1 }),
            },
            StatedSource { server: "ntp2.example:123".into(), verdict: "silent".into(), answer: None },
        ],
    }
}

fn signed(statement: &ClockStatement, key: &SigningKey, spki: &SubjectPublicKeyInfo) -> Vec<u8> {
    let unsigned = statement.prepare(ALGORITHM, spki).unwrap();
    let signature: p256::ecdsa::Signature = key.sign(unsigned.message().as_bytes());
    unsigned.finish(&Signature::from_bytes(signature.to_der().as_bytes().to_vec())).unwrap()
}

#[test]
fn what_was_signed_is_read_and_nothing_else() {
    let (key, spki) = key(1);
    for distrusted in [None, Some("no-quorum".to_owned())] {
        let statement = ClockStatement { distrusted, ..statement() };
        let jws = signed(&statement, &key, &spki);
        assert_eq!(ClockStatement::verify(&jws, &spki), Ok(statement));
        assert_eq!(ClockStatement::verify(&jws, &self::key(2).1), Err(BadStatement::Invalid));
    }
}

/// What `docs/guides/clock.md` shows.
#[test]
fn the_document_as_the_guide_prints_it() {
    let (key, spki) = key(1);
    let jws: Value = serde_json::from_slice(&signed(&statement(), &key, &spki)).unwrap();
    let part =
        |name: &str| String::from_utf8(BASE64URL.decode(jws[name].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(
        part("protected"),
        format!(r#"{{"alg":"ES256","kid":"{}","typ":"ndoba-clock+jws"}}"#, spki.fingerprint())
    );
    assert_eq!(
        part("payload"),
        concat!(
            r#"{"at":"2026-11-25T12:00:00.25Z","expires":"2026-11-25T12:01:00.25Z","#,
            r#""installation":"07070707070707070707070707070707","kind":"clock-statement","#,
            r#""measured":{"bound_us":2300,"offset_us":-120},"mode":"quorum","node":3,"sources":["#,
            r#"{"answer":{"age_us":4000000,"bound_us":1000,"offset_us":-90,"stratum":1},"#,
            r#""server":"ntp1.example:123","verdict":"agrees"},"#,
            r#"{"server":"ntp2.example:123","verdict":"silent"}],"trusted":true,"v":1}"#
        )
    );
}

#[test]
fn it_is_of_the_present_for_its_time_only() {
    let statement = statement();
    let leeway = Span::seconds(5);
    let at = |seconds: i32| {
        if seconds < 0 {
            statement.at.minus(Span::seconds(seconds.unsigned_abs()))
        } else {
            statement.at.plus(Span::seconds(seconds.unsigned_abs()))
        }
    };
    for (seconds, current) in [(-6, false), (-5, true), (0, true), (65, true), (66, false)] {
        assert_eq!(statement.is_current(at(seconds), leeway), current, "{seconds}");
    }
}

/// A statement whose members contradict each other, or a signature of another kind, is none.
#[test]
fn another_document_is_no_statement() {
    let (key, spki) = key(1);
    let sign = |header: &str, payload: &str| {
        let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
        let signature: p256::ecdsa::Signature = key.sign(input.as_bytes());
        jws::assemble(&input, ALGORITHM, signature.to_der().as_bytes()).unwrap()
    };
    let header = |typ: &str| format!(r#"{{"alg":"ES256","kid":"{}","typ":"{typ}"}}"#, spki.fingerprint());
    let payload = String::from_utf8(statement().encode().unwrap()).unwrap();
    let verify = |header: &str, payload: &str| ClockStatement::verify(&sign(header, payload), &spki);
    assert_eq!(verify(&header(jws::TYPE), &payload), Ok(statement()));
    assert_eq!(verify(&header("ndoba-order+jws"), &payload), Err(BadStatement::Malformed));
    let more = header(jws::TYPE).replace("\"typ\"", "\"jku\":\"http://x\",\"typ\"");
    assert_eq!(verify(&more, &payload), Err(BadStatement::Malformed));
    for (from, to) in [
        ("\"trusted\":true", "\"trusted\":false"),
        ("\"v\":1", "\"v\":2"),
        ("\"kind\":\"clock-statement\"", "\"kind\":\"statement\""),
        ("\"node\":3", "\"node\":3,\"surprise\":1"),
        (",\"mode\"", ", \"mode\""),
    ] {
        let changed = payload.replace(from, to);
        assert_ne!(changed, payload);
        assert_eq!(verify(&header(jws::TYPE), &changed), Err(BadStatement::Malformed), "{to}");
    }
}

proptest! {
    #[test]
    fn a_changed_octet_never_passes_and_never_panics(place in 0..900_usize, octet in any::<u8>()) {
        let (key, spki) = key(1);
        let jws = signed(&statement(), &key, &spki);
        let mut changed = jws.clone();
        let place = place % changed.len();
        changed[place] = octet;
        if changed != jws {
            prop_assert!(ClockStatement::verify(&changed, &spki).is_err());
        }
    }

    #[test]
    fn foreign_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = ClockStatement::verify(&octets, &key(1).1);
    }
}
