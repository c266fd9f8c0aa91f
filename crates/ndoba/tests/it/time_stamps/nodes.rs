//! Two processes on one PostgreSQL stamp with one unit at once: no serial number twice, each token in its own node's
//! journal, each journal in the one audit log (K-T07, interop §5.29).

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::accounting::{imprint, serial_and_time};
use super::query;
use crate::http::try_stamp;
use crate::installation::{Engine, Installation};
use crate::program::{eventually, wait_for};

const EACH: usize = 150;
const CLIENTS: usize = 3;

/// The configuration `second.toml`: the role `public` alone as another node, with journal and witness of its own, at a
/// free address.
pub(crate) fn second_node(here: &Installation, node: u16) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    here.configure_roles("second.toml", &["public"], node);
    let mut text = String::new();
    for line in here.read_text("second.toml").lines() {
        match line.split(" = ").next().unwrap() {
            "public" => text += &format!("public = \"{address}\"\n"),
            "public_tls" | "operator" => {}
            _ => text += &format!("{line}\n"),
        }
    }
    text += &format!("\n[paths]\njournal = \"journal-{node}\"\nwitness = \"witness-{node}\"\n");
    fs::write(here.file("second.toml"), text).unwrap();
    fs::create_dir_all(here.file(&format!("witness-{node}"))).unwrap();
    fs::copy(here.file("witness/ocsp.json"), here.file(&format!("witness-{node}/ocsp.json"))).unwrap();
    address
}

#[test]
fn two_nodes_on_one_database_give_no_serial_number_twice() {
    let here = Installation::on(Engine::Postgresql);
    let other = second_node(&here, 7);
    let (first, second) = (here.serve(None), here.start("second.toml", None));
    let request = query(here.folder(), "two nodes", &["-sha256", "-no_nonce"]);
    for address in [here.public(), other] {
        eventually(
            || {
                try_stamp(address, "/tsa", &request)
                    .is_some_and(|reply| serial_and_time(&reply.body).is_some())
            },
            || here.log(),
        );
    }
    let ask = |address: SocketAddr| {
        let mut serials = Vec::new();
        while serials.len() < EACH {
            let reply = try_stamp(address, "/tsa", &request).expect("an answer");
            // A queue may be full for a moment; nothing else is no token.
            match serial_and_time(&reply.body) {
                Some((serial, _)) => serials.push(serial),
                None => assert_eq!(reply.status, 503, "{reply:?}\n{}", here.log()),
            }
        }
        serials
    };
    let by_node: Vec<Vec<String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = [here.public(), other]
            .map(|address| (0..CLIENTS).map(|_| scope.spawn(move || ask(address))).collect::<Vec<_>>())
            .into();
        let join = |workers: Vec<std::thread::ScopedJoinHandle<'_, Vec<String>>>| {
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        };
        workers.into_iter().map(join).collect()
    });
    let all: BTreeSet<&String> = by_node.iter().flatten().collect();
    assert_eq!(all.len(), 2 * CLIENTS * EACH);
    second.stop();
    first.stop();

    // Each is in the journal of its node, and in no other.
    for (node, journal) in ["journal", "journal-7"].into_iter().enumerate() {
        let find = ["tsa", "find", "--journal", journal, "--imprint", &imprint(&request), "--json"];
        let found: BTreeSet<String> = here
            .must(&find)
            .lines()
            .map(|line| line.split("\"serial\":\"").nth(1).unwrap()[..40].to_owned())
            .collect();
        assert!(by_node[node].iter().all(|serial| found.contains(serial)), "{journal}");
        assert!(by_node[1 - node].iter().all(|serial| !found.contains(serial)), "{journal}");
    }

    // Both nodes' segments are leaves of the one log.
    let first = here.serve(None);
    wait_for(|| {
        here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
        let log = here.read_text("log.jsonl").replace('\\', "");
        let sealed = |node: u16| {
            log.lines().any(|line| {
                line.contains("tsu-segment-sealed") && line.contains(&format!("\"node\":\"{node}\""))
            })
        };
        if sealed(0) && sealed(7) { Ok(()) } else { Err(format!("{} octets of log", log.len())) }
    });
    first.stop();
    let journals = ["--journal", "journal", "--journal", "journal-7"];
    here.must(&["audit", "verify", "log.jsonl"]);
    here.must(&[&["tsa", "verify-journal", "--export", "log.jsonl"][..], &journals].concat());
}

#[test]
fn killed_in_turn_two_nodes_give_no_serial_number_twice() {
    unique_under_kills(1_500, 4);
}

/// Both nodes stamp for all they can until there are so many tokens; each is killed in its turn meanwhile, and started
/// again. No serial number twice, and each in the journal of its node.
pub(super) fn unique_under_kills(tokens: usize, kills: usize) {
    let here = Installation::on(Engine::Postgresql);
    let addresses = [here.public(), second_node(&here, 7)];
    let configurations = ["ndoba.toml", "second.toml"];
    let request = query(here.folder(), "two nodes, killed", &["-sha256", "-no_nonce"]);
    let (granted, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let ask = |address: SocketAddr| {
        let mut serials = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let reply = try_stamp(address, "/tsa", &request);
            match reply.and_then(|reply| serial_and_time(&reply.body)) {
                Some((serial, _)) => {
                    serials.push(serial);
                    granted.fetch_add(1, Ordering::Relaxed);
                }
                // Killed, or waiting until its clock has passed every time that it may have given.
                None => sleep(Duration::from_millis(5)),
            }
        }
        serials
    };
    let by_node: Vec<Vec<String>> = std::thread::scope(|scope| {
        let _over = Over(&over);
        let mut nodes = configurations.map(|configuration| Some(here.start(configuration, None)));
        let clients = addresses.map(|address| [(); CLIENTS].map(|()| scope.spawn(move || ask(address))));
        for kill in 0..=kills {
            let wanted = tokens * (kill + 1) / (kills + 1);
            let mut seen = 0;
            // It takes as long as it takes, as long as there are more of them.
            while seen < wanted {
                let before = seen;
                eventually(
                    || {
                        seen = granted.load(Ordering::Relaxed);
                        seen > before || seen >= wanted
                    },
                    || here.log(),
                );
            }
            if kill < kills {
                let node = kill % 2;
                drop(nodes[node].take());
                nodes[node] = Some(here.start(configurations[node], None));
            }
        }
        over.store(true, Ordering::Relaxed);
        let serials = clients
            .map(|clients| clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>());
        for (node, configuration) in nodes.into_iter().zip(configurations) {
            let mut node = node.unwrap();
            if configuration == "ndoba.toml" {
                here.await_officers_of(&mut node);
            }
            node.stop();
        }
        serials.into()
    });
    let all: BTreeSet<&String> = by_node.iter().flatten().collect();
    assert_eq!(all.len(), by_node.iter().map(Vec::len).sum::<usize>(), "a serial number twice");
    for (journal, given) in ["journal", "journal-7"].into_iter().zip(&by_node) {
        let find = ["tsa", "find", "--journal", journal, "--imprint", &imprint(&request), "--json"];
        let said = here.must(&find);
        let found: BTreeSet<&str> =
            said.lines().map(|line| &line.split("\"serial\":\"").nth(1).unwrap()[..40]).collect();
        assert!(given.iter().all(|serial| found.contains(serial.as_str())), "{journal}");
        eprintln!("{journal}: {} tokens granted, {} recorded", given.len(), found.len());
    }
}

/// Whatever happens, the clients go home.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
