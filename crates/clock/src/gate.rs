//! Whether the clock may be believed now: a decision from readings, without reading anything itself.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use ndoba_types::{CertifiedTime, Span, TimeUnavailable, UtcTime};

use crate::ntp::distance;
use crate::{BoundSource, KernelState, Leap, Measured};

/// One look at all clocks.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The wall clock.
    pub wall: UtcTime,
    /// The monotonic clock, from any fixed start. It is slewed with the wall clock, so that the two part only
    /// when the wall clock is set.
    pub monotonic: Duration,
    /// The kernel's opinion, where it could be had.
    pub kernel: Option<KernelState>,
    /// How far apart the two clocks may have been read.
    pub spread: Span,
}

/// What the kernel's opinion counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelCheck {
    /// An unsynchronised kernel, or none, stops the clock.
    Enforce,
    /// Not looked at, leap seconds apart.
    Off,
    /// Reported as a [`Transition`], nothing more.
    Warn,
}

/// How strict to be.
#[derive(Clone, Copy, Debug)]
pub struct GateSettings {
    /// A jump by more than this stops the clock.
    pub step_limit: Span,
    /// How long all must have been well after a failure (a passing leap second apart).
    pub clean_interval: Span,
    /// What the kernel's opinion counts for.
    pub kernel: KernelCheck,
    /// A bound beyond this stops the clock: nobody who asks could use it. Units that declare less refuse by
    /// themselves.
    pub limit: Span,
}

/// A change worth a line in the log and an event in the audit log (T-41, T-43).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The kernel's discipline came or went.
    Kernel {
        /// Whether it is there now.
        synchronised: bool,
    },
    /// A leap second is over: the exact moment it came at (TIS-7.7.2-09).
    LeapPassed {
        /// The midnight before which it was inserted or left out.
        midnight: UtcTime,
    },
    /// The clock is believed, again or for the first time.
    Trusted {
        /// How far it is off.
        measured: Measured,
    },
    /// The clock is not believed, or for another reason than before.
    Stopped {
        /// Why.
        reason: TimeUnavailable,
        /// How far it was off, where that could be said.
        measured: Option<Measured>,
    },
}

/// The state between readings.
pub struct Gate {
    settings: GateSettings,
    bound: Box<dyn BoundSource>,
    /// Wall minus monotonic, in microseconds: constant until somebody sets the clock.
    distance: Option<i64>,
    latest: Option<UtcTime>,
    /// The last failure, and the monotonic time until which all must stay well.
    recovering: Option<(TimeUnavailable, Duration)>,
    /// An announced leap second.
    leap: Option<AnnouncedLeap>,
    /// Until when the sources may take to measure again after a leap second, by the monotonic clock.
    measuring: Option<Duration>,
    synchronised: Option<bool>,
    /// What others were told last: nothing yet, that it is believed, or why it is not.
    told: Option<Result<(), Discriminant<TimeUnavailable>>>,
}

#[derive(Clone, Copy)]
struct AnnouncedLeap {
    midnight: UtcTime,
    inserts: bool,
}

/// T-41: paused from 23:59:58 to 00:00:02.
const LEAP_MARGIN: Span = Span::seconds(2);
/// How long the pause may last beyond that, until the sources have answered anew.
const MEASURING: Duration = Duration::from_secs(5);
const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

impl Gate {
    /// A gate that has seen nothing yet: it believes the first reading, for there is nothing to compare it with.
    pub fn new(settings: GateSettings, bound: Box<dyn BoundSource>) -> Self {
        Self {
            settings,
            bound,
            distance: None,
            latest: None,
            recovering: None,
            leap: None,
            measuring: None,
            synchronised: None,
            told: None,
        }
    }

