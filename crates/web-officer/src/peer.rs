//! The key at the other end of the TLS connection. It opens the door and gives no authority: the register is
//! asked on every request (design §3).

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use ndoba_types::Sha256Digest;
use ndoba_x509::Certificate;

/// SHA-256 over the SubjectPublicKeyInfo of the client's certificate, which TLS proved to hold the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerKey(pub Sha256Digest);

/// For `HttpServer::on_connect`: notes the peer's key with the connection. Without a certificate, or with one that
/// does not read, nothing is noted and every request is refused.
pub fn note_peer(connection: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    let (_, session) = stream.get_ref();
    let Some(leaf) = session.peer_certificates().and_then(|chain| chain.first()) else { return };
    if let Some(key) = key_of(leaf.as_ref()) {
        extensions.insert(key);
    }
}

fn key_of(certificate: &[u8]) -> Option<PeerKey> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(PeerKey(certificate.spki().fingerprint()))
}
