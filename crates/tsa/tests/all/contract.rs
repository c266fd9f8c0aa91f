//! The token as another parser sees it, and the requests of the contract table (interop §3).

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier};
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _, Reader as _, SliceReader};
use ndoba_tsa::{BadUnit, Facts, Outcome, Rejection, SerialSource, Step, Unit, UnitParts};
use ndoba_types::{CertifiedTime, SigningKey as _, Span, TimeUnavailable};
use sha2::{Digest as _, Sha256};

use crate::fixture::{Counting, Key, NOW, PKI, Service, at, unit, unit_parts};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [vec![tag, u8::try_from(content.len()).unwrap()], content].concat()
}

/// SHA-256 request with further fields.
fn request(fields: &[&[u8]]) -> Vec<u8> {
    let oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let imprint = tlv(0x30, &[&tlv(0x30, &[&oid, &[5, 0]]), &tlv(0x04, &[&[0xaa; 32]])]);
    tlv(0x30, &[&[2, 1, 1], &imprint, &fields.concat()])
}

/// The elements of a constructed element's content.
fn children(content: &[u8]) -> Vec<Any> {
    let mut reader = SliceReader::new(content).unwrap();
    let mut all = Vec::new();
    while !reader.is_finished() {
        all.push(Any::decode(&mut reader).unwrap());
    }
    all
}

struct Token {
    signed_data: SignedData,
    /// The fields of TSTInfo.
    info: Vec<Any>,
    info_der: Vec<u8>,
}

fn token(response: &[u8]) -> Token {
    let outer = Any::from_der(response).unwrap();
    let [status, token] = children(outer.value()).try_into().unwrap();
    assert_eq!(status.to_der().unwrap(), [0x30, 3, 2, 1, 0], "granted and nothing else");
    let token = token.to_der().unwrap();
    let content = ContentInfo::from_der(&token).unwrap();
    assert_eq!(content.to_der().unwrap(), token, "already DER: sorted, minimal");
    let signed_data: SignedData = content.content.decode_as().unwrap();
    let info_der =
        signed_data.encap_content_info.econtent.as_ref().unwrap().decode_as::<OctetString>().unwrap();
    let info_der = info_der.as_bytes().to_vec();
    let info = children(Any::from_der(&info_der).unwrap().value());
    Token { signed_data, info, info_der }
}

fn stamped(fields: &[&[u8]]) -> Token {
    let reply = Service::new(unit_parts()).stamp(&request(fields));
    assert!(matches!(reply.outcome, Outcome::Granted(_)), "{:?}", reply.outcome);
    token(&reply.response)
}

#[test]
fn signed_data_as_the_profile_wants_it() {
    let token = stamped(&[&[1, 1, 0xff]]);
    let data = &token.signed_data;
    assert_eq!(data.version, cms::content_info::CmsVersion::V3);
    assert_eq!(data.encap_content_info.econtent_type.to_string(), "1.2.840.113549.1.9.16.1.4");
    assert_eq!(data.signer_infos.0.len(), 1);
    let signer = data.signer_infos.0.get(0).unwrap();
    let certificate = PKI.der("tsu.pem");
    let parsed = x509_cert::Certificate::from_der(&certificate).unwrap();
    let SignerIdentifier::IssuerAndSerialNumber(id) = &signer.sid else { panic!("{:?}", signer.sid) };
    assert_eq!(&id.serial_number, parsed.tbs_certificate().serial_number());
    assert_eq!(&id.issuer, parsed.tbs_certificate().issuer());

    let attributes = signer.signed_attrs.as_ref().unwrap();
    let value = |oid: &str| {
        let oid = ObjectIdentifier::new_unwrap(oid);
        let found = attributes.iter().find(|attribute| attribute.oid == oid).unwrap();
        assert_eq!(found.values.len(), 1);
        found.values.get(0).unwrap().to_der().unwrap()
    };
    assert_eq!(attributes.len(), 3);
    assert_eq!(value("1.2.840.113549.1.9.4"), tlv(0x04, &[&Sha256::digest(&token.info_der)]));
    // signingCertificateV2: one ESSCertIDv2 without hashAlgorithm, with issuerSerial (K-T08).
    let signing = value("1.2.840.113549.1.9.16.2.47");
    let certs =
        children(&children(Any::from_der(&signing).unwrap().value())[0].clone().to_der().unwrap()[2..]);
    assert_eq!(certs.len(), 1);
    let [hash, issuer_serial] = children(certs[0].value()).try_into().unwrap();
    assert_eq!(hash.to_der().unwrap(), tlv(0x04, &[&Sha256::digest(&certificate)]));
    assert_eq!(
        children(issuer_serial.value())[1].to_der().unwrap(),
        parsed.tbs_certificate().serial_number().to_der().unwrap()
    );
}

