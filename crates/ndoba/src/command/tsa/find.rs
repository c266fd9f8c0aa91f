//! `ndoba tsa find`: the record of a token, by its serial number or what it stamped.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_store::{JournalLine, walk_journal};
use ndoba_tsa::TokenSerial;
use serde_json::json;

/// Exit status 0 found, 1 none.
pub(super) fn run(
    folders: &[PathBuf],
    serial: Option<&str>,
    imprint: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let serial = serial.map(token_serial).transpose()?;
    let imprint =
        imprint.map(|text| hex::decode(plain(text)).context("--imprint is not hexadecimal")).transpose()?;
    let mut found = 0_u64;
    for folder in folders {
        let walked = walk_journal(folder, &mut |line| {
            let record = line.record;
            let wanted = serial.is_none_or(|serial| serial == record.serial)
                && imprint.as_ref().is_none_or(|imprint| *imprint == record.digest);
            if wanted {
                found += 1;
                show(&line, as_json);
            }
        })
        .with_context(|| format!("the journal in {} cannot be relied on", folder.display()))?;
        if !as_json {
            println!(
                "{} verified: {} records in {} segments",
                folder.display(),
                walked.records,
                walked.segments
            );
        }
    }
    Ok(if found == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(line: &JournalLine<'_>, as_json: bool) {
    let JournalLine { segment, number, record } = line;
    let digest = hex::encode(&record.digest);
    if as_json {
        let found = json!({
            "bound_us": record.bound.as_micros(),
            "hash": record.hash.to_string(),
            "imprint": digest,
            "number": number,
            "segment": segment,
            "serial": record.serial.to_string(),
            "time": record.gen_time.to_string(),
            "tsu": record.unit,
        });
        println!("{found}");
    } else {
        println!("serial   {}", record.serial);
        println!("time     {} (the clock was known to {} µs)", record.gen_time, record.bound.as_micros());
        println!("unit     {}", record.unit);
        println!("imprint  {} {digest}", record.hash);
        println!("journal  record {number} in segment {segment}\n");
    }
}

/// As we write it, or as openssl and others do: `0x`, capitals, colons.
fn token_serial(text: &str) -> anyhow::Result<TokenSerial> {
    let digits = plain(text);
    TokenSerial::from_hex(&format!("{digits:0>40}"))
        .with_context(|| format!("{text} is no serial number of a token: up to 40 hexadecimal digits"))
}

fn plain(text: &str) -> String {
    text.trim().trim_start_matches("0x").replace(':', "").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_in_every_spelling() {
        let serial = token_serial("0100010203040506070809000000000001020304").unwrap();
        assert_eq!(token_serial("0x0100010203040506070809000000000001020304").unwrap(), serial);
        // openssl leaves the leading zero out.
        assert_eq!(token_serial("100010203040506070809000000000001020304").unwrap(), serial);
        assert_eq!(
            token_serial("01:00:01:02:03:04:05:06:07:08:09:00:00:00:00:00:01:02:03:04").unwrap(),
            serial
        );
        assert!(token_serial("0102x").is_err());
        assert!(token_serial(&"1".repeat(41)).is_err());
    }
}
