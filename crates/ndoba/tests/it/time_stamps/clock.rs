//! The running product with a clock that is watched: servers that lie, a wall clock that is turned under it
//! (K-T10, K-T11, K-T15). Nothing here waits a fixed time or depends on today's date.

pub(super) mod long;
mod servers;
mod turned;

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ndoba_testkit::NtpServer;
use serde_json::Value;

use super::query;
use crate::http::{send, try_stamp};
use crate::installation::{Engine, Installation, Serving};

/// How long any change may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a request for a time-stamp is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// With this genTime, as it stands in the token.
    Granted(String),
    TimeNotAvailable,
    SystemFailure,
}

/// An installation of its own whose units believe a quorum of `servers`, and the role `public` alone.
struct Watched {
    here: Installation,
    servers: Vec<NtpServer>,
    request: Vec<u8>,
}

impl Watched {
    fn by(servers: Vec<NtpServer>) -> Self {
        let here = Installation::on(Engine::Sqlite);
        let text = fs::read_to_string(here.file("ndoba.toml")).unwrap();
        let addresses: Vec<_> = servers.iter().map(|server| format!("\"{}\"", server.address())).collect();
        let clock = format!(
            "[clock]\nmode = \"disciplined\"\nkernel = \"off\"\nservers = [{}]\nquorum = 2\npoll = \"1s\"\n\
             timeout = \"900ms\"\nmax_age = \"3s\"\nclean_interval = \"1s\"",
            addresses.join(", ")
        );
        let unwatched = "[clock]\nmode = \"trusted-host-clock\"\nkernel = \"off\"";
        assert!(text.contains(unwatched));
        let text = text.replacen(unwatched, &clock, 1);
        let (first, rest) = text.split_once("roles = [").unwrap();
        let (_, rest) = rest.split_once(']').unwrap();
        fs::write(here.file("watched.toml"), format!("{first}roles = [\"public\"]{rest}")).unwrap();
        let request = query(&here.file(""), "what time is it", &["-sha256"]);
        Self { here, servers, request }
    }

    /// Asks for a time-stamp; nothing while nobody listens yet.
    fn ask(&self) -> Option<Said> {
        let body = try_stamp(self.here.public(), "/tsa", &self.request)?.body;
        let has = |failure: &[u8]| body.windows(failure.len()).any(|window| window == failure);
        // The bits of requirements T-09.
        if has(&[0x03, 0x03, 0x01, 0x00, 0x02]) {
            return Some(Said::TimeNotAvailable);
        }
        if has(&[0x03, 0x05, 0x06, 0x00, 0x00, 0x00, 0x40]) {
            return Some(Said::SystemFailure);
        }
        // A GeneralizedTime of this century: certificates are not asked for, and nothing else has one.
        let at = body
            .windows(4)
            .position(|window| window[0] == 0x18 && (15..=19).contains(&window[1]) && window[2..] == *b"20");
        let at = at.expect("a token, or a refusal that is named above");
        Some(Said::Granted(
            String::from_utf8(body[at + 2..at + 2 + usize::from(body[at + 1])].to_vec()).unwrap(),
        ))
    }

    /// Asks until `wanted` is answered; all genTimes on the way.
    fn until(&self, wanted: impl Fn(&Said) -> bool) -> Vec<String> {
        let (start, mut times, mut last) = (Instant::now(), Vec::new(), None);
        loop {
            let said = self.ask();
            if let Some(Said::Granted(time)) = &said {
                times.push(time.clone());
            }
            if said.as_ref().is_some_and(&wanted) {
                return times;
            }
            last = said.or(last);
            assert!(start.elapsed() < PATIENCE, "still {last:?}\n{}", self.here.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn until_granted(&self) -> Vec<String> {
        self.until(|said| matches!(said, Said::Granted(_)))
    }

    fn until_refused(&self) {
        self.until(|said| *said == Said::TimeNotAvailable);
    }

    /// Reads the clock's statement until it is as wanted. (Its signature is another test's.)
    fn until_stated(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let reply = send(self.here.public(), "GET", "/tsa/clock", "", b"");
            let stated = (reply.status == 200).then(|| {
                let jws: Value = serde_json::from_slice(&reply.body).unwrap();
                let payload = BASE64URL.decode(jws["payload"].as_str().unwrap()).unwrap();
                serde_json::from_slice::<Value>(&payload).unwrap()
            });
            match stated {
                Some(stated) if wanted(&stated) => return stated,
                _ => assert!(start.elapsed() < PATIENCE, "{stated:?}\n{}", self.here.log()),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A page of the operator's address.
    fn operator(&self, path: &str) -> (u16, String) {
        let endpoints = fs::read_to_string(self.here.file("endpoints.json")).unwrap();
        let endpoints: Value = serde_json::from_str(&endpoints).unwrap();
        let address = endpoints["operator"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        let reply = send(address, "GET", path, "", b"");
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    /// Waits until the health answer is as wanted.
    fn until_health(&self, wanted: impl Fn(u16, &str) -> bool) {
        let start = Instant::now();
        loop {
            let (status, text) = self.operator("/health/ready");
            if wanted(status, &text) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{status} {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The value of a metric's line that begins so.
    fn metric(&self, line: &str) -> Option<f64> {
        let (_, text) = self.operator("/metrics");
        text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
    }

    /// Ends `serving`, and takes the events of the clock out of the audit log, oldest first: `kind`, and the data.
    fn events(&self, serving: Serving) -> Vec<(String, Value)> {
        serving.stop();
        let serving = self.here.serve(None);
        let start = Instant::now();
        let log = loop {
            self.here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
            let log = fs::read_to_string(self.here.file("log.jsonl")).unwrap();
            // The stop of the watched process came after all of them; no other one stopped in order.
            if log.contains("service-stopped") {
                break log;
            }
            assert!(start.elapsed() < PATIENCE, "{}", self.here.log());
            std::thread::sleep(Duration::from_millis(100));
        };
        drop(serving);
        let mut events = Vec::new();
        for line in log.lines() {
            collect(&serde_json::from_str(line).unwrap(), &mut events);
        }
        events.retain(|(kind, _)| kind.starts_with("clock-") || kind == "leap-second-passed");
        events
    }
}

/// Events wherever they are in a line of an export.
fn collect(value: &Value, events: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => match (members.get("kind").and_then(Value::as_str), members.get("data")) {
            (Some(kind), Some(data)) => events.push((kind.to_owned(), data.clone())),
            _ => members.values().for_each(|value| collect(value, events)),
        },
        Value::Array(items) => items.iter().for_each(|item| collect(item, events)),
        Value::String(text) if text.starts_with("{\"") => {
            if let Ok(value) = serde_json::from_str(text) {
                collect(&value, events);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
