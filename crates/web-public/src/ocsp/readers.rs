//! Status records, read on threads that may wait.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ndoba_ocsp::{FinalQuestion, FinalRecord, Refusal, StatusError, StatusSnapshot, StatusSource};
use ndoba_types::{CaName, SerialNumber};
use tokio::sync::oneshot;

/// A [`StatusSource`] behind a bounded queue and threads of its own.
///
/// The threads end when the last handle is dropped and the queue is empty.
pub struct StatusReaders {
    queue: SyncSender<Question>,
}

enum Question {
    Final(FinalQuestion, Reply<Option<FinalRecord>>),
    Statuses(CaName, Vec<SerialNumber>, Reply<StatusSnapshot>),
}

type Reply<T> = oneshot::Sender<Result<T, StatusError>>;

impl StatusReaders {
    /// Starts `threads` threads (one per database connection that they may hold) with a queue of `waiting`
    /// questions in front.
    ///
    /// # Errors
    ///
    /// The system's, when a thread cannot be started.
    pub fn start(source: Arc<dyn StatusSource>, threads: usize, waiting: usize) -> io::Result<Self> {
        let (queue, questions) = sync_channel(waiting);
        let questions = Arc::new(Mutex::new(questions));
        for number in 0..threads.max(1) {
            let (source, questions) = (Arc::clone(&source), Arc::clone(&questions));
            thread::Builder::new()
                .name(format!("ocsp-records-{number}"))
                .spawn(move || answer_all(source.as_ref(), &questions))?;
        }
        Ok(Self { queue })
    }

    /// Looks `serials` up.
    ///
    /// # Errors
    ///
    /// [`Refusal::Overloaded`] at once when the queue is full, [`Refusal::Status`] when the records fail.
    pub(crate) async fn ask(
        &self,
        ca: &CaName,
        serials: Vec<SerialNumber>,
    ) -> Result<StatusSnapshot, Refusal> {
        self.wait(|reply| Question::Statuses(ca.clone(), serials, reply)).await
    }

    /// Looks a final answer up.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(crate) async fn ask_final(&self, question: FinalQuestion) -> Result<Option<FinalRecord>, Refusal> {
        self.wait(|reply| Question::Final(question, reply)).await
    }

    async fn wait<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(question(reply)).map_err(|_| Refusal::Overloaded)?;
        let gone = |_| StatusError::Unavailable { reason: "the thread that read the records ended".into() };
        Ok(answer.await.map_err(gone)??)
    }
}

fn answer_all(source: &dyn StatusSource, questions: &Mutex<Receiver<Question>>) {
    loop {
        // The lock is held while waiting for a question, never while answering one.
        let next = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Err(_) => return,
            Ok(Question::Final(question, reply)) => answer(reply, || source.final_answer(&question)),
            Ok(Question::Statuses(ca, serials, reply)) => answer(reply, || source.statuses(&ca, &serials)),
        }
    }
}

fn answer<T>(reply: Reply<T>, read: impl FnOnce() -> Result<T, StatusError>) {
    // Nobody waits any more: the request's deadline has passed.
    if reply.is_closed() {
        return;
    }
    // A source that panics has a mistake in it, and must not take the thread along: the next question may
    // not meet it. Nothing of the source is looked at again but through its own methods.
    let outcome = catch_unwind(AssertUnwindSafe(read));
    let panicked = |_| Err(StatusError::Unavailable { reason: "reading the records panicked".into() });
    let _ = reply.send(outcome.unwrap_or_else(panicked));
}
