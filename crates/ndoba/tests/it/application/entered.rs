//! Applications that are entered at the command line: by answers, at a terminal and without one, and by options.

use std::fs;
use std::process::Command;

use ndoba_testkit::Judge;
use serde_json::Value;

use crate::installation::{Engine, Installation, Subject, today};
use crate::program;

on_both_engines!(answers_are_judged_and_kept, options_are_fields);

const PERSON: Subject<'_> = Subject::Person("01001012345");
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

/// Types all lines at a terminal of the program's own, and prints what was shown there.
const TYPIST: &str = "
import os, pty, sys
lines = open(sys.argv[1], 'rb').read()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
os.write(terminal, lines)
shown = b''
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
";

/// Gives the command these lines on standard input; whether it succeeded, what it printed and what it said.
fn answered(here: &Installation, arguments: &[&str], lines: &[&str]) -> (bool, String, String) {
    fs::write(here.file("answers"), lines.join("\n") + "\n").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" < answers", "sh", env!("CARGO_BIN_EXE_ndoba")]).args(arguments);
    let output = here.run_beside(command);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn shown(here: &Installation, id: &str) -> Value {
    serde_json::from_str(&here.must(&["application", "show", id, "--json", OFFICER[0], OFFICER[1]])).unwrap()
}

fn answers_are_judged_and_kept(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(PERSON);
    let today = today();
    let asked = ["application", "new", "--ask", "--draft", "begun.toml", "--language", "ka"];
    let asked = [&asked[..], &OFFICER].concat();

    // Wrong answers are told with the rule, and asked again; then the answers break off.
    let first = [
        "no-such-profile",
        "person-signature",
        "99999",
        "365",
        "?",
        "ნინო",
        "Beridze",
        "ბერიძე",
        "არა",
        "",
        "9",
        "1",
        "0100101234",
        "01001012345",
        "nobody",
        "n@example.ge",
    ];
    let (done, printed, said) = answered(&here, &asked, &first);
    assert!(!done && printed.is_empty(), "{said}");
    for told in [
        "ასეთი ჩამონათვალში არ არის",
        "უნდა იყოს 1-დან",
        "/subject/given_names",
        "უნდა იყოს იმავე დამწერლობით",
        "უნდა იყოს 11-ნიშნა პირადი ნომერი",
        "პასუხები დასრულდა: განაცხადი არ გახსნილა; პასუხები ინახება ფაილში begun.toml",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let kept = here.read_text("begun.toml");
    assert!(
        kept.contains("n@example.ge") && kept.contains("01001012345") && !kept.contains("nobody"),
        "{kept}"
    );
    assert_eq!(here.sql("SELECT count(*) FROM applications"), "0");

    // It goes on where it broke off; one field is changed after the whole was shown.
    let second = [
        "არა",
        "",
        "1",
        "12IA34567",
        "PSDA",
        "visual-inspection",
        "archive",
        "",
        "",
        "physical-presence",
        &today,
        "officer",
        "nowhere.csr",
        "begun.toml",
        "person.csr",
        "არა",
        "/subject/email",
        "nino@example.ge",
        "კი",
    ];
    let (done, printed, said) = answered(&here, &asked, &second);
    assert!(done, "{said}");
    assert!(
        said.contains("გრძელდება ფაილიდან begun.toml") && said.contains("ვერ იკითხება nowhere.csr"),
        "{said}"
    );
    assert!(said.contains("გაიხსნას?") && said.contains("გასაღებისთვის"), "{said}");
    let id = printed.trim().strip_prefix("განაცხადი ").unwrap();
    assert!(!here.file("begun.toml").exists(), "what is about a person lies nowhere");
    let application = shown(&here, id);
    assert_eq!(application["content"]["subject"]["email"], "nino@example.ge");
    assert_eq!(application["content"]["identity_document"]["type"], "identity-card");
    assert_eq!(application["content"]["publication_consent"], false);

    // What was entered is what a file would have said.
    let from_file = shown(&here, &here.open(PERSON));
    let mut same = application["content"].clone();
    same["subject"]["email"] = "n@example.ge".into();
    assert_eq!(from_file["content"], same);
    // No at the end opens nothing.
    let whole = [&asked[..], &["--file", "person.toml", "--csr", "person.csr"]].concat();
    let (done, _, said) = answered(&here, &whole, &["არა", "", "", "", "", "არა"]);
    assert!(!done && said.contains("განაცხადი არ გახსნილა"), "{said}");
    assert_eq!(here.sql("SELECT count(*) FROM applications"), "2");
    serving.stop();
}

/// At a terminal with neither file nor fields the command asks, and shows the passport's group when it is chosen.
#[test]
fn a_terminal_is_asked() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    here.prepare(PERSON);
    fs::write(here.file("typist.py"), TYPIST).unwrap();
    let lines = [
        "person-signature",
        "365",
        "Olena",
        "Kovalenko",
        "n",
        "",
        "3",
        "UA",
        "fe1",
        "FE1",
        "o@example.ge",
        "passport",
        "FE1",
        "State Migration Service",
        "chip-read",
        "archive",
        "",
        "",
        "physical-presence",
        &today(),
        "officer",
        "person.csr",
        "n",
        "y",
    ];
    fs::write(here.file("lines"), lines.join("\n") + "\n").unwrap();
    let python = Judge::python().display().to_string();
    let mut command = Command::new("timeout");
    command.args(["120", &python, "typist.py", "lines", env!("CARGO_BIN_EXE_ndoba")]);
    command.args(["application", "new"]).args(OFFICER);
    let output = here.run_beside(command);
    let said = program::said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("must be 1 to 30 capital letters and digits"), "{said}");
    let id = said.trim().rsplit("application ").next().unwrap();
    assert_eq!(shown(&here, id)["content"]["subject"]["passport"]["number"], "FE1");
    // Nobody to ask, and nothing given.
    let none = here.must_not(&["application", "new", OFFICER[0], OFFICER[1]]);
    assert!(none.contains("give the content: --file FILE"), "{none}");
    serving.stop();
}

