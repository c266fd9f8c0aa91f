//! `ndoba tsa verify-clock`: the clock's statement, judged by its key and its time.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_tsa::{ClockStatement, StatedMeasure};
use ndoba_types::{Span, UtcTime};
use serde_json::json;

use crate::files;
use crate::installation::{self, World};

/// How far the verifier's clock may be off.
const LEEWAY: Span = Span::seconds(5);

/// Exit status 0 signed with the key and of the present, 1 signed and not of the present.
pub(super) fn run(
    statement: &Path,
    key: &Path,
    at: Option<UtcTime>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let statement = ClockStatement::verify(&files::read(statement)?, &installation::public_key(key)?)
        .with_context(|| format!("{} is not to be believed", statement.display()))?;
    let now = at.unwrap_or_else(|| World::real().clock.now());
    let current = statement.is_current(now, LEEWAY);
    if as_json {
        println!("{}", to_json(&statement, current));
    } else {
        print(&statement, now, current);
    }
    Ok(if current { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(statement: &ClockStatement, now: UtcTime, current: bool) {
    println!("signed    by this key, for installation {}, node {}", statement.installation, statement.node);
    if current {
        println!("time      {} to {}", statement.at, statement.expires);
    } else {
        println!("time      {} to {}: not {now}", statement.at, statement.expires);
    }
    match &statement.distrusted {
        None => println!("clock     believed, by {}", statement.mode),
        Some(reason) => println!("clock     not believed ({reason}): no time-stamps"),
    }
    if let Some(StatedMeasure { offset_us, bound_us }) = statement.measured {
        println!("offset    {offset_us} µs (UTC minus the clock), at most {bound_us} µs from UTC");
    }
    for source in &statement.sources {
        match source.answer {
            None => println!("source    {} {}", source.server, source.verdict),
            Some(answer) => println!(
                "source    {} {}: {} µs ± {} µs, {} s ago, stratum {}",
                source.server,
                source.verdict,
                answer.offset_us,
                answer.bound_us,
                answer.age_us / 1_000_000,
                answer.stratum
            ),
        }
    }
}

fn to_json(statement: &ClockStatement, current: bool) -> serde_json::Value {
    let ClockStatement { installation, node, at, expires, mode, distrusted, measured, sources } = statement;
    json!({
        "current": current,
        "installation": installation.to_string(),
        "node": node,
        "at": at.to_string(),
        "expires": expires.to_string(),
        "mode": mode,
        "trusted": distrusted.is_none(),
        "reason": distrusted,
        "measured": measured,
        "sources": sources,
    })
}