    /// Where the bound comes from, for health.
    pub fn source(&self) -> &'static str {
        self.bound.name()
    }

    /// How far off the wall clock is, whether it is believed or not.
    pub(crate) fn measured(&self, reading: &Reading) -> Result<Measured, TimeUnavailable> {
        self.bound.measured(reading)
    }

    /// Decides about `reading`; `tell` hears of changes.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable`].
    pub fn observe(
        &mut self,
        reading: &Reading,
        tell: &mut dyn FnMut(Transition),
    ) -> Result<CertifiedTime, TimeUnavailable> {
        let leaping = self.leap_second(reading, tell);
        let measured = self.bound.measured(reading);
        let outcome = if leaping || self.measuring_again(&measured, reading.monotonic) {
            // Whatever the clock does in these seconds, its distance to the other clock is not looked at; the
            // first reading after them is compared with the distance a second more or less.
            Err(TimeUnavailable::LeapSecond)
        } else {
            self.decide(reading, &measured, tell)
        };
        let now = outcome.as_ref().map(|_| ()).map_err(discriminant);
        if self.told != Some(now) {
            self.told = Some(now);
            match (&outcome, &measured) {
                (Ok(_), Ok(measured)) => tell(Transition::Trusted { measured: *measured }),
                (Ok(_), Err(reason)) | (Err(reason), _) => {
                    tell(Transition::Stopped { reason: reason.clone(), measured: measured.clone().ok() });
                }
            }
        }
        outcome
    }

    fn decide(
        &mut self,
        reading: &Reading,
        measured: &Result<Measured, TimeUnavailable>,
        tell: &mut dyn FnMut(Transition),
    ) -> Result<CertifiedTime, TimeUnavailable> {
        self.step(reading);
        self.kernel(reading, tell);
        match measured {
            Ok(Measured { bound, .. }) if *bound > self.settings.limit => {
                self.fail(TimeUnavailable::BoundTooWide { bound: *bound }, reading.monotonic);
            }
            Ok(_) => {}
            Err(reason) => self.fail(reason.clone(), reading.monotonic),
        }
        if let Some((reason, until)) = &self.recovering {
            if reading.monotonic < *until {
                return Err(reason.clone());
            }
            self.recovering = None;
        }
        self.latest = Some(reading.wall);
        measured.clone().map(|Measured { bound, .. }| CertifiedTime { time: reading.wall, bound })
    }

    /// Whether a leap second is passing.
    fn leap_second(&mut self, reading: &Reading, tell: &mut dyn FnMut(Transition)) -> bool {
        let announced = match reading.kernel.map_or(Leap::None, |kernel| kernel.leap) {
            Leap::None => self.bound.leap(reading),
            leap @ (Leap::Delete | Leap::InProgress | Leap::Insert) => leap,
        };
        let midnight = next_midnight(reading.wall);
        match (announced, self.leap) {
            (Leap::Insert, None) => self.leap = Some(AnnouncedLeap { midnight, inserts: true }),
            (Leap::Delete, None) => self.leap = Some(AnnouncedLeap { midnight, inserts: false }),
            // Never announced to us: we were started within it. The wall shows 23:59:59 a second time.
            (Leap::InProgress, None) => self.leap = Some(AnnouncedLeap { midnight, inserts: true }),
            // Withdrawn before its time.
            (Leap::None, Some(leap)) if reading.wall < leap.midnight.minus(LEAP_MARGIN) => self.leap = None,
            (Leap::None, None | Some(_)) | (Leap::Insert | Leap::Delete | Leap::InProgress, Some(_)) => {}
        }
        let Some(leap) = self.leap else { return false };
        if reading.wall < leap.midnight.minus(LEAP_MARGIN) {
            return false;
        }
        if announced == Leap::InProgress || reading.wall <= leap.midnight.plus(LEAP_MARGIN) {
            return true;
        }
        self.leap = None;
        let now = distance(reading.wall, reading.monotonic);
        self.distance = self.distance.map(|old| {
            // A kernel that nobody told of the second goes on without it, and is a second off from here on: that is
            // for the sources to find, and no step.
            let leapt = if leap.inserts { old - SECOND } else { old + SECOND };
            if (now - leapt).abs() < (now - old).abs() { leapt } else { old }
        });
        self.bound.leap_passed();
        self.measuring = Some(reading.monotonic + MEASURING);
        tell(Transition::LeapPassed { midnight: leap.midnight });
        false
    }

    /// Whether the sources are still being asked anew after a leap second, so that their silence is no failure yet.
    fn measuring_again(&mut self, measured: &Result<Measured, TimeUnavailable>, now: Duration) -> bool {
        self.measuring = self.measuring.filter(|until| measured.is_err() && now < *until);
        self.measuring.is_some()
    }

    fn step(&mut self, reading: &Reading) {
        let distance = distance(reading.wall, reading.monotonic);
        let jumped = self
            .distance
            .is_some_and(|before| (distance - before).abs() > self.settings.step_limit.as_micros());
        // Even a small step back is one: time that was given out must not come again.
        let backwards = self.latest.is_some_and(|latest| reading.wall < latest);
        if jumped || backwards {
            self.fail(TimeUnavailable::Stepped, reading.monotonic);
            // From here on it is compared with its new place; where that is is for other sources to judge.
            self.distance = Some(distance);
            self.latest = None;
        } else if self.distance.is_none() {
            self.distance = Some(distance);
        }
    }

    fn kernel(&mut self, reading: &Reading, tell: &mut dyn FnMut(Transition)) {
        let synchronised = reading.kernel.is_some_and(|kernel| kernel.synchronised);
        match self.settings.kernel {
            KernelCheck::Off => return,
            KernelCheck::Enforce if !synchronised => {
                self.fail(TimeUnavailable::NotSynchronised, reading.monotonic)
            }
            KernelCheck::Enforce | KernelCheck::Warn => {}
        }
        if self.synchronised != Some(synchronised) {
            self.synchronised = Some(synchronised);
            tell(Transition::Kernel { synchronised });
        }
    }

    fn fail(&mut self, reason: TimeUnavailable, now: Duration) {
        self.recovering = Some((reason, now + self.settings.clean_interval.to_std()));
    }
}

fn next_midnight(wall: UtcTime) -> UtcTime {
    let micros = wall.unix_micros();
    // Exactly at midnight, the one that has just come is meant no more.
    UtcTime::from_unix_micros(micros - micros % DAY + DAY).unwrap_or(UtcTime::NO_END)
}

#[cfg(test)]
mod tests;
