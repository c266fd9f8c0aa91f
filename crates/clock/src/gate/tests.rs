use super::*;
use crate::{Assumed, KernelBound};

/// Two clocks, and the kernel's opinion, as the test wants them.
struct World {
    gate: Gate,
    wall: UtcTime,
    monotonic: Duration,
    kernel: KernelState,
    told: Vec<Transition>,
}

fn world(kernel: KernelCheck, bound: impl BoundSource + 'static, wall: &str) -> World {
    let settings = GateSettings {
        step_limit: Span::millis(200),
        clean_interval: Span::seconds(10),
        kernel,
        limit: Span::millis(999),
    };
    World {
        gate: Gate::new(settings, Box::new(bound)),
        wall: wall.parse().unwrap(),
        monotonic: Duration::from_secs(1000),
        kernel: KernelState {
            synchronised: true,
            offset_micros: -150,
            max_error: Span::millis(4),
            leap: Leap::None,
        },
        told: Vec::new(),
    }
}

fn trusted(wall: &str) -> World {
    world(KernelCheck::Off, Assumed(Span::millis(100)), wall)
}

impl World {
    fn now(&mut self) -> Result<CertifiedTime, TimeUnavailable> {
        let reading = Reading {
            wall: self.wall,
            monotonic: self.monotonic,
            kernel: Some(self.kernel),
            spread: Span::ZERO,
        };
        self.gate.observe(&reading, &mut |transition| self.told.push(transition))
    }

    /// Time passes, for both clocks.
    fn pass(&mut self, span: Span) -> &mut Self {
        self.wall = self.wall.plus(span);
        self.monotonic += span.to_std();
        self
    }

    /// Somebody sets the wall clock.
    fn set(&mut self, ahead: i64) -> &mut Self {
        self.wall = UtcTime::from_unix_micros(self.wall.unix_micros() + ahead).unwrap();
        self
    }

    fn told(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.told)
    }
}

/// The bound of [`trusted`].
const ASSUMED: Measured = Measured { offset: 0, bound: Span::millis(100) };

fn believed() -> Transition {
    Transition::Trusted { measured: ASSUMED }
}

fn stopped(reason: TimeUnavailable) -> Transition {
    Transition::Stopped { reason, measured: Some(ASSUMED) }
}

#[test]
fn a_step_stops_it_and_a_clean_interval_heals_it() {
    for ahead in [300_000, -300_000, 3_600_000_000, -1_000] {
        let mut world = trusted("2026-11-23T12:00:00Z");
        assert!(world.now().is_ok());
        assert!(world.pass(Span::hours(5)).now().is_ok(), "hours apart are no step");
        assert_eq!(world.set(ahead).now(), Err(TimeUnavailable::Stepped), "{ahead}");
        assert_eq!(world.pass(Span::millis(9_999)).now(), Err(TimeUnavailable::Stepped));
        let now = world.pass(Span::millis(1)).now().unwrap();
        assert_eq!((now.time, now.bound), (world.wall, Span::millis(100)));
        assert_eq!(world.told(), [believed(), stopped(TimeUnavailable::Stepped), believed()]);
    }
}

#[test]
fn another_step_begins_the_interval_again() {
    let mut world = trusted("2026-11-23T12:00:00Z");
    world.now().unwrap();
    assert!(world.set(-2_000_000).now().is_err());
    assert!(world.pass(Span::seconds(9)).set(2_000_000).now().is_err());
    assert!(world.pass(Span::seconds(9)).now().is_err());
    assert!(world.pass(Span::seconds(1)).now().is_ok());
}

#[test]
fn small_steps_forward_are_borne_until_they_add_up() {
    let mut world = trusted("2026-11-23T12:00:00Z");
    world.now().unwrap();
    assert!(world.pass(Span::seconds(1)).set(150_000).now().is_ok());
    assert_eq!(world.pass(Span::seconds(1)).set(150_000).now(), Err(TimeUnavailable::Stepped));
}