#[test]
fn certificates_exactly_when_asked_for() {
    for fields in [&[][..], &[&[1, 1, 0][..]]] {
        assert!(stamped(fields).signed_data.certificates.is_none());
    }
    let token = stamped(&[&[1, 1, 0xff]]);
    let mut found: Vec<_> = token
        .signed_data
        .certificates
        .unwrap()
        .0
        .iter()
        .map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().unwrap(),
            CertificateChoices::Other(_) => panic!(),
        })
        .collect();
    let mut expected = vec![PKI.der("tsu.pem"), PKI.der("issuing.pem")];
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "without the root");
}

#[test]
fn tst_info_field_by_field() {
    let nonce = [0x02, 0x02, 0xff, 0x01];
    let token = stamped(&[&nonce]);
    let fields: Vec<_> = token.info.iter().map(|field| field.to_der().unwrap()).collect();
    let [version, policy, imprint, serial, time, accuracy, echoed] = fields.as_slice() else {
        panic!("{fields:02x?}")
    };
    assert_eq!(version, &[2, 1, 1]);
    assert_eq!(policy, &[0x06, 4, 0x88, 0x37, 1, 5]);
    assert_eq!(imprint, &request(&[])[5..]);
    assert!(serial.len() == 22 && serial[2] & 0x80 == 0 && serial[2] != 0, "positive, 20 octets");
    assert_eq!(time, &tlv(0x18, &[b"20261123120000.123Z"]));
    assert_eq!(accuracy, &[0x30, 3, 2, 1, 1]);
    assert_eq!(echoed, &nonce);
}

#[test]
fn nonces_are_echoed_octet_for_octet() {
    for content in [&[0x00][..], &[0xff], &[0x80], &[0x00, 0xff], &[0x7f; 20], &[0x81; 20], &[0x11; 64]] {
        let nonce = tlv(0x02, &[content]);
        let token = stamped(&[&nonce]);
        assert_eq!(token.info.last().unwrap().to_der().unwrap(), nonce);
    }
    assert_eq!(stamped(&[]).info.len(), 6, "absent stays absent");
}

#[test]
fn declared_accuracy_is_what_the_unit_says() {
    for (accuracy, der) in [
        (Span::millis(500), &[0x30, 4, 0x80, 2, 0x01, 0xf4][..]),
        (Span::micros(250_500), &[0x30, 8, 0x80, 2, 0x00, 0xfa, 0x81, 2, 0x01, 0xf4]),
        (Span::micros(100_007), &[0x30, 6, 0x80, 1, 0x64, 0x81, 1, 7]),
    ] {
        let service = Service::new(UnitParts { accuracy, ..unit_parts() });
        let token = token(&service.stamp(&request(&[])).response);
        assert_eq!(token.info[5].to_der().unwrap(), der);
    }
}

#[test]
fn the_measured_bound_is_stated_rounded_up_where_the_unit_is_set_to_it() {
    for (declared, bound, der) in [
        // 20 ms and the millisecond that genTime is cut by.
        (Span::seconds(1), Span::millis(20), &[0x30, 3, 0x80, 1, 21][..]),
        (Span::seconds(1), Span::micros(20_001), &[0x30, 3, 0x80, 1, 22]),
        (Span::seconds(1), Span::ZERO, &[0x30, 3, 0x80, 1, 1]),
        (Span::seconds(1), Span::millis(999), &[0x30, 3, 2, 1, 1]),
        // Never more than declared, even where that is no whole millisecond.
        (Span::micros(2_500), Span::micros(1_500), &[0x30, 7, 0x80, 1, 2, 0x81, 2, 0x01, 0xf4]),
    ] {
        let service = Service::new(UnitParts { measured_accuracy: true, accuracy: declared, ..unit_parts() });
        *service.clock.0.lock().unwrap() = Ok(CertifiedTime { bound, ..at(NOW) });
        let token = token(&service.stamp(&request(&[])).response);
        assert_eq!(token.info[5].to_der().unwrap(), der, "{bound:?}");
    }
}

