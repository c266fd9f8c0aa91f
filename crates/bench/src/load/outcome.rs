//! What a load showed.

use std::time::Duration;

use super::Verdict;

/// Counts and latencies.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) served: u64,
    pub(crate) shed: u64,
    pub(crate) failed: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Of what was served, in microseconds.
    latencies: Vec<u32>,
}

impl Outcome {
    /// Nothing yet.
    pub(crate) const NONE: Self =
        Self { served: 0, shed: 0, failed: 0, elapsed: Duration::ZERO, latencies: Vec::new() };

    /// Counts one answer.
    pub(crate) fn count(&mut self, verdict: Verdict, latency: Duration) {
        match verdict {
            Verdict::Served => {
                self.served += 1;
                self.latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
            }
            Verdict::Shed => self.shed += 1,
            Verdict::Failed => self.failed += 1,
        }
    }

    /// Adds what another connection, or another round, showed.
    pub(crate) fn add(&mut self, other: &Self) {
        self.served += other.served;
        self.shed += other.shed;
        self.failed += other.failed;
        self.elapsed += other.elapsed;
        self.latencies.extend_from_slice(&other.latencies);
    }

    /// Served per second.
    pub(crate) fn rate(&self) -> f64 {
        // Counts of a bench are far below 2⁵³.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let served = self.served as f64;
        served / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The share of all answers that refused for want of capacity.
    pub(crate) fn shed_share(&self) -> f64 {
        let all = self.served + self.shed + self.failed;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let share = self.shed as f64 / all.max(1) as f64;
        share
    }

    /// The latency in milliseconds that `part` of a hundred do not exceed.
    pub(crate) fn percentile(&self, part: usize) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        // The smallest value with at least `part` per cent at or below it.
        let rank = (sorted.len() * part).div_ceil(100).max(1);
        sorted.get(rank - 1).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }

    /// Fails when anything was answered otherwise than it must be.
    pub(crate) fn must_be_clean(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.failed == 0 && self.shed == 0 && self.served > 0,
            "{what}: {} served, {} shed, {} failed",
            self.served,
            self.shed,
            self.failed
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_served() {
        let mut outcome = Outcome::NONE;
        for millis in (1..=200).rev() {
            outcome.count(Verdict::Served, Duration::from_millis(millis));
        }
        outcome.count(Verdict::Shed, Duration::from_secs(9));
        for (part, millis) in [(50, 100.0), (99, 198.0), (100, 200.0)] {
            assert!((outcome.percentile(part) - millis).abs() < 1e-9, "{part}");
        }
        assert!(outcome.shed_share() > 0.0);
        assert!(outcome.must_be_clean("this").is_err());
        assert!(Outcome::NONE.percentile(99).abs() < 1e-9);
    }
}
