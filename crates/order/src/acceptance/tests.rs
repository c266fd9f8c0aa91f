//! Grants with the officer's acceptance and without.

use ndoba_types::{InstallationId, Span, UtcTime};

use super::Acceptance;
use crate::document::Malformed;
use crate::test_support::{INSTALLATION, Person, World, now};
use crate::{
    Grant, GrantDocument, Header, Language, MediaType, RegisterRefusal, Role, Roles, SignerRole, describe,
};

fn accepts(person: &Person) -> Acceptance {
    Acceptance {
        installation: INSTALLATION,
        spki: person.spki.fingerprint(),
        roles: Roles::new([Role::Auditor]).unwrap(),
        office: "GE".parse().unwrap(),
    }
}

/// Signed by `person` as an officer's computer would at that time.
fn signed(acceptance: &Acceptance, person: &Person, at: UtcTime) -> String {
    let iat = u64::try_from(at.unix_seconds()).unwrap();
    let header = Header { iat, ..person.header(MediaType::Acceptance, SignerRole::Appointed) };
    String::from_utf8(person.sign_with(&header, &acceptance.to_bytes().unwrap())).unwrap()
}

fn written() -> UtcTime {
    now().minus(Span::minutes(1))
}

/// An auditor's grant of the second version, with what is made of it.
fn grant(world: &World, person: &Person, change: impl FnOnce(&mut Grant)) -> Grant {
    let at = written().minus(Span::days(1));
    let mut grant = Grant {
        vetting: Some("HR file 12, order 7 of the director".into()),
        accepted_at: Some(at),
        acceptance: Some(signed(&accepts(person), person, at)),
        created: written(),
        ..world.grant(person, &[Role::Auditor], "GE")
    };
    change(&mut grant);
    grant
}

#[test]
fn a_grant_has_its_papers_and_the_officers_acceptance() {
    let mut world = World::new();
    let person = Person::new(7);
    let document = GrantDocument::Grant(grant(&world, &person, |_| ()));
    let bytes = document.to_bytes().unwrap();
    assert!(
        String::from_utf8(bytes.clone())
            .unwrap()
            .ends_with("\"v\":2,\"vetting\":\"HR file 12, order 7 of the director\"}")
    );
    assert_eq!(GrantDocument::from_bytes(&bytes).unwrap(), document);
    let shown = describe(&bytes, Language::English).unwrap().join("\n");
    for line in
        ["Appoint an officer", "Papers of vetting and appointment: HR file 12", "Accepted by the officer: "]
    {
        assert!(shown.contains(line), "{shown}");
    }
    let told = describe(&accepts(&person).to_bytes().unwrap(), Language::Georgian).unwrap();
    assert_eq!((told[0].as_str(), told.len()), ("დანიშვნაზე თანხმობა", 5));
    world.append(&document).unwrap();
    assert!(world.register.officer(person.officer).unwrap().is_active(now()));
    // Those of before stay as they are; a new one without is none.
    assert!(world.register.officer(world.approver.officer).unwrap().is_active(now()));
    let old = Grant { created: written(), ..world.grant(&Person::new(8), &[Role::Auditor], "GE") };
    assert_eq!(world.append(&GrantDocument::Grant(old)), Err(RegisterRefusal::OldForm));
}

#[test]
fn approval_of_an_appointment_that_nobody_accepted() {
    let mut world = World::new();
    let (person, other) = (Person::new(7), Person::new(8));
    let at = written().minus(Span::days(1));
    let own = accepts(&person);
    let mut refused = |what: &str, change: &dyn Fn(&mut Grant)| {
        let document = GrantDocument::Grant(grant(&world, &person, change));
        assert_eq!(world.append(&document), Err(RegisterRefusal::NotAccepted), "{what}");
    };
    refused("more roles", &|grant| {
        grant.roles = Roles::new([Role::RegistrationOfficer, Role::Approver]).unwrap()
    });
    refused("another office", &|grant| grant.office = "GE/Tbilisi".parse().unwrap());
    refused("at another time", &|grant| grant.accepted_at = Some(at.minus(Span::seconds(1))));
    refused("another's key", &|grant| grant.acceptance = Some(signed(&own, &other, at)));
    let elsewhere = Acceptance { installation: InstallationId::from_bytes([1; 16]), ..own.clone() };
    refused("another installation", &|grant| grant.acceptance = Some(signed(&elsewhere, &person, at)));
    let as_officer = |typ, role| {
        let bytes = accepts(&person).to_bytes().unwrap();
        let iat = u64::try_from(at.unix_seconds()).unwrap();
        String::from_utf8(person.sign_with(&Header { iat, ..person.header(typ, role) }, &bytes)).unwrap()
    };
    refused("as something else", &|grant| {
        grant.acceptance = Some(as_officer(MediaType::Acceptance, SignerRole::SecurityOfficer));
    });
    refused("a signature for other documents", &|grant| {
        grant.acceptance = Some(as_officer(MediaType::Grant, SignerRole::Appointed));
    });
    refused("no signature", &|grant| grant.acceptance = Some("{}".into()));
    for (what, at) in
        [("91 days ago", written().minus(Span::days(91))), ("in the future", written().plus(Span::hours(1)))]
    {
        refused(what, &|grant| {
            grant.accepted_at = Some(at);
            grant.acceptance = Some(signed(&accepts(&person), &person, at));
        });
    }
}

#[test]
fn a_grant_has_both_or_neither() {
    let world = World::new();
    let person = Person::new(7);
    let malformed = |what: &str, change: &dyn Fn(&mut Grant)| {
        let written = GrantDocument::Grant(grant(&world, &person, change)).to_bytes();
        assert!(matches!(written, Err(Malformed::Members(_))), "{what}");
    };
    malformed("no papers", &|grant| grant.vetting = None);
    malformed("papers without a word", &|grant| grant.vetting = Some(String::new()));
    malformed("papers that hide something", &|grant| grant.vetting = Some("a\u{202e}b".into()));
    malformed("papers without an end", &|grant| grant.vetting = Some("x".repeat(201)));
    malformed("no acceptance", &|grant| grant.acceptance = None);
    malformed("no time", &|grant| grant.accepted_at = None);
    malformed("of a service", &|grant| grant.roles = Roles::new([Role::Desk]).unwrap());
    let neither = |grant: &mut Grant| {
        grant.roles = Roles::new([Role::Desk]).unwrap();
        (grant.acceptance, grant.accepted_at) = (None, None);
    };
    assert!(GrantDocument::Grant(grant(&world, &person, neither)).to_bytes().is_ok());
    // The first version reads as it always did, and no third one.
    let (old, _) = &world.chain[0];
    let text = String::from_utf8(old.clone()).unwrap();
    assert!(text.ends_with("\"v\":1}") && !text.contains("vetting"), "{text}");
    for version in ["\"v\":2}", "\"v\":3}"] {
        let bytes = text.replace("\"v\":1}", version).into_bytes();
        assert!(GrantDocument::from_bytes(&bytes).is_err(), "{version}");
    }
}
