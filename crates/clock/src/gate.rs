//! Whether the clock may be believed now: a decision from readings, without reading anything itself.

use std::time::Duration;

use ndoba_types::{CertifiedTime, Span, TimeUnavailable, UtcTime};

use crate::{BoundSource, KernelState, Leap};

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
    /// The clock is believed again.
    Resumed,
    /// The clock is not believed.
    Stopped {
        /// Why.
        reason: TimeUnavailable,
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
    synchronised: Option<bool>,
    stopped: bool,
}

#[derive(Clone, Copy)]
struct AnnouncedLeap {
    midnight: UtcTime,
    inserts: bool,
}

/// T-41: paused from 23:59:58 to 00:00:02.
const LEAP_MARGIN: Span = Span::seconds(2);
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
            synchronised: None,
            stopped: false,
        }
    }

    /// Where the bound comes from, for health.
    pub fn source(&self) -> &'static str {
        self.bound.name()
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
        let outcome = self.decide(reading, tell);
        match &outcome {
            Ok(_) if self.stopped => {
                self.stopped = false;
                tell(Transition::Resumed);
            }
            Err(reason) if !self.stopped => {
                self.stopped = true;
                tell(Transition::Stopped { reason: reason.clone() });
            }
            Ok(_) | Err(_) => {}
        }
        outcome
    }

    fn decide(
        &mut self,
        reading: &Reading,
        tell: &mut dyn FnMut(Transition),
    ) -> Result<CertifiedTime, TimeUnavailable> {
        let leaping = self.leap_second(reading, tell);
        if leaping {
            // Whatever the clock does in these seconds, its distance to the other clock is not looked at; the
            // first reading after them is compared with the distance a second more or less.
            return Err(TimeUnavailable::LeapSecond);
        }
        self.step(reading);
        self.kernel(reading, tell);
        let bound = self.bound.bound(reading.kernel.as_ref());
        if let Err(reason) = &bound {
            self.fail(reason.clone(), reading.monotonic);
        }
        if let Some((reason, until)) = &self.recovering {
            if reading.monotonic < *until {
                return Err(reason.clone());
            }
            self.recovering = None;
        }
        self.latest = Some(reading.wall);
        Ok(CertifiedTime { time: reading.wall, bound: bound? })
    }

    /// Whether a leap second is passing.
    fn leap_second(&mut self, reading: &Reading, tell: &mut dyn FnMut(Transition)) -> bool {
        let announced = reading.kernel.map_or(Leap::None, |kernel| kernel.leap);
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
        self.distance = self.distance.map(|old| if leap.inserts { old - SECOND } else { old + SECOND });
        tell(Transition::LeapPassed { midnight: leap.midnight });
        false
    }

    fn step(&mut self, reading: &Reading) {
        let monotonic = i64::try_from(reading.monotonic.as_micros()).unwrap_or(i64::MAX);
        let distance = reading.wall.unix_micros() - monotonic;
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
