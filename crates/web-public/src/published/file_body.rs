//! A file as the body of an answer, read as the client takes it: a CRL may have tens of megabytes.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes};

/// Read at a time.
pub(super) const PIECE: usize = 1 << 16;

type Reading = Pin<Box<dyn Future<Output = io::Result<(File, Vec<u8>)>> + Send>>;

/// What is left of a file.
pub(super) struct FileBody {
    left: u64,
    state: State,
}

enum State {
    Idle(File),
    Reading(Reading),
    /// Read to its end, or broken off.
    Over,
}

impl FileBody {
    /// Of an open file, from where it stands: so many octets.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self { left: length, state: State::Idle(file) }
    }
}

impl MessageBody for FileBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Idle(_) if self.left == 0 => return Poll::Ready(None),
                State::Idle(file) => {
                    let wanted = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
                    // Not on the event loop: a disk may be slow.
                    let reading = web::block(move || read(file, wanted));
                    self.state =
                        State::Reading(Box::pin(async move { reading.await.map_err(io::Error::other)? }));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready(outcome) = reading.as_mut().poll(context) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    let (file, piece) = outcome?;
                    self.left -= piece.len() as u64;
                    self.state = State::Idle(file);
                    return Poll::Ready(Some(Ok(piece.into())));
                }
            }
        }
    }
}

fn read(mut file: File, wanted: usize) -> io::Result<(File, Vec<u8>)> {
    let mut piece = vec![0; wanted];
    let read = file.read(&mut piece)?;
    if read == 0 {
        // Files are replaced and never shortened.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    piece.truncate(read);
    Ok((file, piece))
}
