//! Variables that PKCS#11 modules read when they are loaded (SoftHSM's configuration, an HSM client's address).
//!
//! They come from the configuration. Changing a running process's environment is unsound with threads, so the command
//! replaces itself once by the same command with the variables set.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use ndoba_settings::Module;

/// Returns at once when every module's variables are set as configured; else starts this command again with them.
pub(crate) fn provide(modules: &[Module]) -> anyhow::Result<()> {
    let variables = modules.iter().flat_map(|module| &module.environment);
    let variables: Vec<_> = variables.map(|(name, value)| (name.as_str(), value.clone())).collect();
    provide_variables(&variables)
}

/// The same for variables that are not in a configuration yet.
pub(crate) fn provide_variables(variables: &[(&str, String)]) -> anyhow::Result<()> {
    let is_set = |name: &str, value: &str| std::env::var_os(name).is_some_and(|is| is == value);
    if variables.iter().all(|(name, value)| is_set(name, value)) {
        return Ok(());
    }
    let program = std::env::current_exe()?;
    let variables = variables.iter().map(|(name, value)| (name, value));
    let error = Command::new(program).args(std::env::args_os().skip(1)).envs(variables).exec();
    // `exec` returns only when it failed.
    Err(anyhow::Error::new(error).context("cannot start again with the environment of the PKCS#11 modules"))
}
