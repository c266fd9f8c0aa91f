//! A program that is told what happens: it fails in every way there is, and in the end has everything, in order.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use ndoba_testkit::Judge;
use serde_json::{Value, json};

use crate::guides::tree;
use crate::installation::{Installation, Serving};
use crate::program::{must, wait_for};

/// What comes of a call, for the first ones; then all are taken.
const FAULTS: [Fault; 5] =
    [Fault::Status(500), Fault::Redirect, Fault::Silence, Fault::Endless, Fault::Status(404)];

#[derive(Clone, Copy)]
enum Fault {
    /// An answer that is none of the 200s.
    Status(u16),
    /// To the receiver itself, at another path.
    Redirect,
    /// It is taken, and the connection closed without an answer.
    Silence,
    /// It is taken, and answered with a body that does not end.
    Endless,
}

/// A message as it came.
#[derive(Clone)]
struct Message {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
    /// Whether the sender was told that it is taken.
    acknowledged: bool,
}

/// The program that is told, on a loopback address.
pub(super) struct Receiver {
    url: String,
    messages: Arc<Mutex<Vec<Message>>>,
    away: Arc<AtomicBool>,
}

impl Receiver {
    /// Listens, and is configured under `ndoba.toml` beside one that is never there.
    pub(super) fn configured(here: &Installation) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            url: format!("http://{}/told", listener.local_addr().unwrap()),
            messages: Arc::default(),
            away: Arc::default(),
        };
        let (messages, away, calls) = (receiver.messages.clone(), receiver.away.clone(), AtomicUsize::new(0));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let fault = FAULTS.get(calls.fetch_add(1, Ordering::SeqCst)).copied();
                let fault = if away.load(Ordering::SeqCst) { Some(Fault::Status(503)) } else { fault };
                // Who has hung up is not answered.
                let _ = answer(stream.unwrap(), fault, &messages);
            }
        });
        let secret = here.openssl(&["rand", "-base64", "32"]);
        fs::write(here.file("told.secret"), format!("whsec_{}\n", secret.trim())).unwrap();
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let section = |name: &str, url: &str, more: &str| {
            format!(
                "\n[[webhooks]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret_file = \"told.secret\"\n{more}"
            )
        };
        let configuration = here.read_text("ndoba.toml")
            + &section("cases", &receiver.url, "retry_after = \"20ms\"\ntimeout = \"2s\"\n")
            + &section("nobody", &format!("http://{nobody}"), "events = [\"certificate.*\"]\n");
        fs::write(here.file("ndoba.toml"), configuration).unwrap();
        fs::set_permissions(here.file("told.secret"), fs::Permissions::from_mode(0o644)).unwrap();
        let refused = here.must_not(&["config", "check", "--config", "ndoba.toml"]);
        assert!(refused.contains("told.secret: everybody may read"), "{refused}");
        fs::set_permissions(here.file("told.secret"), fs::Permissions::from_mode(0o600)).unwrap();
        here.must(&["config", "check", "--config", "ndoba.toml"]);
        receiver
    }

    /// Everything was told of both certificates and of their applications, but for what happens while nobody listens:
    /// that is told after `kill -9` and another start.
    pub(super) fn was_told(&self, here: &Installation, serving: Serving, serials: [&str; 2]) -> Serving {
        self.await_all(here);
        self.away.store(true, Ordering::SeqCst);
        let [_, municipality] = serials;
        assert!(here.suspend(municipality).status.success());
        here.await_that("a message that waits", || listed(here, "cases").contains("certificate.suspended"));
        drop(serving); // kill -9
        self.away.store(false, Ordering::SeqCst);
        let serving = here.serve(None);
        self.await_all(here);
        self.verify(here);

        let messages = self.messages.lock().unwrap().clone();
        in_order(&messages);
        for (serial, kinds) in [
            (serials[0], &["certificate.issued", "certificate.revoked"][..]),
            (
                municipality,
                &[
                    "certificate.issued",
                    "certificate.suspended",
                    "certificate.released",
                    "certificate.suspended",
                ],
            ),
        ] {
            assert_eq!(of_certificate(&messages, serial), kinds, "{serial}");
        }
        let told: Vec<_> = messages.iter().map(|one| one.body.as_str()).collect();
        assert!(told.iter().any(|one| one.contains("\"to\":\"submitted\"")), "{told:?}");
        for personal in ["01001012345", "404123456", "ნინო", "თელავის", "n@example.ge"]
        {
            assert!(!told.iter().any(|one| one.contains(personal)), "{personal}");
        }
        assert!(messages.iter().all(|one| one.path == "/told"), "a redirect was followed");

        // Who is never there has everything still before it, and kept nobody from anything.
        let waiting = listed(here, "nobody");
        assert!(waiting.contains("certificate.issued") && waiting.contains("onnection refused"), "{waiting}");
        let secret = here.read_text("told.secret");
        assert!(!here.log().contains(secret.trim()), "the secret is in the log");
        serving
    }

    /// Waits until nothing waits for it.
    fn await_all(&self, here: &Installation) {
        wait_for(|| {
            let waiting = listed(here, "cases");
            let fresh = here.sql("SELECT count(*) FROM webhook_events WHERE spread IS NULL");
            if waiting.is_empty() && fresh == "0" {
                Ok(())
            } else {
                Err(format!("{waiting}\n{fresh}\n{}", here.log()))
            }
        });
    }

    /// By the guide's example, which refuses what was changed.
    fn verify(&self, here: &Installation) {
        let messages = self.messages.lock().unwrap().clone();
        let all: Vec<_> =
            messages.iter().map(|one| json!({ "headers": one.headers, "body": one.body })).collect();
        fs::write(here.file("told.json"), serde_json::to_vec(&all).unwrap()).unwrap();
        const CHECK: &str = "\
import json, sys
from webhook import verify
secret = open('told.secret').read().split()[0]
messages = json.load(open('told.json'))
for one in messages:
    headers, body = one['headers'], one['body'].encode()
    now = int(headers['webhook-timestamp'])
    assert verify(headers, body, [secret], now)['type']
    for changed in [(headers, body + b' ', now), (headers, body, now + 301), ({**headers, 'webhook-id': 'x'}, body, now)]:
        try:
            verify(changed[0], changed[1], [secret], changed[2])
        except ValueError:
            continue
        sys.exit('it took what was changed')
print(len(messages), 'verified')
";
        let example = tree().join("docs/guides/examples/webhook.py");
        fs::copy(example, here.file("webhook.py")).unwrap();
        let said = must(here.folder(), &Judge::python().display().to_string(), &["-c", CHECK]);
        assert!(said.contains(&format!("{} verified", messages.len())), "{said}");
    }
}

