//! Makes the fuzzers' seeds anew: `cargo run -p ndoba-fuzz --example seeds`.
//!
//! What other programs can make, `openssl` makes; the rest is written with our own encoders. Keys are drawn anew each
//! time, so every run gives other bytes: run it when a format changed, and look at what `git` says.

#[path = "seeds/certificates.rs"]
mod certificates;
#[path = "seeds/copies.rs"]
mod copies;
#[path = "seeds/documents.rs"]
mod documents;
#[path = "seeds/evidence.rs"]
mod evidence;
#[path = "seeds/requests.rs"]
mod requests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whatever goes wrong ends the program.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let work = tempfile::tempdir()?;
    let seeds = Seeds { work: work.path().to_owned() };
    certificates::make(&seeds)?;
    copies::make(&seeds)?;
    requests::make(&seeds)?;
    documents::make(&seeds)?;
    evidence::make(&seeds)?;
    // What every target must take without a word.
    for target in ndoba_fuzz::TARGETS {
        seeds.add(target.name, "empty", b"")?;
        seeds.add(
            target.name,
            "garbage",
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30, 0x80, 0x00, 0x7b, 0x22],
        )?;
        seeds.add(target.name, "nested", &[0x30, 0x80].repeat(512))?;
    }
    Ok(())
}

/// Where seeds go, and a folder to make them in.
struct Seeds {
    work: PathBuf,
}

impl Seeds {
    fn add(&self, target: &str, name: &str, bytes: &[u8]) -> Outcome {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), bytes)?)
    }

    /// A file that a program made, as a seed.
    fn add_file(&self, target: &str, name: &str, file: &str) -> Outcome {
        let bytes = fs::read(self.work.join(file))?;
        self.add(target, name, &bytes)
    }

    /// `openssl` with the words of `line`, in the work folder; what it printed.
    fn openssl(&self, line: &str) -> Outcome<Vec<u8>> {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.work)
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            return Err(format!("openssl {line}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(output.stdout)
    }
}

/// A file of the test kit: certificates of a CA that its `make.sh` made.
fn testdata(name: &str) -> Outcome<Vec<u8>> {
    Ok(fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/testdata").join(name))?)
}
