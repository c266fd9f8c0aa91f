//! How a token is, for health checks and for the answers to those who wait.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::TokenInfo;

/// What a token can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Not connected since the start; being tried.
    Starting,
    /// Logged in and signing.
    Ready,
    /// Lost; being tried.
    Away,
    /// The PIN was refused, now or before a restart: an operator must act ([`clear_pin_lock`](crate::clear_pin_lock)).
    PinRefused,
    /// A call into the module does not return. It cannot be cancelled; if it never does, the process must restart.
    Hung,
    /// The module was stopped.
    Stopped,
}

/// A token's state and since when.
#[derive(Clone, Debug)]
pub struct TokenHealth {
    /// The state.
    pub state: TokenState,
    /// How long it has been so.
    pub lasting: Duration,
    /// What the token said last, when it is not ready.
    pub reason: Option<String>,
    /// Times it was connected, the first included.
    pub connections: u64,
}

impl TokenHealth {
    /// The reason, or the state where there is none.
    pub fn why(self) -> String {
        self.reason.unwrap_or_else(|| {
            match self.state {
                TokenState::Starting => "it is being connected",
                TokenState::Ready => "it is busy",
                TokenState::Away => "it is away",
                TokenState::PinRefused => "its PIN was refused",
                TokenState::Hung => "a call into the module has not returned",
                TokenState::Stopped => "the module was stopped",
            }
            .into()
        })
    }
}

/// The state that the keeper writes and everybody reads.
pub(crate) struct Board {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    state: TokenState,
    since: Instant,
    reason: Option<String>,
    hung_since: Option<Instant>,
    connections: u64,
    info: Option<TokenInfo>,
}

impl Board {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            state: TokenState::Starting,
            since: Instant::now(),
            reason: None,
            hung_since: None,
            connections: 0,
            info: None,
        };
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    pub(crate) fn ready(&self, info: TokenInfo) {
        let mut inner = self.lock();
        inner.connections += 1;
        inner.info = Some(info);
        inner.reason = None;
        Self::enter(&mut inner, TokenState::Ready);
        self.changed.notify_all();
    }

    /// Not ready, for this reason. A token that never was ready keeps `Starting`. Says whether that is news.
    pub(crate) fn lost(&self, state: TokenState, reason: &str) -> bool {
        let mut inner = self.lock();
        let state =
            if state == TokenState::Away && inner.connections == 0 { TokenState::Starting } else { state };
        let news = inner.state != state || inner.reason.as_deref() != Some(reason);
        inner.reason = Some(reason.to_owned());
        Self::enter(&mut inner, state);
        self.changed.notify_all();
        news
    }

    /// The watchdog's finding.
    pub(crate) fn set_hung(&self, hung: bool) {
        let mut inner = self.lock();
        match (hung, inner.hung_since) {
            (true, None) => inner.hung_since = Some(Instant::now()),
            (false, Some(_)) => inner.hung_since = None,
            (true, Some(_)) | (false, None) => return,
        }
        self.changed.notify_all();
    }

    pub(crate) fn health(&self) -> TokenHealth {
        let inner = self.lock();
        let (state, since) = match inner.hung_since {
            Some(since) => (TokenState::Hung, since),
            None => (inner.state, inner.since),
        };
        // What was said before the call hung explains nothing.
        let reason = if state == TokenState::Hung { None } else { inner.reason.clone() };
        TokenHealth { state, lasting: since.elapsed(), reason, connections: inner.connections }
    }

    pub(crate) fn info(&self) -> Option<TokenInfo> {
        self.lock().info.clone()
    }

    /// Waits until the token is ready. `false`: it was not within `timeout`.
    pub(crate) fn wait_ready(&self, timeout: Duration) -> bool {
        let waiting =
            |inner: &mut Inner| inner.state != TokenState::Ready && inner.state != TokenState::Stopped;
        let inner = self.lock();
        let (inner, _) =
            self.changed.wait_timeout_while(inner, timeout, waiting).unwrap_or_else(PoisonError::into_inner);
        inner.state == TokenState::Ready
    }

    fn enter(inner: &mut Inner, state: TokenState) {
        if inner.state != state {
            inner.state = state;
            inner.since = Instant::now();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_never_was_ready_is_starting() {
        let board = Board::new();
        assert!(board.lost(TokenState::Away, "no such token"));
        assert!(!board.lost(TokenState::Away, "no such token"), "no news");
        assert_eq!(board.health().state, TokenState::Starting);
        assert_eq!(board.health().reason.as_deref(), Some("no such token"));
        assert!(!board.wait_ready(Duration::ZERO));
        board.ready(TokenInfo::default());
        assert!(board.wait_ready(Duration::ZERO));
        assert!(board.lost(TokenState::Away, "C_Sign: DeviceRemoved"));
        assert_eq!(board.health().state, TokenState::Away);
        board.set_hung(true);
        assert_eq!(board.health().state, TokenState::Hung);
        board.set_hung(false);
        assert_eq!(board.health().state, TokenState::Away);
    }
}
