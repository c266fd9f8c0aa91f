//! Fakes, vectors and judges for tests. A development dependency only; knows nothing of ours but the vocabulary.

mod judge;

pub use judge::{Document, Finding, Judge};
