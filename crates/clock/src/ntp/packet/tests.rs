use super::*;

const NONCE: NtpTimestamp = NtpTimestamp::from_bits(0x0123_4567_89ab_cdef);

/// What chronyd 4.3 (`chronyd -x -d` with `local stratum 3`) answered to [`request`] with [`NONCE`].
const CHRONY: [u8; PACKET_LEN] = [
    0x24, 0x03, 0x00, 0xe6, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0x7f, 0x01, 0x01, 0xee, 0xb1, 0x39, 0x3f, 0xb6,
    0xdc, 0xd2, 0x7e, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xee, 0xb1, 0x39, 0x41, 0x79, 0x47,
    0xb2, 0x5d, 0xee, 0xb1, 0x39, 0x41, 0x79, 0xb8, 0x7f, 0xe2,
];

/// [`CHRONY`] with other octets from `at` on.
fn with(at: usize, octets: &[u8]) -> Result<Answer, Refusal> {
    let mut packet = CHRONY;
    packet[at..at + octets.len()].copy_from_slice(octets);
    Answer::read(&packet, NONCE)
}

#[test]
fn a_question_is_version_4_client_mode_and_the_nonce() {
    let octets = request(NONCE);
    assert_eq!((octets[0], &octets[1..40]), (0x23, &[0; 39][..]));
    assert_eq!(octets[40..], CHRONY[24..32], "chronyd repeats it as the origin");
}

#[test]
fn chronyd_is_understood() {
    let answer = Answer::read(&CHRONY, NONCE).unwrap();
    assert_eq!((answer.leap, answer.stratum), (Leap::None, 3));
    assert_eq!(answer.precision, Span::micros(1), "2^-26 s, rounded up");
    assert_eq!((answer.root_delay, answer.root_dispersion), (Span::ZERO, Span::ZERO));
    // `date -u +%s` said 1795603137.
    let then = NtpTimestamp::from_utc("2026-11-25T10:38:57Z".parse().unwrap());
    assert_eq!(answer.receive.micros_after(then), 473_750);
    assert_eq!(answer.transmit.micros_after(answer.receive), 1_721);
    let longer = [&CHRONY[..], &[0xff; 20]].concat();
    assert_eq!(Answer::read(&longer, NONCE), Ok(answer), "what follows is not looked at");
}

#[test]
fn root_delay_and_dispersion_are_rounded_up() {
    // 0x8000 / 2^16 = 0.5 s; 1 / 2^16 = 15.3 µs.
    let answer = with(4, &[0, 0, 0x80, 0, 0, 0, 0, 1]).unwrap();
    assert_eq!((answer.root_delay, answer.root_dispersion), (Span::millis(500), Span::micros(16)));
    assert_eq!(answer.root_distance(), Span::micros(250_000 + 16 + 1));
}

#[test]
fn each_way_of_being_no_use_has_its_name() {
    assert_eq!(with(24, &[0x02]), Err(Refusal::WrongOrigin));
    assert_eq!(Answer::read(&CHRONY, NtpTimestamp::ZERO), Err(Refusal::WrongOrigin));
    assert_eq!(Answer::read(&CHRONY[..47], NONCE), Err(Refusal::Malformed));
    assert_eq!(with(0, &[0x23]), Err(Refusal::Malformed), "mode 3 is a client");
    assert_eq!(with(0, &[0x14]), Err(Refusal::Malformed), "version 2");
    assert!(with(0, &[0x1c]).is_ok(), "version 3");
    assert_eq!(with(0, &[0xe4]), Err(Refusal::Unsynchronised), "leap indicator 3");
    assert_eq!(with(1, &[16]), Err(Refusal::Unsynchronised));
    assert_eq!(with(1, &[255]), Err(Refusal::Unsynchronised));
    assert!(with(1, &[15]).is_ok());
    assert_eq!(with(4, &[0, 2, 0, 0]), Err(Refusal::TooFar), "root delay of 2 s");
    assert_eq!(with(8, &[0, 1, 0, 0]), Err(Refusal::TooFar), "root dispersion of 1 s");
    assert_eq!(with(8, &[0xff; 4]), Err(Refusal::TooFar));
    assert_eq!(with(3, &[0]), Err(Refusal::TooFar), "a precision of 2^0 s");
    assert_eq!(with(32, &[0; 8]), Err(Refusal::Impossible), "no receive time");
    assert_eq!(with(40, &[0; 8]), Err(Refusal::Impossible), "no transmit time");
    assert_eq!(with(32, &[0xee, 0xb1, 0x39, 0x42]), Err(Refusal::Impossible), "sent before it came");
    assert_eq!(
        with(16, &[0xee, 0xb1, 0x39, 0x42]),
        Err(Refusal::Impossible),
        "synchronised after it was sent"
    );
    assert!(with(16, &[0; 8]).is_ok(), "when it was synchronised need not be said");
}

#[test]
fn kisses_of_death() {
    for (code, kiss) in
        [(b"DENY", Kiss::Deny), (b"RSTR", Kiss::Deny), (b"RATE", Kiss::Rate), (b"XYZ\0", Kiss::Other)]
    {
        let packet = [&[0xe4, 0, 0, 0xe6][..], &[0; 8], code].concat();
        assert_eq!(with(0, &packet), Err(Refusal::Kiss(kiss)));
        let forged = [&packet[..], &[0; 8], &[0xff; 8]].concat();
        assert_eq!(with(0, &forged), Err(Refusal::WrongOrigin), "a forger's kiss is not obeyed");
    }
}

#[test]
fn leap_indicators() {
    assert_eq!(with(0, &[0x64]).unwrap().leap, Leap::Insert);
    assert_eq!(with(0, &[0xa4]).unwrap().leap, Leap::Delete);
}

proptest::proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..100), nonce: u64) {
        let _ = Answer::read(&octets, NtpTimestamp::from_bits(nonce));
    }

    /// The same behind the nonce, where the rest of the reading lies.
    #[test]
    fn any_octets_with_our_nonce_are_read_or_refused(mut octets in proptest::collection::vec(proptest::num::u8::ANY, 48..60)) {
        octets[24..32].copy_from_slice(&CHRONY[24..32]);
        octets[0] = (octets[0] & 0xc0) | 0x24;
        octets[1] &= 0x1f;
        if let Ok(answer) = Answer::read(&octets, NONCE) {
            proptest::prop_assert!((1..16).contains(&answer.stratum));
            proptest::prop_assert!(answer.root_distance() < Span::seconds(1));
        }
    }
}
