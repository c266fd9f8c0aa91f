//! The alarm about OCSP questions for serial numbers that were never issued (EN 319 411-1 OVR-6.6.3-03, O-08).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ndoba_audit::EventKind;
use ndoba_settings::Settings;
use ndoba_types::{CaName, Span, UtcTime};
use ndoba_web_public::{OcspService, UnissuedQueries};

use super::background::{Background, Next};
use super::{Process, record_one};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// The alarm ends when nobody has asked for so long; until then it is one alarm, however often somebody asks.
const QUIET: Span = Span::hours(1);
/// The alarm's code.
const CODE: &str = "ocsp-unissued-queries";

/// The configured prefixes, per CA.
pub(super) fn known_probes(settings: &Settings) -> HashMap<CaName, Vec<Vec<u8>>> {
    let of = |ca: &ndoba_settings::CertificationAuthority| {
        Some((ca.name.clone(), ca.ocsp.as_ref()?.known_probes.clone()))
    };
    settings.cas.iter().filter_map(of).collect()
}

/// Starts looking.
pub(super) fn watch(
    process: &Arc<Process>,
    ocsp: &Arc<OcspService>,
    background: &mut Background,
) -> anyhow::Result<()> {
    let (process, ocsp) = (Arc::clone(process), Arc::clone(ocsp));
    let mut alarms: BTreeMap<CaName, Alarm> = BTreeMap::new();
    background.run("unissued", move || {
        let now = process.world.clock.now();
        let mut seen = ocsp.take_unissued();
        for ca in seen.keys() {
            alarms.entry(ca.clone()).or_default();
        }
        for (ca, alarm) in &mut alarms {
            let change = alarm.look(seen.remove(ca).as_ref(), now);
            if let Err(error) = tell(&process, ca, change) {
                tracing::warn!("the alarm about {ca} could not be recorded: {error:#}");
            }
        }
        Next::After(LOOK)
    })
}

fn tell(process: &Process, ca: &CaName, change: Change) -> anyhow::Result<()> {
    let part = format!("OCSP questions about {ca}");
    let word = ca.as_str().parse()?;
    match change {
        Change::None => Ok(()),
        Change::Raised { example } => {
            let example = example.unwrap_or_else(|| "what no serial number can be".into());
            tracing::warn!(%ca, example, "somebody asks about serial numbers that were never issued");
            process.health.set_degraded(&part, format!("about numbers never issued, such as {example}"));
            record_one(process, "public", EventKind::AlarmRaised { code: CODE.into(), part: word })
        }
        Change::Cleared => {
            process.health.set_ok(&part);
            record_one(process, "public", EventKind::AlarmCleared { code: CODE.into(), part: word })
        }
    }
}

/// One CA's alarm.
#[derive(Debug, Default)]
struct Alarm {
    /// When somebody last asked, while it is raised.
    last: Option<UtcTime>,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    None,
    Raised { example: Option<String> },
    Cleared,
}

impl Alarm {
    fn look(&mut self, seen: Option<&UnissuedQueries>, now: UtcTime) -> Change {
        match (seen, self.last) {
            (Some(seen), before) => {
                self.last = Some(now);
                match before {
                    None => Change::Raised { example: seen.example.as_ref().map(ToString::to_string) },
                    Some(_) => Change::None,
                }
            }
            (None, Some(last)) if now.since(last) >= QUIET => {
                self.last = None;
                Change::Cleared
            }
            (None, _) => Change::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alarm_until_it_is_quiet() {
        let at = |minutes| UtcTime::from_unix_seconds(1_795_000_000).unwrap().plus(Span::minutes(minutes));
        let seen = UnissuedQueries { count: 2, example: Some("0b".parse().unwrap()) };
        let mut alarm = Alarm::default();
        assert_eq!(alarm.look(None, at(0)), Change::None);
        assert_eq!(alarm.look(Some(&seen), at(1)), Change::Raised { example: Some("0b".into()) });
        assert_eq!(alarm.look(Some(&seen), at(30)), Change::None);
        assert_eq!(alarm.look(None, at(89)), Change::None);
        assert_eq!(alarm.look(None, at(90)), Change::Cleared);
        assert_eq!(alarm.look(None, at(200)), Change::None);
        assert!(matches!(alarm.look(Some(&seen), at(201)), Change::Raised { .. }));
    }
}
