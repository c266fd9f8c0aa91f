//! Fakes, vectors and judges for tests. A development dependency only; knows nothing of ours but the vocabulary.

mod judge;
mod node;
mod ntp;
mod operations;
mod ports;
mod postgres;
mod small_disk;

pub use judge::{Document, Finding, Judge};
pub use node::node_judge;
pub use ntp::{NtpBehaviour, NtpServer, TrueTime};
pub use operations::{CONTENT, Elsewhere, OPERATIONS, Operation, ROLES, Read};
pub use ports::free_port;
pub use postgres::PostgresCluster;
pub use small_disk::SmallDisk;
