//! What the server counts of itself.

use anyhow::Context as _;

use crate::http;
use crate::installation::Installation;

/// The sum of the counter `name` over all its series with `label` (`key="value"`), as the server says now; 0 where it has
/// none.
pub(crate) fn sum(installation: &Installation, name: &str, label: &str) -> anyhow::Result<f64> {
    let address = ([127, 0, 0, 1], installation.operator_port()).into();
    let text = http::on_answer(address, &http::get("/metrics"), |answer| {
        String::from_utf8_lossy(answer.body).into_owned()
    })?;
    let series = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    series
        .filter(|line| line.contains(label))
        .map(|line| line.rsplit(' ').next().unwrap_or_default().parse::<f64>())
        .sum::<Result<f64, _>>()
        .context("a metric that is no number")
}
