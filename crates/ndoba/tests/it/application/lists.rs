//! Lists that are filtered and paged, and what stands behind them: orders and the register, in plain words.

use serde_json::Value;

use crate::installation::{Engine, Installation, Subject};
use crate::program;

on_both_engines!(applications_are_listed_by_what_is_asked, orders_and_the_register_are_told);

const PERSON: Subject<'_> = Subject::Person("01001012345");
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

fn applications_are_listed_by_what_is_asked(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.appoint_in("telavi", "registration-officer", "01001000077", "GE/Telavi");
    let mut own = Vec::new();
    for subject in [PERSON, Subject::Municipality("404123456"), PERSON] {
        here.prepare(subject);
        own.push(here.open(subject));
    }
    here.prepare(PERSON);
    let files = ["application", "new", "--file", "person.toml", "--csr", "person.csr"];
    let there = here.must(&[&files[..], &["--as", "officers/telavi.pem"]].concat());
    let there = there.split_whitespace().last().unwrap().to_owned();
    here.must(&["application", "withdraw", &own[0], OFFICER[0], OFFICER[1]]);

    let listed = |more: &[&str]| -> Vec<String> {
        let said = here.must(&[&["application", "list"], more, &OFFICER].concat());
        said.lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let [first, second, third] = [0, 1, 2].map(|place| own[place].as_str());
    let there = there.as_str();
    assert_eq!(listed(&[]), [there, third, second, first]);
    assert_eq!(listed(&["--mine"]), [third, second, first]);
    assert_eq!(listed(&["--office", "GE/Telavi"]), [there]);
    assert_eq!(listed(&["--state", "withdrawn"]), [first]);
    assert_eq!(listed(&["--profile", "organisation-seal"]), [second]);
    assert_eq!(listed(&["--subject", "404123456"]), [second]);
    assert_eq!(listed(&["--since", "2100-01-01"]), [""; 0]);
    assert_eq!(listed(&["--until", "2000-01-01T00:00:00Z"]), [""; 0]);
    assert_eq!(listed(&["--since", "2000-01-01", "--until", "2100-01-01"]).len(), 4);
    // In Georgian the states have names of their own.
    let georgian = here.must(&["application", "list", "--language", "ka", OFFICER[0], OFFICER[1]]);
    assert!(georgian.contains("გატანილია") && georgian.contains("მუშავდება"), "{georgian}");

    // A page says where it ends, and all of them come by pages.
    let page = here.run(&["application", "list", "--limit", "3", OFFICER[0], OFFICER[1]]);
    let said = String::from_utf8(page.stderr).unwrap();
    let next = said.strip_prefix("there are more: --after ").unwrap().split(' ').next().unwrap();
    assert_eq!(listed(&["--limit", "3", "--after", next]), [first]);
    let two = ["--profile", "person-signature", "--limit", "2"];
    let page = program::said(&here.run(&[&["application", "list"], &two[..], &OFFICER].concat()));
    assert!(page.contains(there) && page.contains(third) && page.contains("there are more"), "{page}");
    assert_eq!(listed(&["--all", "--profile", "person-signature"]).len(), 3);
    let refused = here.must_not(&["application", "list", "--office", "GE//", OFFICER[0], OFFICER[1]]);
    assert!(refused.contains("query.office"), "{refused}");
    // Who sees one office only sees it whatever office is asked for.
    let telavi = here.must(&["application", "list", "--office", "GE", "--as", "officers/telavi.pem"]);
    assert!(telavi.contains(there) && telavi.lines().count() == 1, "{telavi}");
    let profiles = here.must(&["application", "profiles", OFFICER[0], OFFICER[1]]);
    assert!(profiles.contains("person-signature: natural person, CA signature, at most "), "{profiles}");
    serving.stop();
}

fn orders_and_the_register_are_told(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let serial = here.issue("01001012345");
    let application: Value = {
        let listed = here.must(&["application", "list", "--json", OFFICER[0], OFFICER[1]]);
        let id = serde_json::from_str::<Value>(&listed).unwrap()[0]["id"].as_str().unwrap().to_owned();
        serde_json::from_str(&here.must(&["application", "show", &id, "--json", OFFICER[0], OFFICER[1]]))
            .unwrap()
    };
    let order = application["order"].as_str().unwrap();
    let told = here.must(&["order", "show", order, OFFICER[0], OFFICER[1]]);
    for line in [
        format!("order {order}: issue, done"),
        format!("  of application {}", application["id"].as_str().unwrap()),
        format!("  carried out: certificate {serial}"),
        "    Issue a certificate".to_owned(),
        "Common name: ნინო ბერიძე".to_owned(),
        "  signed as submitter by officer ".to_owned(),
        "  signed as approver by officer ".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    let georgian = here.must(&["order", "show", order, "--language", "ka", OFFICER[0], OFFICER[1]]);
    assert!(georgian.contains("    სერტიფიკატის გაცემა") && georgian.contains("ხელი მოაწერა: დამტკიცებელი"));

    let security = ["--as", "officers/security-1.pem"];
    let grants = here.must(&["officer", "grants", security[0], security[1]]);
    assert!(grants.contains("number 1, in the register since ") && grants.contains("    Appoint an officer"));
    let begin = |start: &str| grants.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(begin("  signed as security-officer with the key "), 2 * begin("number "), "{grants}");
    let officers = here.must(&["officer", "list", "--json", security[0], security[1]]);
    let officers: Value = serde_json::from_str(&officers).unwrap();
    let approver = officers.as_array().unwrap().iter().find(|one| one["roles"][0] == "approver").unwrap();
    let of = approver["officer"].as_str().unwrap();
    let history = here.must(&["officer", "grants", "--of", of, security[0], security[1]]);
    assert_eq!(history.matches("    Appoint an officer").count(), 1, "{history}");

    // Certificates by profile alone, and in Georgian.
    let found =
        here.must(&["certificate", "search", "--profile", "person-signature", OFFICER[0], OFFICER[1]]);
    assert!(found.starts_with(&format!("{serial} of signature: good")), "{found}");
    let georgian = here.must(&["certificate", "show", &serial, "--language", "ka", OFFICER[0], OFFICER[1]]);
    assert!(georgian.contains("მოქმედია") && georgian.contains("პროფილი person-signature"), "{georgian}");
    serving.stop();
}
