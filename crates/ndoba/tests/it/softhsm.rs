//! A fault of SoftHSM that tests which kill meet now and then, and that is none of the product's: C_Login rewrites the
//! token's own object (its PIN flags) in place, and a process that is killed within leaves it cut short. The token is
//! then gone for every process. Hardware keeps such state for itself.

use std::fs;
use std::path::PathBuf;

use crate::installation::Installation;

/// Each token's own object as it was when nothing had been killed yet.
pub(crate) struct Safekeeping(Vec<(PathBuf, Vec<u8>)>);

impl Safekeeping {
    pub(crate) fn of(here: &Installation) -> Self {
        let configuration = fs::read_to_string(here.file("softhsm2.conf")).unwrap();
        let folder = configuration.lines().find_map(|line| line.strip_prefix("directories.tokendir"));
        let folder = folder.and_then(|rest| rest.split_once('=')).unwrap().1.trim();
        let tokens: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().join("token.object"))
            .filter_map(|path| fs::read(&path).ok().map(|object| (path, object)))
            .collect();
        assert!(!tokens.is_empty(), "no tokens in {folder}");
        Self(tokens)
    }

    /// Puts back what SoftHSM lost, and says so. Nothing else may be wrong with it: of the same length, it is left alone.
    /// Call it when no process uses the tokens. How often it was needed.
    pub(crate) fn mend(&self) -> usize {
        let mut mended = 0;
        for (path, object) in &self.0 {
            let length = fs::metadata(path).map_or(0, |found| found.len());
            if length != u64::try_from(object.len()).unwrap() {
                eprintln!(
                    "SoftHSM lost {}: {length} of {} octets after a kill within C_Login; put back",
                    path.display(),
                    object.len()
                );
                fs::write(path, object).unwrap();
                mended += 1;
            }
        }
        mended
    }
}