fn options_are_fields(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(PERSON);
    let today = today();
    let person = [
        ["--profile", "person-signature"],
        ["--days", "365"],
        ["--given-names", "ნინო"],
        ["--surname", "ბერიძე"],
        ["--latin-given-names", "Nino"],
        ["--latin-surname", "Beridze"],
        ["--personal-number", "01001012345"],
        ["--email", "n@example.ge"],
        ["--document-type", "identity-card"],
        ["--document-number", "12IA34567"],
        ["--document-issued-by", "PSDA"],
        ["--document-validation", "visual-inspection"],
        ["--copies-at", "archive"],
        ["--proofing-method", "physical-presence"],
        ["--proofing-date", &today],
        ["--set", "/identity_proofing/seen_by=officer"],
        ["--publication-consent", "no"],
        ["--csr", "person.csr"],
    ]
    .concat();
    let new = [&["application", "new"], &person[..], &OFFICER].concat();
    let opened = here.must(&new);
    let application = shown(&here, opened.trim().strip_prefix("application ").unwrap());
    assert_eq!(application["content"]["subject"]["latin"]["surname"], "Beridze");
    assert_eq!(application["content"]["subject"]["type"], "natural-person");
    assert_eq!(application["content"]["days"], 365);

    // What the server refuses is told in the officer's language, as far as the form has it.
    let more = |more: &[&str]| here.must_not(&[&new[..], more].concat());
    let refused = more(&["--set", "/subject/email=nobody", "--language", "ka"]);
    assert!(refused.contains("მოთხოვნა წესებს არ აკმაყოფილებს [request.invalid]"), "{refused}");
    assert!(refused.contains("/subject/email: ") && !refused.contains("must be"), "{refused}");
    // The length, which the form alone knows; and a request of which no form says anything.
    let long = format!("/subject/email=n@{}", "a".repeat(255));
    let refused = more(&["--set", &long, "--language", "ka"]);
    assert!(refused.contains("არაუმეტეს 254") && !refused.contains("must have"), "{refused}");
    let request = here.read("person.csr");
    fs::write(here.file("person.csr"), "none").unwrap();
    let refused = more(&["--language", "ka"]);
    fs::write(here.file("person.csr"), request).unwrap();
    let none = "/csr: ფაილში სერტიფიკატის მოთხოვნა არ არის, არც PEM-ით და არც DER-ით [csr-not-pem] (C-73)";
    assert!(refused.contains(none), "{refused}");
    let refused = more(&["--set", "/subject/shoe_size=42"]);
    assert!(
        refused.contains("/subject/shoe_size is no field of the applications of person-signature"),
        "{refused}"
    );
    let refused = more(&["--identification-code", "404123456"]);
    assert!(refused.contains("--identification-code is no field"), "{refused}");
    assert!(more(&["--set", "email=n@example.ge"]).contains("FIELD=VALUE"));
    // Options go before the file.
    let of_file = ["application", "new", "--file", "person.toml", "--csr", "person.csr", "--days", "30"];
    let opened = here.must(&[&of_file[..], &OFFICER].concat());
    assert_eq!(shown(&here, opened.split_whitespace().last().unwrap())["content"]["days"], 30);
    serving.stop();
}
