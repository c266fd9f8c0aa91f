//! Names of metrics, in one place: dashboards and alerts depend on them.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Answers by `outcome` (good, revoked, suspended, unissued, several, or the error status) and `source`.
pub(crate) const OCSP_ANSWERS: &str = "ndoba_ocsp_answers_total";
/// CertIDs by `hash` function (O-03).
pub(crate) const OCSP_CERT_ID_HASH: &str = "ndoba_ocsp_certid_hash_total";
/// Seconds from producedAt to sending.
pub(crate) const OCSP_ANSWER_AGE: &str = "ndoba_ocsp_answer_age_seconds";
/// Questions about serials that `ca` never issued (OVR-6.6.3-03).
pub(crate) const OCSP_UNISSUED: &str = "ndoba_ocsp_unissued_queries_total";
/// Refusals that need an operator, by `status`.
pub(crate) const OCSP_ALARMS: &str = "ndoba_ocsp_alarms_total";
/// Octets in the answer cache.
pub(crate) const OCSP_CACHE_OCTETS: &str = "ndoba_ocsp_cache_octets";
/// End of the responder certificate of `ca`, seconds since 1970.
pub(crate) const OCSP_RESPONDER_END: &str = "ndoba_ocsp_responder_not_after_seconds";
/// Time-stamp requests by `tsu` and `outcome` (granted, the failure bit, overloaded).
pub(crate) const TSP_ANSWERS: &str = "ndoba_tsp_answers_total";

/// Installs the process's recorder of metrics. Once per process.
///
/// # Errors
///
/// [`MetricsError`] when one is installed already.
pub fn install_metrics() -> Result<PrometheusHandle, MetricsError> {
    let age = Matcher::Full(OCSP_ANSWER_AGE.into());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(age, &AGE_BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(MetricsError)?;
    describe_counter!(OCSP_ANSWERS, "OCSP answers by outcome and source");
    describe_counter!(OCSP_CERT_ID_HASH, "CertIDs asked about by hash function");
    describe_histogram!(OCSP_ANSWER_AGE, "Seconds from producedAt to sending of OCSP answers");
    describe_counter!(OCSP_UNISSUED, "Questions about serials never issued");
    describe_counter!(OCSP_ALARMS, "OCSP refusals that need an operator");
    describe_gauge!(OCSP_CACHE_OCTETS, "Octets in the cache of OCSP answers");
    describe_gauge!(OCSP_RESPONDER_END, "End of the OCSP responder certificate, seconds since 1970");
    describe_counter!(TSP_ANSWERS, "Answers to time-stamp requests");
    Ok(handle)
}

/// From fresh to older than any answer may be with the default validity of an hour.
const AGE_BUCKETS: [f64; 12] =
    [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 2700.0, 3600.0, 43_200.0];

/// Metrics cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[error("a recorder of metrics is installed already")]
pub struct MetricsError(#[source] BuildError);
