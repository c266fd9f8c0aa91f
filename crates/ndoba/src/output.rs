//! What the command prints on standard output.
//!
//! The library's `println!` panics when nobody reads on (`ndoba keys list | head -1`). Here the rest is kept from who
//! does not want it, and the work goes on: a ceremony is not broken off because a pager was closed. What could not be
//! written for another reason (a full disk) fails the command at its end.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;

/// The first failure that counts.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// As the library's, by way of [`write`](crate::output::write).
macro_rules! print {
    ($($words:tt)*) => {
        $crate::output::write(::std::format_args!($($words)*))
    };
}

/// As the library's, by way of [`write`](crate::output::write).
macro_rules! println {
    ($($words:tt)*) => {
        $crate::output::write(::std::format_args!("{}\n", ::std::format_args!($($words)*)))
    };
}

/// Prints; what comes of it is told by [`finish`].
pub(crate) fn write(words: fmt::Arguments<'_>) {
    note(io::stdout().write_fmt(words));
}

/// Whether everything was printed that somebody wanted to read.
pub(crate) fn finish() -> anyhow::Result<()> {
    note(io::stdout().flush());
    match FAILED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error).context("what was done could not be printed whole"),
        None => Ok(()),
    }
}

fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // An error is whole whatever happened to the thread that held it.
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}
