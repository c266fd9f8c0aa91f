//! `cargo xtask setup`: what the tests need, installed.

use crate::failure::{Failure, Outcome};
use crate::{apt, node, python, shell};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(Failure::new(format!("setup takes no arguments, so not `{argument}`")));
    }
    shell::banner("Setting up: Debian packages, then the judges that Python and Node run");
    apt::ensure(&[apt::TO_BUILD, apt::TO_SHOW, apt::TO_TEST, apt::to_install_node_judges()])?;
    python::ensure()?;
    node::ensure()
}
