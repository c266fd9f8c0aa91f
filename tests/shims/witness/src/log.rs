//! The list of signatures.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends a line in one write: lines of several threads and processes do not mix.
pub fn append(session: u64, input: &[u8], rv: u64, signature: &[u8]) -> io::Result<()> {
    static LOG: OnceLock<Option<File>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let path = env::var_os("NDOBACTL_WITNESS_LOG")?;
        File::options().create(true).append(true).open(path).ok()
    });
    let mut log = log.as_ref().ok_or(io::ErrorKind::NotFound)?;
    #[expect(clippy::disallowed_methods, reason = "outside the product: it has no clock but this one")]
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let mut line = format!("{micros} {session} {} 0x{rv:x} ", hex(input));
    line.push_str(if signature.is_empty() { "-" } else { "" });
    line.push_str(&hex(signature));
    line.push('\n');
    match log.write(line.as_bytes())? {
        written if written == line.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}
