//! The servers lie, disagree, fall silent; the product stops and goes on by itself (K-T10).

use ndoba_testkit::{NtpBehaviour, NtpServer};

use super::Watched;

#[test]
fn lying_and_silent_servers_stop_the_stamps_and_honest_ones_bring_them_back() {
    let watched = Watched::by((0..3).map(|_| NtpServer::of_this_machine()).collect());
    let serving = watched.here.start("watched.toml", None);
    watched.until_granted();
    watched.until_health(|status, _| status == 200);

    let verdicts = |stated: &serde_json::Value| -> Vec<String> {
        let sources = stated["sources"].as_array().unwrap().iter();
        sources.map(|source| source["verdict"].as_str().unwrap().to_owned()).collect()
    };
    let stated = watched.until_stated(|stated| verdicts(stated) == ["agrees"; 3]);
    assert_eq!((&stated["trusted"], &stated["mode"]), (&true.into(), &"quorum".into()));
    let bound = stated["measured"]["bound_us"].as_i64().unwrap();
    assert!((1..999_000).contains(&bound), "{bound}");

    // One liar is outvoted.
    watched.servers[0].behave(|server| server.ahead = 2_000_000);
    watched.until_stated(|stated| verdicts(stated) == ["disagrees", "agrees", "agrees"]);
    watched.until_granted();

    // Two who do not agree with each other leave no quorum.
    watched.servers[1].behave(|server| server.ahead = -2_000_000);
    watched.until_refused();
    watched.until_stated(|stated| stated["trusted"] == false && stated["reason"] == "no-quorum");
    watched.until_health(|status, text| status == 503 && text.contains("no quorum"));
    assert_eq!(watched.metric("ndoba_clock_trusted"), Some(0.0));
    assert!(
        watched.metric("ndoba_clock_stops_total{reason=\"no-quorum\"}").is_some_and(|count| count >= 1.0)
    );

    // All of one mind, and the clock of this machine is far from it: it has drifted.
    watched.servers.iter().for_each(|server| server.behave(|server| server.ahead = 1_500_000));
    let stated = watched.until_stated(|stated| stated["reason"] == "bound-too-wide");
    let offset = stated["measured"]["offset_us"].as_i64().unwrap();
    assert!((1_400_000..1_600_000).contains(&offset), "{offset}");
    watched.until_refused();

    let honest = || watched.servers.iter().for_each(|server| server.behave(|s| *s = NtpBehaviour::default()));
    honest();
    watched.until_granted();

    // Silence counts as long as the last answers do, and no longer.
    watched.servers.iter().for_each(|server| server.behave(|server| server.silent = true));
    watched.until_refused();
    honest();
    watched.until_granted();
    watched.until_stated(|stated| stated["trusted"] == true);

    let events = watched.events(serving);
    let seen = |kind: &str, member: &str, value: &str| {
        events.iter().any(|(one, data)| one == kind && data[member].as_str() == Some(value))
    };
    for code in ["no-quorum", "bound-too-wide"] {
        assert!(seen("clock-lost", "code", code), "{code} in {events:?}");
    }
    let first = watched.servers[0].address().to_string();
    assert!(seen("clock-source-lost", "source", &first) && seen("clock-source-trusted", "source", &first));
    // Lost and found in turn, found last.
    let turns: Vec<_> =
        events.iter().filter(|(kind, _)| kind == "clock-lost" || kind == "clock-trusted").collect();
    assert_eq!(turns.last().unwrap().0, "clock-trusted");
    assert!(turns.iter().filter(|(kind, _)| kind == "clock-trusted").count() >= 3, "{turns:?}");
}
