use super::*;

fn id() -> JournalId {
    JournalId { installation: InstallationId::from_bytes([0xab; 16]), node: 3 }
}

fn record(n: u8) -> JournalRecord {
    JournalRecord {
        unit: "tsu".into(),
        serial: TokenSerial::from_hex(&format!("01{n:038x}")).unwrap(),
        hash: ImprintHash::Sha256,
        digest: vec![n; 32],
        gen_time: "2026-11-23T12:00:00.25Z".parse().unwrap(),
        bound: Span::micros(1234),
    }
}

/// A segment with three records, as lines without newlines.
fn lines() -> (Chain, Vec<Vec<u8>>) {
    let (mut chain, header) = Chain::begin(id());
    let mut lines = vec![header];
    lines.extend((0..3).map(|n| chain.append(&record(n))));
    for line in &mut lines {
        assert_eq!(line.pop(), Some(b'\n'));
    }
    (chain, lines)
}

#[test]
fn a_line_is_what_the_documentation_says() {
    let (_, lines) = lines();
    let header = r#"{"installation":"abababababababababababababababab","journal":"ndoba-tsa/1","node":3,"number":0,"prev":"0000000000000000000000000000000000000000000000000000000000000000","segment":0}"#;
    assert_eq!(lines[0], header.as_bytes());
    let first = format!(
        r#"{{"bound":1234,"digest":"{}","hash":"SHA-256","number":0,"prev":"{}","serial":"01{}","time":"2026-11-23T12:00:00.25Z","tsu":"tsu"}}"#,
        "00".repeat(32),
        Sha256Digest::of(header.as_bytes()),
        "0".repeat(38),
    );
    assert_eq!(lines[1], first.as_bytes());
}

#[test]
fn what_was_written_verifies_and_goes_on() {
    let (written, lines) = lines();
    let mut chain = Chain::open(&lines[0]).unwrap();
    for (n, line) in lines[1..].iter().enumerate() {
        assert_eq!(chain.verify(line).unwrap(), record(u8::try_from(n).unwrap()));
    }
    assert_eq!(chain, written);
    let seal = chain.seal().unwrap();
    assert_eq!((seal.segment, seal.count, seal.first, seal.last), (0, 3, record(0).serial, record(2).serial));
    assert_eq!(seal.head, Sha256Digest::of(&lines[3]));

    let (mut next, header) = chain.next_segment();
    let header = header.strip_suffix(b"\n").unwrap();
    assert!(chain.continues(header));
    assert!(!chain.continues(&lines[0]));
    assert_eq!(Chain::open(header).unwrap(), next);
    assert_eq!(next.seal(), None);
    next.append(&record(3));
    assert_eq!(next.segment_number(), 1);
}

#[test]
fn altered_cut_out_and_reordered() {
    let (_, lines) = lines();
    let walk = |order: &[usize], change: Option<(usize, &str, &str)>| {
        let mut chain = Chain::open(&lines[0]).unwrap();
        order.iter().try_for_each(|n| {
            let mut line = String::from_utf8(lines[*n].clone()).unwrap();
            if let Some((at, from, to)) = change
                && at == *n
            {
                assert!(line.contains(from));
                line = line.replace(from, to);
            }
            chain.verify(line.as_bytes()).map(|_| ())
        })
    };
    assert_eq!(walk(&[1, 2, 3], None), Ok(()));
    assert_eq!(walk(&[1, 3], None), Err(BadJournal::Broken { number: 1 }));
    assert_eq!(walk(&[2, 1, 3], None), Err(BadJournal::Broken { number: 0 }));
    assert_eq!(walk(&[1, 1], None), Err(BadJournal::Broken { number: 1 }));
    assert_eq!(
        walk(&[1, 2, 3], Some((2, "12:00:00.25Z", "12:00:00.24Z"))),
        Err(BadJournal::Broken { number: 2 })
    );
    assert_eq!(
        walk(&[1, 2, 3], Some((2, "\"bound\":1234", "\"bound\":01234"))),
        Err(BadJournal::Broken { number: 1 })
    );
    assert_eq!(walk(&[1, 2, 3], Some((2, "SHA-256", "SHA-1"))), Err(BadJournal::Malformed));
}

proptest::proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let (mut chain, _) = Chain::begin(id());
        assert!(Chain::open(&line).is_err());
        assert!(chain.verify(&line).is_err());
    }
}