/// What waits for an endpoint, as the operator lists it.
fn listed(here: &Installation, endpoint: &str) -> String {
    let all = here.must(&["webhook", "list", "--config", "ndoba.toml"]);
    all.lines().filter(|line| line.starts_with(endpoint)).collect::<Vec<_>>().join("\n")
}

/// Reads one call and answers it.
fn answer(
    mut stream: TcpStream,
    fault: Option<Fault>,
    messages: &Mutex<Vec<Message>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let path = line(&mut reader)?.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line(&mut reader)?.trim().split_once(": ") {
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body)?;
    let acknowledged = matches!(fault, None | Some(Fault::Endless));
    let body = String::from_utf8(body).unwrap();
    messages.lock().unwrap().push(Message { path, headers, body, acknowledged });
    match fault {
        None => write!(stream, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        Some(Fault::Status(status)) => {
            write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Some(Fault::Redirect) => {
            write!(
                stream,
                "HTTP/1.1 307 There\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        Some(Fault::Silence) => Ok(()),
        Some(Fault::Endless) => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            // Until nobody reads on.
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
            Ok(())
        }
    }
}

/// A line of a call. Who was killed between connecting and writing has sent no message.
fn line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    match reader.read_line(&mut line)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// Of each object, no message was sent before all those before it were acknowledged; repeats are the same message.
fn in_order(messages: &[Message]) {
    let mut reached: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    let mut repeats = 0;
    for message in messages {
        let told: Value = serde_json::from_str(&message.body).unwrap();
        let (object, sequence) = (told["object"].as_str().unwrap(), told["sequence"].as_u64().unwrap());
        let id = message.headers["webhook-id"].as_str();
        if let Some(before) = bodies.insert(id, &message.body) {
            assert_eq!(before, message.body, "{id}");
            repeats += 1;
        }
        let last = reached.insert(object.to_owned(), (sequence, message.acknowledged));
        let Some((before, acknowledged)) = last else { continue };
        assert!(
            sequence == before || (sequence > before && acknowledged),
            "{object}: {sequence} after {before}, acknowledged: {acknowledged}"
        );
    }
    assert!(repeats >= FAULTS.len() - 1, "{repeats}");
}

/// The kinds of what was acknowledged about a certificate, without what officers noted of its delivery.
fn of_certificate(messages: &[Message], serial: &str) -> Vec<String> {
    let told =
        messages.iter().filter(|one| one.acknowledged).map(|one| serde_json::from_str(&one.body).unwrap());
    let of_it = told.filter(|told: &Value| {
        told["object"].as_str().unwrap().starts_with("certificate/")
            && told["data"]["serial"].as_str().unwrap().eq_ignore_ascii_case(serial)
    });
    let kinds = of_it.map(|told| told["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind != "certificate.delivered" && kind != "certificate.accepted").collect()
}
