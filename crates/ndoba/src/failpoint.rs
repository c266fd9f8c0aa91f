//! Ends the process at a chosen arrow of the ledger, for the tests that prove that nothing is lost.
//!
//! Armed by `NDOBACTL_FAILPOINT=<arrow>` and only in development mode; production refuses to start with it.

use std::process::Command;

use ndoba_ca::{Arrow, Failpoints};

/// The variable that names the arrow.
pub(crate) const VARIABLE: &str = "NDOBACTL_FAILPOINT";

/// Kills this process with SIGKILL when its arrow is reached: no destructor, no flush, as a power cut would.
pub(crate) struct KillAt(pub(crate) Arrow);

impl KillAt {
    /// Reads an arrow's name.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let known = Arrow::ALL.into_iter().find(|arrow| arrow.name() == text);
        known.map(Self).ok_or_else(|| {
            let names: Vec<_> = Arrow::ALL.iter().map(|arrow| arrow.name()).collect();
            anyhow::anyhow!("{VARIABLE} is {text:?}; it names one of {}", names.join(", "))
        })
    }
}

impl Failpoints for KillAt {
    fn reached(&self, arrow: Arrow) {
        if arrow != self.0 {
            return;
        }
        tracing::warn!(arrow = arrow.name(), "failpoint reached: killing this process");
        // `kill` because sending a signal from Rust needs `unsafe`; nothing of ours runs after it arrives.
        let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
        loop {
            std::thread::park();
        }
    }
}
