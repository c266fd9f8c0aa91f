//! The system's random number generator.

use ndoba_types::{Random, RandomUnavailable};
use rand::TryRng as _;
use rand::rngs::SysRng;

/// `getrandom(2)`, without a generator of our own in between: nothing to seed, to fork or to leak.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        SysRng.try_fill_bytes(buffer).map_err(|_| {
            buffer.fill(0);
            RandomUnavailable
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_and_differs() {
        let mut buffers = [[0; 32]; 2];
        for buffer in &mut buffers {
            OsRandom.fill(buffer).unwrap();
        }
        assert_ne!(buffers[0], buffers[1]);
        assert_ne!(buffers[0], [0; 32]);
    }
}
