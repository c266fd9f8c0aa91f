//! The whole clock: readings, servers, gate.

use std::sync::{Arc, Mutex};

use ndoba_clock::{GateSettings, HostClock, KernelCheck, QuorumBound, Transition};
use ndoba_types::{Span, TimeUnavailable, TrustedClock as _};

use crate::world::{GOOD, World, world, world_at};

struct Clock {
    world: World,
    host: HostClock,
    told: Arc<Mutex<Vec<Transition>>>,
}

fn clock(world: World) -> Clock {
    let settings = GateSettings {
        step_limit: Span::millis(200),
        clean_interval: Span::seconds(10),
        kernel: KernelCheck::Off,
        limit: Span::millis(499),
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let bound = QuorumBound { watch: Arc::clone(&world.watch), with_kernel: false };
    let host = HostClock::new(
        Arc::clone(&world.machine) as _,
        settings,
        Box::new(bound),
        Box::new(move |transition| heard.lock().unwrap().push(transition.clone())),
    );
    Clock { world, host, told }
}

impl Clock {
    /// What it says after every thread has looked, a second later.
    fn tick(&self) -> Result<Span, TimeUnavailable> {
        self.world.machine.pass(Span::seconds(1));
        self.world.look();
        self.host.certified_now().map(|now| now.bound)
    }

    /// Ticks until the answer changes; how often.
    fn ticks_until(&self, good: bool) -> usize {
        (1..200).find(|_| self.tick().is_ok() == good).unwrap()
    }

    fn stops(&self) -> Vec<TimeUnavailable> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.into_iter()
            .filter_map(|transition| match transition {
                Transition::Stopped { reason, .. } => Some(reason),
                Transition::Kernel { .. } | Transition::LeapPassed { .. } | Transition::Trusted { .. } => {
                    None
                }
            })
            .collect()
    }
}

/// K-T10: both clocks of the machine drift away, which no comparison of theirs can show.
#[test]
fn drift_beyond_the_accuracy_stops_it_and_it_recovers_by_itself() {
    let clock = clock(world(3, 2));
    assert!(clock.tick().unwrap().as_micros() < GOOD);
    clock.world.machine.drift(-400_000);
    // The next questions are due thirty seconds after the first.
    (0..30).for_each(|_| assert!(clock.tick().is_ok()));
    let bound = clock.tick().unwrap().as_micros();
    assert!((400_000..400_000 + GOOD).contains(&bound), "{bound}");
    clock.world.machine.drift(-100_000);
    assert!(clock.ticks_until(false) <= 30, "within one monitor period");
    let [TimeUnavailable::BoundTooWide { bound }] = clock.stops()[..] else { panic!("told once") };
    assert!((500_000..500_000 + GOOD).contains(&bound.as_micros()));
    clock.world.machine.drift(500_000);
    let ticks = clock.ticks_until(true);
    assert!((30..=30 + 10).contains(&ticks), "and a clean interval after the next: {ticks}");
    assert!(clock.tick().unwrap().as_micros() < 2 * GOOD);
}

#[test]
fn lost_sources_stop_it_and_their_return_heals_it() {
    let clock = clock(world(3, 2));
    clock.tick().unwrap();
    for server in &clock.world.servers[..2] {
        server.behave(|server| server.leap = 3);
    }
    // The next question is due thirty seconds after the first; the second server's answer takes the quorum away.
    assert_eq!(clock.ticks_until(false), 30);
    assert_eq!(clock.stops(), [TimeUnavailable::NoQuorum]);
    clock.world.servers[0].behave(|server| server.leap = 0);
    assert_eq!(clock.ticks_until(true), 30 + 9);
}

#[test]
fn a_step_back_stops_it_at_the_next_look() {
    let clock = clock(world(3, 2));
    clock.tick().unwrap();
    clock.world.machine.set(-1_500_000);
    assert!(clock.tick().is_err());
    clock.world.machine.set(0);
    assert!(clock.tick().is_err());
    assert_eq!(clock.ticks_until(true), 10);
}

/// K-T15 without the kernel's help: the servers announce it, the wall clock follows, both are asked anew.
#[test]
fn a_leap_second_that_only_the_servers_announce() {
    let clock = clock(world_at("2026-12-31T23:58:00Z", 3, 2));
    for server in &clock.world.servers {
        server.behave(|server| server.leap = 1);
    }
    for second in 1..118 {
        assert!(clock.tick().is_ok(), "23:58:{second}");
    }
    assert_eq!(clock.tick(), Err(TimeUnavailable::LeapSecond), "23:59:58");
    clock.tick().unwrap_err();
    assert_eq!(clock.tick(), Err(TimeUnavailable::LeapSecond), "00:00:00, were there none");
    // UTC says 23:59:60, and the machine's clock with it.
    clock.world.machine.drift(-1_000_000);
    clock.world.machine.set(0);
    for server in &clock.world.servers {
        server.behave(|server| server.leap = 0);
    }
    assert_eq!(clock.stops(), [TimeUnavailable::LeapSecond]);
    // 00:00:00, :01 and :02 belong to it; at :03 nobody was asked since, at :04 all were.
    assert_eq!(clock.ticks_until(true), 5);
    let midnight = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(clock.tick().unwrap().as_micros() < GOOD);
    assert!(clock.told.lock().unwrap().contains(&Transition::LeapPassed { midnight }));
}