#[test]
fn every_rejection_has_its_bytes_and_no_token() {
    let unit = unit();
    let serials = SerialSource::new(1, &Counting::default()).unwrap();
    let facts = |time| Facts { time, serial: serials.next(&Counting::default()).unwrap() };
    let good = request(&[]);
    let sha1 = tlv(
        0x30,
        &[&[2, 1, 1], &tlv(0x30, &[&tlv(0x30, &[&[6, 5, 0x2b, 14, 3, 2, 26]]), &tlv(4, &[&[0; 20]])])],
    );
    let now = Ok(at(NOW));
    let wide = Ok(CertifiedTime { bound: Span::micros(999_001), ..at(NOW) });
    let fits = CertifiedTime { bound: Span::millis(999), ..at(NOW) };
    let early = Ok(at("2025-12-31T23:59:59Z"));
    let late = Ok(at("2027-12-31T00:00:00.001Z"));
    let version_2 = [&good[..4], &[2], &good[5..]].concat();
    let policy = request(&[&[6, 3, 0x2a, 3, 4]]);
    let extension = request(&[&[0xa0, 7, 0x30, 5, 0x06, 1, 0x2a, 0x04, 0]]);
    let trailing = [good.as_slice(), &[0]].concat();
    for (request, time, bits) in [
        (&sha1, now.clone(), "03020780"),
        (&version_2, now.clone(), "03020520"),
        (&trailing, now.clone(), "03020204"),
        (&Vec::new(), now.clone(), "03020204"),
        (&good, Err(TimeUnavailable::LeapSecond), "0303010002"),
        (&good, wide, "0303010002"),
        (&policy, now.clone(), "0303000001"),
        (&extension, now, "030407000080"),
        (&good, early, "03050600000040"),
        (&good, late, "03050600000040"),
    ] {
        let Step::Done { response, rejection } = unit.begin(request, facts(time)) else { panic!("{bits}") };
        let outer = children(Any::from_der(&response).unwrap().value());
        let [status] = outer.as_slice() else { panic!("a token beside a rejection") };
        let [status, text, info] = children(status.value()).try_into().unwrap();
        assert_eq!(status.to_der().unwrap(), [2, 1, 2], "rejection");
        assert!(!text.value().is_empty(), "says what would be accepted");
        assert_eq!(hex::encode(info.to_der().unwrap()), bits, "{rejection:?}");
    }
    // The bound and the resolution together just fit (T-42); the key's last moment is its own.
    assert!(matches!(unit.begin(&good, facts(Ok(fits))), Step::Sign(..)));
    assert!(matches!(unit.begin(&good, facts(Ok(at("2027-12-31T00:00:00Z")))), Step::Sign(..)));
}

#[test]
fn equal_arguments_give_equal_bytes() {
    let unit = unit();
    let serial = SerialSource::new(1, &Counting::default()).unwrap().next(&Counting::default()).unwrap();
    let facts = Facts { time: Ok(at(NOW)), serial };
    let key = Key::new("tsu", unit.public_key());
    assert_eq!(key.label().purpose(), "tsu");
    let [first, second] = [0, 1].map(|_| match unit.begin(&request(&[]), facts.clone()) {
        Step::Sign(pending, message) => pending.finish(&key.sign_bytes(message.as_bytes())).0,
        Step::Done { rejection, .. } => panic!("{rejection:?}"),
    });
    // p256 signs deterministically (RFC 6979).
    assert_eq!(first, second);
}

#[test]
fn units_that_must_not_be() {
    let refused = |parts: UnitParts| Unit::new(parts).map(|_| ()).unwrap_err();
    let with = |name: &str| UnitParts { certificate: PKI.der(name), ..unit_parts() };
    assert_eq!(refused(with("shared.pem")), BadUnit::NotDedicated);
    assert_eq!(refused(with("issuing.pem")), BadUnit::NotDedicated);
    assert_eq!(refused(with("endless.pem")), BadUnit::KeyPeriod);
    assert_eq!(refused(UnitParts { certificate: vec![0x30, 0], ..unit_parts() }), BadUnit::Certificate);
    assert_eq!(refused(UnitParts { chain: vec![PKI.der("tsu.pem")], ..unit_parts() }), BadUnit::Chain);
    let with_root = vec![PKI.der("issuing.pem"), PKI.der("root.pem")];
    assert_eq!(refused(UnitParts { chain: with_root, ..unit_parts() }), BadUnit::Chain);
    assert_eq!(refused(UnitParts { accuracy: Span::millis(1001), ..unit_parts() }), BadUnit::Accuracy);
    let algorithm = ndoba_types::SignatureAlgorithm::EcdsaP384Sha384;
    assert_eq!(refused(UnitParts { algorithm, ..unit_parts() }), BadUnit::Algorithm);
    assert_eq!(refused(UnitParts { name: "a\"b".into(), ..unit_parts() }), BadUnit::Name);
    assert_eq!(unit().key_ends().to_string(), "2027-12-31T00:00:00Z");
    assert!(matches!(unit().begin(b"", dead()), Step::Done { rejection: Rejection::DataFormat { .. }, .. }));
}

fn dead() -> Facts {
    let serial = SerialSource::new(1, &Counting::default()).unwrap().next(&Counting::default()).unwrap();
    Facts { time: Err(TimeUnavailable::NoQuorum), serial }
}
