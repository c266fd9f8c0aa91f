//! The verdict, for people and for programs.

use ndoba_audit::{Finding, Verdict};
use ndoba_order::{TrailFinding, TrailVerdict};
use serde::Serialize;
use serde_json::{Value, json};

use super::signed::Looked;

pub(super) fn to_text(log: &Verdict, looked: &Looked) -> String {
    let mut lines = vec![
        format!(
            "{} records are as they were sealed, {} checkpoints verified, {} of them time-stamped",
            log.sealed, log.checkpoints, log.stamped
        ),
        format!("{} later records are not sealed yet", log.unsealed),
        match log.complete {
            0 => "completeness is not proved: give a checkpoint seen elsewhere with --seen".into(),
            records => format!("complete at least up to record {records}"),
        },
    ];
    if !log.key_pinned {
        lines.push(
            "the key is the export's own word: give its fingerprint from the ceremony report with --key"
                .into(),
        );
    }
    match looked {
        Looked::Unseen(count) => lines.push(format!(
            "{count} records name what officers signed, no signature was looked at: give what `ndoba audit export --signed` wrote"
        )),
        Looked::Held { verdict, pin, is_pin_known } => {
            lines.extend(signatures(verdict));
            if !is_pin_known {
                lines.push(format!(
                    "the pin {pin} is the file's own word: give the one from the ceremony report with --pin"
                ));
            }
        }
    }
    lines.join("\n") + "\n"
}

fn signatures(verdict: &TrailVerdict) -> Vec<String> {
    let TrailVerdict {
        orders,
        grants,
        statements,
        signatures,
        certificates,
        responders,
        ceremonies,
        unattended,
        changes,
        erased,
        statements_unseen,
        pins_signed,
        pins_witnessed,
    } = verdict;
    let mut lines = vec![
        format!(
            "{signatures} signatures hold, of officers in office: on {orders} orders, {grants} documents of the register, {statements} statements"
        ),
        format!(
            "{certificates} certificates and {changes} changes of status are what officers signed, {responders} certificates of responders what they authorised; {ceremonies} are of ceremonies"
        ),
    ];
    if *pins_signed > 0 {
        lines.push(format!(
            "{pins_signed} times other security officers were pinned, and two of before signed it"
        ));
    }
    if *pins_witnessed > 0 {
        lines.push(format!(
            "{pins_witnessed} times other security officers were pinned and NONE OF BEFORE SIGNED IT: read the report of that ceremony"
        ));
    }
    if *unattended > 0 {
        lines.push(format!(
            "{unattended} certificates are of ceremonies from before the log named sessions, or drafts for offline CAs: read the reports of those"
        ));
    }
    if *erased > 0 {
        lines.push(format!(
            "content erased: {erased} orders, of whose signatures nothing can be said any more"
        ));
    }
    if *statements_unseen > 0 {
        lines.push(format!(
            "{statements_unseen} statements were not looked at: give the folders sessions and restores with --statements"
        ));
    }
    lines
}

#[derive(Serialize)]
struct Held<'a> {
    looked_at: bool,
    pin: String,
    pin_known: bool,
    #[serde(flatten)]
    verdict: &'a TrailVerdict,
}

pub(super) fn to_json(log: &Verdict, looked: &Looked) -> Value {
    let signatures = match looked {
        Looked::Unseen(count) => json!({ "looked_at": false, "named": count }),
        Looked::Held { verdict, pin, is_pin_known } => {
            json!(Held { looked_at: true, pin: pin.to_string(), pin_known: *is_pin_known, verdict })
        }
    };
    json!({
        "verdict": "holds",
        "installation": log.installation.to_string(),
        "sealed": log.sealed,
        "unsealed": log.unsealed,
        "checkpoints": log.checkpoints,
        "stamped": log.stamped,
        "complete": log.complete,
        "key_pinned": log.key_pinned,
        "signatures": signatures,
    })
}

/// A finding; anything else that went wrong is given back.
pub(super) fn finding_to_json(error: &anyhow::Error) -> anyhow::Result<Value> {
    let (code, record) = if let Some(finding) = error.downcast_ref::<TrailFinding>() {
        (finding.code, Some(finding.record))
    } else if error.downcast_ref::<Finding>().is_some() {
        ("log", None)
    } else {
        anyhow::bail!("{error:#}");
    };
    let text = error.to_string();
    let about = text.split_once(':').map_or(text.as_str(), |(about, _)| about);
    Ok(json!({ "verdict": "finding", "about": about, "code": code, "record": record, "finding": text }))
}
