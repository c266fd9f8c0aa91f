//! Two security officers are there before a command opens a CA's key (K-P03; EN 319 411-1 GEN-6.4.3-02): what the commands say to
//! everybody else. That nothing is signed then, each command's own test looks for.

use serde_json::Value;

use crate::installation::Installation;

/// Two who may.
pub(crate) const TWO: [&str; 5] =
    ["--as", "officers/security-1.pem", "--second", "officers/security-2.pem", "--yes"];

impl Installation {
    /// Calls a command as one security officer, as the same one twice, and with an approver as the second or the
    /// first: it refuses each.
    #[track_caller]
    pub(crate) fn presence_is_asked_for(&self, command: &[&str]) {
        const ONE: &str = "officers/security-1.pem";
        const OTHER: &str = "officers/approver.pem";
        for (who, refusal) in [
            (&["--as", ONE][..], "--second <KEY>"),
            (&["--as", ONE, "--second", ONE], "both signatures are of the same officer"),
            (&["--as", ONE, "--second", OTHER], "is not a security officer now"),
            (&["--as", OTHER, "--second", ONE], "is not a security officer now"),
        ] {
            let said = self.must_not(&[command, who, &["--yes"]].concat());
            assert!(said.contains(refusal), "{who:?}: {said}");
        }
    }

    /// Calls it as two security officers, and as nobody else may.
    #[track_caller]
    pub(crate) fn must_with_two(&self, command: &[&str]) -> String {
        self.must(&[command, &TWO].concat())
    }

    /// The sessions that the log names, by what they were for; the evidence of each lies in its folder, and only theirs.
    pub(crate) fn presence_in_the_log(&self, log: &str) -> Vec<String> {
        let mut acts = Vec::new();
        for line in log.lines().filter(|line| line.contains("presence-proved")) {
            let record: Value = serde_json::from_str(line).unwrap();
            let data = find(&record, "session").unwrap();
            let session = data["session"].as_str().unwrap();
            assert_eq!(data["officers"].as_array().unwrap().len(), 2, "{line}");
            let kept = format!("sessions/{session}");
            let digest = self.openssl(&["dgst", "-sha256", "-r", &format!("{kept}/statement.json")]);
            assert!(digest.starts_with(session), "{digest}");
            let statement: Value =
                serde_json::from_slice(&self.read(&format!("{kept}/statement.json"))).unwrap();
            assert_eq!((&statement["act"], &statement["decided"]), (&data["act"], &data["decided"]));
            for number in [1, 2] {
                self.read(&format!("{kept}/signature-{number}.json"));
            }
            acts.push(data["act"].as_str().unwrap().to_owned());
        }
        acts
    }
}

/// The object within `value` that has that member.
fn find<'v>(value: &'v Value, member: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    if object.contains_key(member) { Some(value) } else { object.values().find_map(|one| find(one, member)) }
}
