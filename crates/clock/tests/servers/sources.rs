//! Which sources are believed, and what they say together.

use ndoba_clock::{Kiss, Leap, Refusal, Verdict};
use ndoba_types::{Span, TimeUnavailable};

use crate::world::{GOOD, MAX_AGE, POLL, world, world_at};
use ndoba_clock::ClockSource as _;

#[test]
fn good_servers_say_how_far_off_the_wall_clock_is() {
    let world = world(3, 2);
    assert_eq!(world.measured(), Err(TimeUnavailable::NoQuorum), "nobody was asked yet");
    world.machine.set(250_000);
    world.look();
    let measured = world.measured().unwrap();
    assert!((measured.offset + 250_000).abs() < 100, "{measured:?}");
    assert!((250_000..250_000 + GOOD).contains(&measured.bound.as_micros()), "{measured:?}");
    assert_eq!(world.changes(), [(0, Verdict::Agrees), (1, Verdict::Agrees), (2, Verdict::Agrees)]);
    assert_eq!(world.servers[0].questions(), 1);
    world.look();
    assert_eq!(world.servers[0].questions(), 1, "not before it is due");
    world.next_round();
    assert_eq!(world.servers[0].questions(), 2);
    assert_eq!(world.changes(), []);
}

#[test]
fn a_falseticker_is_outvoted_told_and_taken_back() {
    let world = world(4, 3);
    world.servers[1].behave(|server| server.ahead = 700_000);
    world.look();
    assert!(world.measured().unwrap().bound.as_micros() < GOOD);
    assert_eq!(world.verdicts(), [Verdict::Agrees, Verdict::Disagrees, Verdict::Agrees, Verdict::Agrees]);
    assert!(world.changes().contains(&(1, Verdict::Disagrees)));
    world.servers[1].behave(|server| server.ahead = 0);
    world.next_round();
    assert_eq!(world.changes(), [(1, Verdict::Agrees)]);
}

#[test]
fn liars_who_do_not_agree_make_no_quorum() {
    let world = world(3, 2);
    world.servers[0].behave(|server| server.ahead = 500_000);
    world.servers[1].behave(|server| server.ahead = -500_000);
    world.look();
    assert_eq!(world.measured(), Err(TimeUnavailable::NoQuorum));
    assert_eq!(world.verdicts(), [Verdict::Alone; 3]);
    assert_eq!(world.changes(), [], "that there is no quorum is nobody's own change");
}

/// One that lies by less than its interval cannot be found out, and does no harm: the truth stays in the bound.
#[test]
fn a_small_lie_does_not_move_the_truth_out_of_the_bound() {
    let world = world(3, 2);
    world.servers[0].behave(|server| server.ahead = 1_500);
    world.servers[1].behave(|server| server.root_dispersion = 5_000);
    world.look();
    let bound = world.measured().unwrap().bound.as_micros();
    assert!(
        (GOOD..GOOD + 1_500).contains(&bound),
        "the liar and the vague one agree beyond the good one: {bound}"
    );
}

#[test]
fn a_source_that_falls_silent_counts_until_its_answer_is_too_old() {
    let world = world(3, 2);
    world.look();
    world.changes();
    for server in &world.servers[1..] {
        server.behave(|server| server.silent = true);
    }
    world.next_round();
    let once = world.measured().unwrap().bound;
    assert_eq!(world.verdicts(), [Verdict::Agrees; 3]);
    world.next_round();
    world.next_round();
    let thrice = world.measured().unwrap().bound.as_micros() - once.as_micros();
    assert!((2_900..3_200).contains(&thrice), "60 s at 50 ppm: {thrice}");
    world.machine.pass(Span::seconds(11));
    world.look();
    assert_eq!(world.measured(), Err(TimeUnavailable::NoQuorum), "within a look of the end of its age");
    assert_eq!(world.verdicts(), [Verdict::Alone, Verdict::Silent, Verdict::Silent]);
    assert_eq!(world.changes(), [(1, Verdict::Silent), (2, Verdict::Silent)]);

    world.servers[2].behave(|server| server.silent = false);
    world.next_round();
    assert!(world.measured().is_ok());
    assert_eq!(world.changes(), [(2, Verdict::Agrees)]);
}

/// Were the threads that ask to die, the last agreement would not be believed for ever.
#[test]
fn an_agreement_that_nobody_renews_ends() {
    let world = world(3, 2);
    world.look();
    world.machine.pass(MAX_AGE);
    assert!(world.measured().is_ok());
    world.machine.pass(Span::micros(1));
    assert_eq!(world.measured(), Err(TimeUnavailable::NoQuorum));
}

