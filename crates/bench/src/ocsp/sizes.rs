//! What the size of the table costs: uncached answers, one after the other, and the start.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Options, good, start};
use crate::http;
use crate::installation::Installation;
use crate::load::{self, Work};
use crate::loader::{Loader, ca_certificate, serial};
use crate::ocsp_request::{Asker, path};
use crate::report::Report;

/// Certificates asked about at each size, none twice.
const QUESTIONS: u64 = 4000;

pub(super) fn measure(
    options: &Options,
    installation: &Installation,
    loader: &mut Loader,
    report: &mut Report,
) -> anyhow::Result<()> {
    let asker = Asker::new(&ca_certificate(installation)?);
    for size in &options.sizes {
        report.say(&format!("Uncached answers with {size} certificates in the table, one after the other:"));
        loader.load_status_up_to(installation, *size)?;
        let (server, started) = start(installation, &asker)?;
        report.figure(
            &format!("start_to_answer_ms_{size}"),
            started.as_secs_f64() * 1000.0,
            "ms to the first answer",
        );
        // Spread over the table; the first tenth warms it and is not counted.
        let step = (*size / QUESTIONS).max(1);
        let wires = (1..*size)
            .step_by(usize::try_from(step)?)
            .map(|number| Ok(http::get(&path(&asker.request(&serial(number)?, None)))))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let all: Vec<u32> = (0..u32::try_from(wires.len())?).collect();
        let (warm, counted) = all.split_at(all.len() / 10);
        let work = Work {
            address: SocketAddr::from(([127, 0, 0, 1], installation.public_port())),
            requests: Arc::new(wires),
            order: Arc::new(warm.to_vec()),
            judge: good,
            connections: 1,
            reconnect: false,
        };
        load::once_each(&work)?;
        let outcome = load::once_each(&Work { order: Arc::new(counted.to_vec()), ..work })?;
        outcome.must_be_clean("uncached answers")?;
        report.figure(&format!("uncached_p50_ms_{size}"), outcome.percentile(50), "ms");
        report.figure(&format!("uncached_p99_ms_{size}"), outcome.percentile(99), "ms");
        let memory = server.memory()?.resident / f64::from(1 << 20);
        report.figure(&format!("resident_mib_{size}"), memory, "MiB resident");
        server.stop()?;
    }
    Ok(())
}
