//! What was measured: lines for people on standard error or output, one JSON object for programs.

use serde_json::{Map, Value};

/// Collects figures under their names.
pub(crate) struct Report {
    json: bool,
    values: Map<String, Value>,
}

impl Report {
    /// A report called `bench`.
    pub(crate) fn new(bench: &str, json: bool) -> Self {
        let mut values = Map::new();
        values.insert("bench".into(), bench.into());
        let report = Self { json, values };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        report.say(&format!("ndoba-bench {bench}: {cores} cores, load generator on the same ones"));
        report
    }

    /// Says what is being done.
    pub(crate) fn say(&self, line: &str) {
        if self.json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }

    /// A figure: its name in JSON, its value, and what it is in words.
    pub(crate) fn figure(&mut self, name: &str, value: f64, words: &str) {
        let rounded = rounded(value);
        self.say(&format!("  {name:<34} {rounded:>12}  {words}"));
        self.values.insert(name.into(), rounded.into());
    }

    /// Prints the JSON, where it was asked for.
    pub(crate) fn finish(self) {
        if self.json {
            println!("{}", Value::Object(self.values));
        }
    }
}

/// Four significant digits: more would be pretence.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a finite number is small")]
    let digits = 3 - value.abs().log10().floor() as i32;
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn four_significant_digits() {
        for (value, shown) in [(12_345.6, 12_350.0), (0.123_456, 0.1235), (-1.5, -1.5), (0.0, 0.0)] {
            assert!((rounded(value) - shown).abs() < 1e-9, "{value}");
        }
        assert!(rounded(f64::NAN).abs() < 1e-9, "JSON has no word for it");
    }
}
