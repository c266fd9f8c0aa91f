//! Logs on standard error: human or JSON, filtered as configured.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` is in `tracing`'s directive syntax: `info`, `ndoba_ca=debug,info`.
pub(crate) fn start(json: bool, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for eyes; in a file or the journal they are rubbish between the words.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    if json {
        builder.json().init()
    } else {
        builder.compact().init()
    }
    Ok(())
}