#[test]
fn an_unsynchronised_kernel_counts_for_what_is_set() {
    let mut enforced = world(KernelCheck::Enforce, KernelBound, "2026-11-23T12:00:00Z");
    assert_eq!(enforced.now().unwrap().bound, Span::micros(4_150));
    enforced.kernel.synchronised = false;
    assert_eq!(enforced.pass(Span::seconds(1)).now(), Err(TimeUnavailable::NotSynchronised));
    enforced.kernel.synchronised = true;
    assert_eq!(enforced.pass(Span::seconds(9)).now(), Err(TimeUnavailable::NotSynchronised));
    assert!(enforced.pass(Span::seconds(1)).now().is_ok());
    let measured = Measured { offset: -150, bound: Span::micros(4_150) };
    assert_eq!(
        enforced.told(),
        [
            Transition::Kernel { synchronised: true },
            Transition::Trusted { measured },
            Transition::Kernel { synchronised: false },
            Transition::Stopped { reason: TimeUnavailable::NotSynchronised, measured: Some(measured) },
            Transition::Kernel { synchronised: true },
            Transition::Trusted { measured },
        ]
    );

    let mut warned = world(KernelCheck::Warn, KernelBound, "2026-11-23T12:00:00Z");
    warned.kernel.synchronised = false;
    assert!(warned.now().is_ok());
    assert_eq!(warned.told(), [Transition::Kernel { synchronised: false }, Transition::Trusted { measured }]);
}

/// T-41, with the second inserted as the kernel does it: at midnight the wall clock is set back by one.
#[test]
fn an_inserted_second_pauses_it_and_is_recorded() {
    let mut world = trusted("2026-12-31T23:59:57.9Z");
    world.now().unwrap();
    world.kernel.leap = Leap::Insert;
    assert!(world.pass(Span::millis(99)).now().is_ok(), "until 23:59:58");
    assert_eq!(world.pass(Span::millis(1)).now(), Err(TimeUnavailable::LeapSecond));
    assert_eq!(world.pass(Span::millis(1_999)).now(), Err(TimeUnavailable::LeapSecond));
    world.kernel.leap = Leap::InProgress;
    assert_eq!(world.pass(Span::millis(1)).set(-1_000_000).now(), Err(TimeUnavailable::LeapSecond));
    world.kernel.leap = Leap::None;
    assert_eq!(world.pass(Span::seconds(1)).now(), Err(TimeUnavailable::LeapSecond), "00:00:00");
    assert_eq!(world.pass(Span::seconds(2)).now(), Err(TimeUnavailable::LeapSecond), "00:00:02");
    let now = world.pass(Span::micros(1)).now().unwrap();
    assert_eq!(now.time.to_string(), "2027-01-01T00:00:02.000001Z");
    let midnight = "2027-01-01T00:00:00Z".parse().unwrap();
    let leap = stopped(TimeUnavailable::LeapSecond);
    assert_eq!(world.told(), [believed(), leap, Transition::LeapPassed { midnight }, believed()]);
    assert!(world.pass(Span::hours(1)).now().is_ok());
}

/// Nobody asked between the evening and the morning: the second is no step.
#[test]
fn a_second_that_passed_unseen() {
    for (leap, set) in [(Leap::Insert, -1_000_000), (Leap::Delete, 1_000_000)] {
        let mut world = trusted("2026-12-31T22:00:00Z");
        world.kernel.leap = leap;
        world.now().unwrap();
        world.kernel.leap = Leap::None;
        assert!(world.pass(Span::hours(6)).set(set).now().is_ok(), "{leap:?}");
        assert!(matches!(world.told().as_slice(), [_, Transition::LeapPassed { .. }]));
    }
}

#[test]
fn no_announcement_no_pause_and_a_withdrawn_one_neither() {
    let mut world = trusted("2026-12-31T23:59:59Z");
    assert!(world.now().is_ok());
    assert!(world.pass(Span::seconds(1)).now().is_ok());

    let mut world = trusted("2026-12-31T20:00:00Z");
    world.kernel.leap = Leap::Insert;
    world.now().unwrap();
    world.kernel.leap = Leap::None;
    assert!(world.pass(Span::hours(1)).now().is_ok());
    assert!(world.pass(Span::seconds(10_799)).now().is_ok());
    assert_eq!(world.told(), [believed()]);
}

