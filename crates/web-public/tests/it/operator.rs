//! Metrics and health.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use ndoba_web_public::{Check, CheckState, Health, HealthSource, OperatorServer, install_metrics};

use crate::http::{ask, get, post_ocsp};
use crate::requests::{request, sha1_id};
use crate::world::World;

#[derive(Default)]
struct Patient {
    ill: AtomicBool,
}

impl HealthSource for Patient {
    fn health(&self) -> Health {
        let state = if self.ill.load(SeqCst) { CheckState::Failed } else { CheckState::Ok };
        let check =
            |name: &str, state| Check { name: name.into(), state, detail: "as the test wants".into() };
        Health { checks: vec![check("database", state), check("clock", CheckState::Degraded)] }
    }
}

#[test]
fn metrics_and_health() {
    let metrics = install_metrics().unwrap();
    assert!(install_metrics().is_err());
    let patient = Arc::new(Patient::default());
    let (sender, receiver) = mpsc::channel();
    let source: Arc<dyn HealthSource> = Arc::clone(&patient) as _;
    let server = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = OperatorServer::bind("127.0.0.1:0".parse().unwrap(), source, metrics).unwrap();
            sender.send((server.address(), server.handle())).unwrap();
            server.into_server().await.unwrap();
        });
    });
    let (address, handle) = receiver.recv().unwrap();

    let live = get(address, "/health/live");
    assert_eq!((live.status, live.body.as_slice()), (200, &b"{\"live\":true}"[..]));
    let ready = get(address, "/health/ready");
    assert_eq!(ready.status, 200);
    assert_eq!(ready.header("content-type"), Some("application/json"));
    patient.ill.store(true, SeqCst);
    let ready = get(address, "/health/ready");
    assert_eq!(ready.status, 503);
    let text = String::from_utf8(ready.body).unwrap();
    assert!(text.contains(r#""ready":false"#) && text.contains(r#""state":"failed""#), "{text}");

    // After the recorder was installed: handles of earlier counters go nowhere.
    let world = World::new();
    let (_, asked) = world.issue("91");
    post_ocsp(world.address, &asked);
    post_ocsp(world.address, &asked);
    post_ocsp(world.address, &request(&[sha1_id(&world.pki.ca, &[0x92])], &[]));
    let text = String::from_utf8(get(address, "/metrics").body).unwrap();
    for line in [
        r#"ndoba_ocsp_answers_total{outcome="good",source="cache"}"#,
        r#"ndoba_ocsp_answers_total{outcome="good",source="signed"}"#,
        r#"ndoba_ocsp_certid_hash_total{hash="sha1"}"#,
        r#"ndoba_ocsp_unissued_queries_total{ca="signature",asker="other"}"#,
        r#"ndoba_ocsp_answer_age_seconds_bucket{le="3600"}"#,
        r#"ndoba_ocsp_responder_not_after_seconds{ca="signature"}"#,
        "ndoba_ocsp_cache_octets",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert_eq!(ask(address, "POST", "/metrics", "Content-Length: 0\r\n").status, 405);
    drop(handle.stop(true));
    server.join().unwrap();
}
