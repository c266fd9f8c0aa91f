//! Addresses, TLS, slow clients and the end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ndoba_web_public::{BindError, OcspLimits, PublicServer, PublicServices, PublishedFiles, ServerLimits};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

use crate::http::{Reply, exchange, post, post_ocsp};
use crate::world::{World, page};

fn nothing() -> PublicServices {
    let published = PublishedFiles::new("/nonexistent".into());
    PublicServices {
        ocsp: None,
        time_stamping: vec![],
        clock: None,
        certificates: None,
        published,
        page: page(),
    }
}

#[test]
fn an_address_in_use_is_said_in_one_sentence() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    actix_web::rt::System::new().block_on(async {
        let error = PublicServer::bind(nothing(), ServerLimits::default(), &[address], None).err().unwrap();
        assert!(matches!(error, BindError::InUse { .. }));
        let text = error.to_string();
        assert_eq!(
            text,
            format!("the address {address} is in use by another process; stop it or choose another port")
        );
    });
}

#[test]
fn slow_and_mute_clients_are_let_go() {
    let limits = ServerLimits {
        client_timeout: Duration::from_secs(1),
        keep_alive: Duration::from_secs(1),
        ..ServerLimits::default()
    };
    let world = World::with(OcspLimits::default(), limits, None);
    let (_, asked) = world.issue("81");
    let slow: [&[u8]; 3] = [b"", b"POST /ocsp HT", b"GET /pki HTTP/1.1\r\nHost: x\r\n\r\n"];
    thread::scope(|scope| {
        for octets in slow {
            scope.spawn(|| {
                let start = Instant::now();
                let mut stream = TcpStream::connect(world.address).unwrap();
                stream.write_all(octets).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).unwrap();
                assert!(start.elapsed() < Duration::from_secs(6), "{}", String::from_utf8_lossy(octets));
            });
        }
        // Others do not notice.
        for _ in 0..20 {
            assert_eq!(post_ocsp(world.address, &asked).status, 200);
        }
    });
    // Garbage instead of HTTP.
    let _ = exchange(world.address, &[0x16, 0x03, 0x01, 0x00, 0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a]);
    assert_eq!(post_ocsp(world.address, &asked).status, 200);
}

/// Where all places are taken nobody is kept out: those that have said nothing for longest go.
#[test]
fn the_longest_idle_make_room() {
    let limits = ServerLimits {
        connections: 20,
        client_timeout: Duration::from_secs(60),
        keep_alive: Duration::from_secs(60),
        ..ServerLimits::default()
    };
    let world = World::with(OcspLimits::default(), limits, None);
    let (_, asked) = world.issue("83");
    // The oldest of all has a request under way for half a second.
    let address = world.address;
    let busy = thread::spawn(move || post(address, "/tsa", "application/timestamp-query", b"slow"));
    thread::sleep(Duration::from_millis(100));
    let mut held = Vec::new();
    for number in 0..60 {
        let mut stream = TcpStream::connect(world.address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"POST /ocsp HTTP/1.1\r\nHost: x\r\nConte").unwrap();
        }
        held.push(stream);
        if number % 10 == 0 {
            assert_eq!(post_ocsp(world.address, &asked).status, 200, "after {number}");
        }
    }
    assert_eq!(busy.join().unwrap().body, b"slowly");
    assert_eq!(post_ocsp(world.address, &asked).status, 200);
    let is_closed = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        matches!(stream.read(&mut [0; 1]), Ok(0)) || stream.take_error().unwrap().is_some()
    };
    let closed: Vec<bool> = held.iter_mut().map(is_closed).collect();
    assert!(closed[..30].iter().all(|closed| *closed), "the oldest have gone: {closed:?}");
    assert!(closed[50..].iter().all(|closed| !closed), "the youngest have not: {closed:?}");
}

/// HTTP/1.0, as openssl and nginx speak it: no Host, closed after the answer.
#[test]
fn http_1_0() {
    let world = World::new();
    let (_, asked) = world.issue("82");
    let head = format!("POST /ocsp HTTP/1.0\r\nContent-Length: {}\r\n\r\n", asked.len());
    let reply = Reply::parse(&exchange(world.address, &[head.as_bytes(), &asked].concat()));
    assert_eq!(reply.status, 200);
    assert!(reply.body.len() > 500);
}

#[test]
fn what_is_in_flight_ends_before_the_server_does() {
    let mut world = World::new();
    let address = world.address;
    let slow = thread::spawn(move || post(address, "/tsa", "application/timestamp-query", b"slow"));
    thread::sleep(Duration::from_millis(150));
    world.stop();
    let reply = slow.join().unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"slowly"[..]));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_same_over_tls() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = pair.cert.der().clone();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let world = World::with(OcspLimits::default(), ServerLimits::default(), Some(config));

    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(world.tls_address.unwrap()).unwrap());
    stream
        .write_all(
            b"POST /tsa HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
              Content-Type: application/timestamp-query\r\nContent-Length: 5\r\n\r\nhello",
        )
        .unwrap();
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    let reply = Reply::parse(&raw);
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"hello"[..]));
}
