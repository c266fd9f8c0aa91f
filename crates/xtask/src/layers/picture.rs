//! The picture: which crate stands where, and what may stand beneath it.

use super::manifest::{Dependency, Kind};

/// Where a crate stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// L0 to L3: values in, values out. The crates of ours it may use.
    Pure(&'static [&'static str]),
    /// L4: a shell around a medium; uses any pure crate, never another shell.
    Shell,
    /// L5: wires everything.
    Whole,
    /// Beside the layers: the crates of ours it may use.
    Aside(&'static [&'static str]),
}

const PICTURE: &[(&str, Place)] = &[
    ("types", Place::Pure(&[])),
    ("x509", Place::Pure(&["types"])),
    ("audit", Place::Pure(&["types"])),
    ("lint", Place::Pure(&["types", "x509"])),
    ("order", Place::Pure(&["types", "x509"])),
    ("ocsp", Place::Pure(&["types", "x509", "audit"])),
    ("tsa", Place::Pure(&["types", "x509", "audit"])),
    ("registration", Place::Pure(&["types", "x509", "audit", "order"])),
    ("ceremony", Place::Pure(&["types", "x509", "audit", "order"])),
    ("ca", Place::Pure(&["types", "x509", "audit", "order", "lint"])),
    ("hsm", Place::Shell),
    ("store", Place::Shell),
    ("clock", Place::Shell),
    ("agreement", Place::Shell),
    ("client", Place::Shell),
    ("web-public", Place::Shell),
    ("web-officer", Place::Shell),
    ("settings", Place::Shell),
    ("ndoba", Place::Whole),
    (
        "bench",
        Place::Aside(&[
            "types",
            "x509",
            "audit",
            "order",
            "registration",
            "ca",
            "hsm",
            "store",
            "clock",
            "client",
            "web-public",
            "settings",
            "testkit",
        ]),
    ),
    (
        "fuzz",
        Place::Aside(&[
            "types",
            "x509",
            "audit",
            "order",
            "lint",
            "ocsp",
            "tsa",
            "registration",
            "clock",
            "client",
            "web-public",
        ]),
    ),
    ("testkit", Place::Aside(&["types"])),
    ("xtask", Place::Aside(&[])),
];

/// Crates from elsewhere that reach a runtime, a database, a token, the network, the system or randomness.
/// A name ending in `*` stands for all that begin so. Development dependencies are free: tests may do anything.
const BELOW_THE_LINE_NEVER: &[&str] = &[
    "actix*",
    "cryptoki*",
    "diesel*",
    "getrandom",
    "hyper*",
    "libc",
    "libsqlite3-sys",
    "nix",
    "openssl*",
    "pq-sys",
    "rand",
    "rand_core",
    "reqwest",
    "rsntp",
    "rustix",
    "rustls",
    "tempfile",
    "tokio*",
    "tracing-subscriber",
    "ureq",
];

/// Crates that may hold `unsafe`, each with its reason in the file: a kernel call, and a token's handles.
const MAY_BE_UNSAFE: &[&str] = &["clock", "hsm"];

/// A crate of the workspace and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    name: &'static str,
    place: Place,
}

/// Where the crate in folder `name` stands; none when the picture does not show it.
pub(crate) fn place_of(name: &str) -> Option<Standing> {
    PICTURE.iter().find(|(known, _)| *known == name).map(|(name, place)| Standing { name, place: *place })
}

impl Standing {
    /// Whether it is one of those that compute and do nothing else.
    pub(crate) fn is_pure(self) -> bool {
        matches!(self.place, Place::Pure(_))
    }

    /// Whether `unsafe` may appear in it.
    pub(crate) fn may_be_unsafe(self) -> bool {
        MAY_BE_UNSAFE.contains(&self.name)
    }

    /// Whether it may depend on `dependency`; if not, why.
    pub(crate) fn allows(self, dependency: &Dependency) -> Result<(), String> {
        match dependency.name.strip_prefix("ndoba-") {
            Some(ours) => self.allows_ours(ours, dependency.kind),
            None => self.allows_other(&dependency.name, dependency.kind),
        }
    }

    fn allows_ours(self, ours: &str, kind: Kind) -> Result<(), String> {
        if kind == Kind::Development && ours == "testkit" {
            return match self.place {
                Place::Aside(_) => Err("stands aside, so it does not test with testkit".into()),
                Place::Pure(_) | Place::Shell | Place::Whole => Ok(()),
            };
        }
        // With other features on, for tests in `tests/`.
        if kind == Kind::Development && ours == self.name {
            return Ok(());
        }
        let allowed = match self.place {
            Place::Pure(allowed) | Place::Aside(allowed) => allowed.contains(&ours),
            Place::Shell => place_of(ours).is_some_and(Self::is_pure),
            Place::Whole => !matches!(
                place_of(ours).map(|standing| standing.place),
                None | Some(Place::Aside(_) | Place::Whole)
            ),
        };
        if allowed { Ok(()) } else { Err(format!("may not depend on {ours}")) }
    }

    fn allows_other(self, name: &str, kind: Kind) -> Result<(), String> {
        match (self.place, kind) {
            (Place::Aside([]), _) => Err(format!("uses the standard library only, so not {name}")),
            (Place::Pure(_), Kind::Normal) if is_below_the_line_never(name) => {
                Err(format!("is below the line, so it may not depend on {name}"))
            }
            (
                Place::Pure(_) | Place::Shell | Place::Whole | Place::Aside(_),
                Kind::Normal | Kind::Development,
            ) => Ok(()),
        }
    }
}

fn is_below_the_line_never(name: &str) -> bool {
    BELOW_THE_LINE_NEVER.iter().any(|never| match never.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *never,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(from: &str, to: &str, kind: Kind) -> bool {
        place_of(from).unwrap().allows(&Dependency { name: to.into(), kind }).is_ok()
    }

    #[test]
    fn arrows_point_down_only() {
        assert!(allows("ca", "ndoba-lint", Kind::Normal));
        assert!(allows("web-public", "ndoba-ocsp", Kind::Normal));
        assert!(allows("ndoba", "ndoba-store", Kind::Normal));
        for (from, to) in [
            ("types", "ndoba-x509"),
            ("lint", "ndoba-audit"),
            ("ocsp", "ndoba-ca"),
            ("store", "ndoba-hsm"),
            ("testkit", "ndoba-x509"),
            ("xtask", "ndoba-types"),
            ("ca", "ndoba-testkit"),
            ("ca", "ndoba-unheard-of"),
        ] {
            assert!(!allows(from, to, Kind::Normal), "{from} -> {to}");
        }
    }

    #[test]
    fn tests_may_use_testkit_and_anything_from_elsewhere() {
        assert!(allows("ca", "ndoba-testkit", Kind::Development));
        assert!(allows("x509", "tempfile", Kind::Development));
        assert!(!allows("ca", "ndoba-store", Kind::Development));
    }

    #[test]
    fn nothing_that_touches_the_world_below_the_line() {
        assert!(!allows("ca", "tokio", Kind::Normal));
        assert!(!allows("ocsp", "actix-web", Kind::Normal));
        assert!(allows("web-public", "actix-web", Kind::Normal));
        assert!(!allows("xtask", "serde", Kind::Development));
        assert!(allows("testkit", "serde_json", Kind::Normal));
    }
}
