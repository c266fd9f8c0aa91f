//! `ndoba tsa verify-journal`: every token of a journal is in the audit log, and nothing else is (K-T16).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_audit::Record;
use ndoba_store::journal_segments;
use ndoba_tsa::SegmentSeal;
use serde::Deserialize;

use crate::command::audit;

/// What a leaf says of a segment.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Leaf {
    node: String,
    segment: String,
    first: String,
    last: String,
    count: String,
    head: String,
}

impl Leaf {
    fn of(seal: &SegmentSeal) -> Self {
        Self {
            node: seal.id.node.to_string(),
            segment: seal.segment.to_string(),
            first: seal.first.to_string(),
            last: seal.last.to_string(),
            count: seal.count.to_string(),
            head: seal.head.to_string(),
        }
    }
}

/// Exit status 0 when journals and log agree, 1 when not.
pub(super) fn run(
    folders: &[PathBuf],
    export: &Path,
    seen: &[PathBuf],
    key: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let mut leaves = BTreeMap::new();
    let mut findings = Vec::new();
    let verdict = audit::judge(export, seen, key, &mut |line| {
        let Some(leaf) = leaf(line) else { return };
        let place = (leaf.node.clone(), leaf.segment.clone());
        if let Some(twice) = leaves.insert(place, leaf) {
            findings.push(format!("segment {} of node {} is in the log twice", twice.segment, twice.node));
        }
    })
    .context("the audit export cannot be relied on")?;
    println!("the export is in order: {} records sealed, {} not yet", verdict.sealed, verdict.unsealed);

    let mut nodes = Vec::new();
    for folder in folders {
        let segments = journal_segments(folder)
            .with_context(|| format!("the journal in {} cannot be relied on", folder.display()))?;
        let (mut sealed, mut waiting) = (0, 0);
        for seal in &segments {
            anyhow::ensure!(
                seal.id.installation == verdict.installation,
                "the journal in {} is another installation's than the export",
                folder.display()
            );
            let expected = Leaf::of(seal);
            match leaves.remove(&(expected.node.clone(), expected.segment.clone())) {
                Some(leaf) if leaf == expected => sealed += seal.count,
                Some(_) => findings.push(format!(
                    "segment {} of node {} is not as the log has it",
                    expected.segment, expected.node
                )),
                None => waiting += seal.count,
            }
            nodes.push(expected.node);
        }
        println!("{}: {sealed} tokens are in the audit log, {waiting} wait for it", folder.display());
    }
    nodes.dedup();
    // A node whose journal was not given is not judged.
    for (node, segment) in leaves.keys().filter(|(node, _)| nodes.contains(node)) {
        findings.push(format!("segment {segment} of node {node} is in the log and not in the journal"));
    }
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn leaf(line: &[u8]) -> Option<Leaf> {
    let record = Record::from_bytes(line).ok()?;
    let event = record.event();
    let sealed = event.get("kind")?.as_str()? == "tsu-segment-sealed";
    sealed.then(|| serde_json::from_value(event.get("data")?.clone()).ok())?
}
