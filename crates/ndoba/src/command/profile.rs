//! `ndoba profile`: what is on offer, what a file breaks, what a change changes.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_x509::{Profile, ProfileError, ProfileFile};

use crate::cli::ProfileCommand;
use crate::{files, installation};

/// Carries one out.
pub(crate) fn run(command: &ProfileCommand) -> anyhow::Result<()> {
    match command {
        ProfileCommand::List(args) => {
            let settings = installation::load(&args.config)?;
            for profile in installation::profiles(&settings)? {
                let [name, template] = [profile.name(), profile.template().name()];
                println!("{name:32} {:>3}  {template:18} {}", profile.version(), profile.digest());
            }
            Ok(())
        }
        ProfileCommand::Show { config, name } => {
            let settings = installation::load(&config.config)?;
            let file = installation::profile_files(&settings)?.into_iter().find(|file| file.name == *name);
            let file = file.with_context(|| {
                format!("there is no profile {name}; `ndoba profile list` tells which there are")
            })?;
            print!("{}", file.to_toml()?);
            Ok(())
        }
        ProfileCommand::Check { files } => check(files),
        ProfileCommand::Diff { old, new } => diff(&read(old)?, &read(new)?),
    }
}

fn check(paths: &[PathBuf]) -> anyhow::Result<()> {
    let mut refused = 0;
    for path in paths {
        match Profile::from_toml(&files::read_text(path)?) {
            Ok(profile) => {
                println!("{}: {} version {} is in order", path.display(), profile.name(), profile.version());
                println!("{}: digest {}", path.display(), profile.digest());
            }
            Err(ProfileError::Unreadable { reason }) => {
                println!("{}: cannot be read: {reason}", path.display());
                refused += 1;
            }
            Err(ProfileError::Refused { findings, .. }) => {
                for finding in findings {
                    println!("{}: {finding}", path.display());
                }
                refused += 1;
            }
        }
    }
    anyhow::ensure!(refused == 0, "{refused} of {} refused", paths.len());
    Ok(())
}

/// A file, or what ships under that name when there is no such file.
fn read(path: &Path) -> anyhow::Result<ProfileFile> {
    let shipped = path.to_str().filter(|_| !path.exists()).and_then(Profile::preset_file);
    match shipped {
        Some(file) => Ok(file),
        None => ProfileFile::from_toml(&files::read_text(path)?)
            .with_context(|| format!("{} is no profile", path.display())),
    }
}

fn diff(old: &ProfileFile, new: &ProfileFile) -> anyhow::Result<()> {
    let differences = old.differences(new)?;
    for difference in &differences {
        if let Some(was) = &difference.old {
            println!("- {} = {was}", difference.key);
        }
        if let Some(is) = &difference.new {
            println!("+ {} = {is}", difference.key);
        }
    }
    if differences.is_empty() {
        println!("nothing changes");
        return Ok(());
    }
    if old.name == new.name && new.version <= old.version {
        println!("a changed profile is a new version: version = {} at least", old.version.saturating_add(1));
    }
    Ok(())
}
