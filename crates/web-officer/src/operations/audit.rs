//! The audit log for the auditor, streamed in bounded memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use ndoba_registration::ServiceError;
use tokio::sync::mpsc;

use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::Api;

/// The sealed part of the audit log, for `ndoba audit verify`.
#[utoipa::path(get, path = "/audit/export", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn export(Caller(officer): Caller, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    Ok(streamed("audit-export.txt", move |out| api.registration.export_audit(&officer, out)))
}

/// What officers signed, with the signatures, as the audit log names it: personal data, for `ndoba audit verify`.
#[utoipa::path(get, path = "/audit/signed", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn signed(Caller(officer): Caller, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    Ok(streamed("signed-documents.txt", move |out| api.registration.export_signed(&officer, out)))
}

/// An answer as long as it takes `write`, which may read much.
fn streamed(
    name: &str,
    write: impl FnOnce(&mut dyn io::Write) -> Result<(), ServiceError> + Send + 'static,
) -> HttpResponse {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let mut out = io::BufWriter::with_capacity(CHUNK, ChunkSender(sender.clone()));
    drop(web::block(move || {
        let done = write(&mut out).map_err(io::Error::other);
        if let Err(error) = done.and_then(|()| io::Write::flush(&mut out)) {
            tracing::warn!(%error, "an export for the auditor ended early");
            // The peer sees a broken body, not a short log that looks whole.
            let _ = sender.blocking_send(Err(io::Error::other("the export ended early")));
        }
    }));
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(ChunkBody(receiver))
}

type Chunk = Result<web::Bytes, io::Error>;

struct ChunkSender(mpsc::Sender<Chunk>);

impl io::Write for ChunkSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(web::Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct ChunkBody(mpsc::Receiver<Chunk>);

impl MessageBody for ChunkBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, io::Error>>> {
        self.0.poll_recv(context)
    }
}

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 4;
