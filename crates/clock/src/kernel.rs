//! The kernel's own opinion of its clock.
#![expect(unsafe_code, reason = "adjtimex has no safe wrapper among our dependencies")]

use std::io;
use std::mem::MaybeUninit;

use ndoba_types::Span;

/// What the kernel says about its clock's discipline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelState {
    /// Whether somebody disciplines it; without that, it is only a quartz.
    pub synchronised: bool,
    /// What is left of the last correction, in microseconds, signed.
    pub offset_micros: i64,
    /// The kernel's bound on the error; it grows while nobody updates it.
    pub max_error: Span,
    /// Leap seconds.
    pub leap: Leap,
}

/// Leap seconds, as announced to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leap {
    /// A second will be left out at the end of the day.
    Delete,
    /// A second is being inserted now: 23:59:60.
    InProgress,
    /// A second will be inserted at the end of the day.
    Insert,
    /// None is announced.
    None,
}

/// `adjtimex(2)` with `modes = 0`: reads, changes nothing, needs no privilege.
#[derive(Clone, Copy, Debug, Default)]
pub struct Adjtimex;

impl Adjtimex {
    /// The kernel's state now.
    ///
    /// # Errors
    ///
    /// What the system said; it does not normally fail.
    pub fn read(self) -> io::Result<KernelState> {
        let mut timex = MaybeUninit::<libc::timex>::zeroed();
        // SAFETY: the pointer is to a whole, writable `timex`; zero octets are valid for all its fields (numbers),
        // and `modes = 0` means that the kernel writes it and reads nothing else from it.
        let (state, timex) = unsafe {
            let state = libc::adjtimex(timex.as_mut_ptr());
            (state, timex.assume_init())
        };
        if state == -1 {
            return Err(io::Error::last_os_error());
        }
        let flag = |bit: libc::c_int| timex.status & bit != 0;
        let offset = if flag(libc::STA_NANO) { timex.offset / 1000 } else { timex.offset };
        let leap = match state {
            libc::TIME_OOP => Leap::InProgress,
            libc::TIME_INS => Leap::Insert,
            libc::TIME_DEL => Leap::Delete,
            // TIME_ERROR hides an announcement; the flags still show it.
            _ if flag(libc::STA_INS) && state != libc::TIME_WAIT => Leap::Insert,
            _ if flag(libc::STA_DEL) && state != libc::TIME_WAIT => Leap::Delete,
            _ => Leap::None,
        };
        Ok(KernelState {
            synchronised: state != libc::TIME_ERROR && !flag(libc::STA_UNSYNC),
            offset_micros: offset,
            max_error: Span::micros(u32::try_from(timex.maxerror).unwrap_or(u32::MAX)),
            leap,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn can_be_read_without_privileges() {
        let state = Adjtimex.read().unwrap();
        // Machines that run tests are often undisciplined; only the form can be checked here.
        assert!(state.max_error > Span::ZERO);
        assert!(state.offset_micros.abs() < 1_000_000);
    }
}
