//! Two processes on one PostgreSQL stamp with one unit at once: no serial number twice, each token in its own node's
//! journal, each journal in the one audit log (K-T07, interop §5.29).

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener};

use super::accounting::{imprint, serial_and_time};
use super::query;
use crate::http::try_stamp;
use crate::installation::{Engine, Installation};
use crate::program::{eventually, wait_for};

const EACH: usize = 150;
const CLIENTS: usize = 3;

/// The configuration `second.toml`: the role `public` alone as another node, with journal and witness of its own, at a
/// free address.
fn second_node(here: &Installation, node: u16) -> SocketAddr {
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
