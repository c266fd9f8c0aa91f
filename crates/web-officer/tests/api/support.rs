//! A server with its world, and a client that speaks HTTP/1.1 by hand, so that nothing is repaired on the way.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ndoba_registration::fake::{TestOfficer, World};
use ndoba_web_officer::{Api, ServerLimits, mutual_tls, serve};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;

/// The operations CA: signs the server's and the officers' TLS certificates.
struct OperationsCa {
    certificate: CertificateDer<'static>,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl OperationsCa {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: rcgen::Issuer::new(params, key) }
    }

    fn issue(&self, key_pem: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = rcgen::KeyPair::from_pem(key_pem).unwrap();
        let params = rcgen::CertificateParams::new(["localhost".into()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (vec![certificate.der().clone()], key.into())
    }
}

/// The most octets that the server takes.
pub(crate) const LONGEST_BODY: usize = 65_000;

/// A running server.
pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) api: Arc<Api>,
    address: SocketAddr,
    ca: OperationsCa,
    /// Each officer's side of TLS, made once.
    sides: Mutex<BTreeMap<&'static str, Arc<ClientConfig>>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// The problem's stable code; checks that it is a problem document.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Served {
    pub(crate) fn start() -> Self {
        Self::of(World::new(), 100_000)
    }

    /// The same with this world; so many refused logins of one key are looked at.
    pub(crate) fn of(world: World, refused_logins: u32) -> Self {
        let ca = OperationsCa::new();
        let (chain, key) = ca.issue(&rcgen::KeyPair::generate().unwrap().serialize_pem());
        let tls = mutual_tls(chain, key, std::slice::from_ref(&ca.certificate)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let chains = BTreeMap::from([("signature".parse().unwrap(), vec![ca.certificate.to_vec()])]);
        let api = Arc::new(Api { registration: world.registration(), chains, longest_body: LONGEST_BODY });
        let limits = ServerLimits {
            workers: 1,
            connections_per_worker: 1_000,
            client_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(60),
            shutdown: Duration::from_secs(1),
            refused_logins,
            code_tries: 10,
        };
        let serving = Arc::clone(&api);
        thread::spawn(move || {
            actix_web::rt::System::new()
                .block_on(async move { serve(serving, listener, tls, limits).unwrap().await })
        });
        Self { world, api, address, ca, sides: Mutex::default() }
    }

    /// Asks as an officer; `body` is sent as JSON.
    pub(crate) fn ask(&self, officer: &TestOfficer, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(|body| serde_json::to_vec(body).unwrap());
        let headers: &[(&str, &str)] =
            if body.is_some() { &[("content-type", "application/json")] } else { &[] };
        self.send(Some(officer), method, path, headers, &body.unwrap_or_default()).unwrap()
    }

    /// Sends exactly this; an error when TLS does not come about.
    pub(crate) fn send(
        &self,
        officer: Option<&TestOfficer>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Reply> {
        let mut stream = self.connect(officer)?;
        let mut head = format!("{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        // A server that refuses early may have stopped reading.
        let _ = stream.write_all(body);
        let mut raw = Vec::new();
        match stream.read_to_end(&mut raw) {
            Ok(_) => {}
            // Closed without a close_notify after a whole answer; what is missing shows below.
            Err(_) if !raw.is_empty() => {}
            Err(error) => return Err(error),
        }
        parse(&raw).ok_or_else(|| std::io::Error::other("no answer"))
    }

    /// A connection over which nothing was sent yet.
    pub(crate) fn connect(&self, officer: Option<&TestOfficer>) -> std::io::Result<Stream> {
        self.connect_for(officer, &[])
    }

    /// The same for one of these protocols of the application (RFC 7301).
    pub(crate) fn connect_for(
        &self,
        officer: Option<&TestOfficer>,
        protocols: &[&[u8]],
    ) -> std::io::Result<Stream> {
        let mut side = ClientConfig::clone(&self.side(officer));
        side.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(Arc::new(side), name).unwrap();
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(StreamOwned::new(session, stream))
    }

    fn side(&self, officer: Option<&TestOfficer>) -> Arc<ClientConfig> {
        let mut sides = self.sides.lock().unwrap();
        let side = sides.entry(officer.map_or("", |officer| officer.name)).or_insert_with(|| {
            let mut roots = RootCertStore::empty();
            roots.add(self.ca.certificate.clone()).unwrap();
            let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots);
            Arc::new(match officer {
                Some(officer) => {
                    let (chain, key) = self.ca.issue(&officer.key_pem());
                    config.with_client_auth_cert(chain, key).unwrap()
                }
                None => config.with_no_client_auth(),
            })
        });
        Arc::clone(side)
    }
}

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Reads one answer of a connection that stays open.
pub(crate) fn read_one(stream: &mut Stream) -> std::io::Result<Reply> {
    let mut raw = Vec::new();
    let mut octet = [0];
    while !raw.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet)?;
        raw.push(octet[0]);
    }
    let head = parse(&raw).unwrap();
    let mut body = vec![0; head.headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok(Reply { body, ..head })
}

fn parse(raw: &[u8]) -> Option<Reply> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&raw[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = raw[end + 4..].to_vec();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        body = unchunk(&body)?;
    }
    Some(Reply { status, headers, body })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(line + 2..line + 2 + length)?);
        rest = rest.get(line + 4 + length..)?;
    }
}