#[test]
fn who_says_it_is_no_use_is_out_at_once() {
    for (refusal, leap, stratum, dispersion) in [
        (Refusal::Unsynchronised, 3, 2, 1_000),
        (Refusal::Unsynchronised, 0, 16, 1_000),
        (Refusal::TooFar, 0, 2, 5_000_000),
    ] {
        let world = world(3, 2);
        world.look();
        world.changes();
        world.servers[2].behave(|server| {
            server.leap = leap;
            server.stratum = stratum;
            server.root_dispersion = dispersion;
        });
        world.next_round();
        assert_eq!(world.changes(), [(2, Verdict::Refused(refusal))]);
        assert!(world.measured().is_ok());
    }
}

#[test]
fn root_delay_and_root_dispersion_are_in_the_bound() {
    let world = world(3, 2);
    for server in &world.servers {
        server.behave(|server| {
            server.root_delay = 300_000;
            server.root_dispersion = 200_000;
        });
    }
    world.look();
    let bound = world.measured().unwrap().bound.as_micros();
    assert!((350_000..350_200).contains(&bound), "{bound}");
}

#[test]
fn an_answer_to_another_question_is_none_and_takes_nothing_away() {
    let world = world(3, 2);
    world.servers[0].behave(|server| server.wrong_origin = true);
    world.look();
    assert_eq!(world.verdicts()[0], Verdict::Refused(Refusal::WrongOrigin));
    world.servers[0].behave(|server| server.wrong_origin = false);
    world.next_round();
    assert_eq!(world.verdicts()[0], Verdict::Agrees);
    world.servers[0].behave(|server| server.wrong_origin = true);
    world.next_round();
    assert_eq!(world.verdicts()[0], Verdict::Agrees, "a forger cannot unseat a good answer");
}

#[test]
fn a_kiss_of_death_is_obeyed() {
    let world = world(4, 3);
    world.servers[0].behave(|server| server.kiss = Some(*b"DENY"));
    world.servers[1].behave(|server| server.kiss = Some(*b"RATE"));
    world.look();
    assert_eq!(
        world.verdicts()[..2],
        [Verdict::Refused(Refusal::Kiss(Kiss::Deny)), Verdict::Refused(Refusal::Kiss(Kiss::Rate))]
    );
    assert_eq!(world.measured(), Err(TimeUnavailable::NoQuorum));
    for server in &world.servers {
        server.behave(|server| server.kiss = None);
    }
    for _ in 0..4 {
        world.next_round();
    }
    let asked: Vec<_> = world.servers.iter().map(|server| server.questions()).collect();
    assert_eq!(asked, [1, 3, 5, 5], "never again; half as often");
    assert!(world.measured().is_ok());
}

/// Samples are kept against the monotonic clock, so that setting the wall clock shows before anybody is asked.
#[test]
fn a_step_of_the_wall_clock_is_an_offset_at_once() {
    let world = world(3, 2);
    world.look();
    world.machine.set(-400_000);
    let measured = world.measured().unwrap();
    assert!((measured.offset - 400_000).abs() < 100, "{measured:?}");
}

#[test]
fn a_leap_second_is_what_a_quorum_announces_at_the_end_of_a_month() {
    let world = world_at("2026-12-31T12:00:00Z", 3, 2);
    world.servers[0].behave(|server| server.leap = 1);
    world.look();
    assert_eq!(world.watch.leap(&world.machine.read()), Leap::None, "one is no quorum");
    world.servers[1].behave(|server| server.leap = 1);
    world.next_round();
    assert_eq!(world.watch.leap(&world.machine.read()), Leap::Insert);

    let other_day = world_at("2026-12-30T12:00:00Z", 3, 2);
    for server in &other_day.servers {
        server.behave(|server| server.leap = 2);
    }
    other_day.look();
    assert_eq!(other_day.watch.leap(&other_day.machine.read()), Leap::None);
    other_day.machine.pass(Span::hours(24));
    other_day.look();
    assert_eq!(other_day.watch.leap(&other_day.machine.read()), Leap::Delete);
}

#[test]
fn a_server_without_an_address_is_silent() {
    let world = world(3, 2);
    let nowhere = ndoba_clock::ServerAddress { host: "ntp.invalid".into(), port: 123 };
    assert_eq!(nowhere.to_string(), "ntp.invalid:123");
    drop(world);
    let settings = ndoba_clock::NtpSettings {
        servers: vec![nowhere],
        quorum: 1,
        poll: POLL,
        timeout: Span::millis(50),
        max_age: MAX_AGE,
        drift: 50,
    };
    let machine = std::sync::Arc::new(ndoba_clock::MachineClock::start());
    let watch = ndoba_clock::NtpWatch::new(
        settings,
        machine.clone(),
        std::sync::Arc::new(ndoba_clock::OsRandom),
        Box::new(|_| {}),
    );
    watch.look(0);
    assert_eq!(watch.report(&machine.read())[0].verdict, Verdict::Silent);
}