/// Announced, but not to this kernel, whose clock goes on: no step of ours, and for the sources to find.
#[test]
fn a_kernel_that_does_not_leap_is_no_step() {
    let mut world = trusted("2026-12-31T23:59:57Z");
    world.kernel.leap = Leap::Insert;
    world.now().unwrap();
    world.kernel.leap = Leap::None;
    assert_eq!(world.pass(Span::seconds(3)).now(), Err(TimeUnavailable::LeapSecond));
    assert!(world.pass(Span::seconds(3)).now().is_ok());
    // The other way round it is one: a second back without any announcement.
    assert_eq!(world.pass(Span::days(1)).set(-1_000_000).now(), Err(TimeUnavailable::Stepped));
}

/// What a bound source says, as the test wants it.
struct Says(std::sync::Arc<std::sync::Mutex<Result<Measured, TimeUnavailable>>>);

impl BoundSource for Says {
    fn measured(&self, _: &Reading) -> Result<Measured, TimeUnavailable> {
        self.0.lock().unwrap().clone()
    }
    fn leap(&self, _: &Reading) -> Leap {
        Leap::None
    }
    fn leap_passed(&self) {}
    fn name(&self) -> &'static str {
        "says"
    }
}

/// T-42, K-T10: the bound decides, each reason is told once, and a clean interval heals.
#[test]
fn a_bound_beyond_the_limit_stops_it_until_it_was_narrow_for_an_interval() {
    let measured = |offset: i64| Measured {
        offset,
        bound: Span::micros(u32::try_from(offset.unsigned_abs()).unwrap() + 2_000),
    };
    let says = std::sync::Arc::new(std::sync::Mutex::new(Ok(measured(5_000))));
    let mut world = world(KernelCheck::Off, Says(says.clone()), "2026-11-23T12:00:00Z");
    assert_eq!(world.now().unwrap().bound, Span::millis(7));
    // 997 ms and 2 ms are 999 ms, which is the limit.
    *says.lock().unwrap() = Ok(measured(-997_000));
    assert!(world.pass(Span::seconds(1)).now().is_ok());
    *says.lock().unwrap() = Ok(measured(-997_001));
    let wide = TimeUnavailable::BoundTooWide { bound: Span::micros(999_001) };
    assert_eq!(world.pass(Span::seconds(1)).now(), Err(wide.clone()));
    *says.lock().unwrap() = Ok(measured(-1_200_000));
    assert!(world.pass(Span::seconds(1)).now().is_err());
    *says.lock().unwrap() = Err(TimeUnavailable::NoQuorum);
    assert_eq!(world.pass(Span::seconds(1)).now(), Err(TimeUnavailable::NoQuorum));
    *says.lock().unwrap() = Ok(measured(0));
    assert_eq!(world.pass(Span::millis(9_999)).now(), Err(TimeUnavailable::NoQuorum));
    assert!(world.pass(Span::millis(1)).now().is_ok());
    assert_eq!(
        world.told(),
        [
            Transition::Trusted { measured: measured(5_000) },
            Transition::Stopped { reason: wide, measured: Some(measured(-997_001)) },
            Transition::Stopped { reason: TimeUnavailable::NoQuorum, measured: None },
            Transition::Trusted { measured: measured(0) },
        ],
        "a bound that only grows is not told again"
    );
}

proptest::proptest! {
    /// However the clocks behave, what is given out never goes back.
    #[test]
    fn never_back_between_failures(moves in proptest::collection::vec((0u32..20_000, -2_000_000i64..2_000_000, 0u8..8), 1..80)) {
        let mut world = trusted("2026-11-23T12:00:00Z");
        let mut latest: Option<UtcTime> = None;
        for (pass, set, often) in moves {
            world.pass(Span::millis(pass));
            if often == 0 {
                world.set(set);
            }
            match world.now() {
                Ok(now) => {
                    proptest::prop_assert!(latest.is_none_or(|latest| latest <= now.time));
                    latest = Some(now.time);
                }
                // After a stop the new time may be earlier: the high-water mark of the TSA sees to that.
                Err(_) => latest = None,
            }
        }
    }
}
