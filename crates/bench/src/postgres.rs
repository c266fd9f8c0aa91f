//! PostgreSQL as a bench uses it: durable, or not at all.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ndoba_testkit::PostgresCluster;

/// Without these a commit may be lost, and its speed means nothing.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// The connection string of an empty database: `given`, or one of a cluster that ends with this process.
///
/// # Errors
///
/// When the server there does not make commits durable.
pub(crate) fn database(given: Option<&str>) -> anyhow::Result<String> {
    let url = given.map_or_else(|| PostgresCluster::shared().new_database(), ToOwned::to_owned);
    must_be_durable(&url)?;
    Ok(url)
}

fn must_be_durable(url: &str) -> anyhow::Result<()> {
    for setting in DURABLE {
        let said = sql(url, &format!("SHOW {setting}"))?;
        anyhow::ensure!(
            said.trim() == "on",
            "PostgreSQL runs with {setting} = {}: a bench counts durable commits only; set it to on",
            said.trim()
        );
    }
    Ok(())
}

/// Runs SQL; what it says.
pub(crate) fn sql(url: &str, sql: &str) -> anyhow::Result<String> {
    let mut psql = Command::new(PostgresCluster::program("psql"))
        .args(["-d", url, "-At", "-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Not as an argument, which would have to be short. Where psql ends before it has read all, it says why below.
    let _ = psql.stdin.take().map(|mut stdin| stdin.write_all(sql.as_bytes()));
    let output = psql.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "psql: {said}");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_may_lose_commits_is_refused() {
        let cluster = PostgresCluster::shared();
        let url = cluster.new_database();
        must_be_durable(&url).unwrap();
        let name = url.rsplit('=').next().unwrap();
        cluster.psql("postgres", &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
        let refused = must_be_durable(&url).unwrap_err().to_string();
        assert!(refused.contains("synchronous_commit = off"), "{refused}");
    }
}
