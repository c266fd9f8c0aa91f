//! The revocation desk: a subscriber suspends with the code at three in the morning, whoever else tries learns nothing,
//! and an officer confirms (design §3, §12; C-100, C-107).

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program::{self, eventually};

on_both_engines!(a_code_suspends_at_once_and_an_officer_confirms);

const REGISTRATION: &str = "officers/registration-officer.pem";
const REVOCATION: &str = "officers/revocation-officer.pem";

/// The page's answers, by what they say in English.
const DONE: &str = "The certificate is suspended.";
const NO_MATCH: &str = "Number and code do not go together.";
const TOO_MANY: &str = "Too many tries.";

fn a_code_suspends_at_once_and_an_officer_confirms(engine: Engine) {
    let here = Installation::on(engine);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    here.open_desk(port);
    let serving = here.serve(None);
    let [serial, other] = ["01001000901", "01001000902"].map(|number| here.issue(number));
    let given = |serial: &str| {
        let code = here.must(&["certificate", "revocation-code", serial, "--as", REGISTRATION]);
        code.trim().to_owned()
    };
    // Where there is a desk, no certificate is handed over without its code, but for a reason.
    let deliver = |serial: &str, more: &[&str]| {
        let shown = here.ask(Call::get("registration-officer", &format!("/certificates/{serial}"))).json();
        let id = shown["application"].as_str().unwrap().to_owned();
        here.run(&[&["application", "deliver", &id, "--as", REGISTRATION], more].concat())
    };
    let refused = deliver(&serial, &[]);
    assert!(program::said(&refused).contains("revocation-code.missing"), "{refused:?}");
    let (code, others) = (given(&serial), given(&other));
    assert!(deliver(&serial, &[]).status.success());
    // Nobody has it but who was told: not the database, not the log.
    let plain = code.replace('-', "");
    for table in ["revocation_codes", "audit_events", "evidence"] {
        let (kept, hex) =
            (here.dump(table), |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>());
        assert!(!kept.is_empty() && !kept.contains(&hex(&plain)) && !kept.contains(&hex(&code)), "{table}");
    }

    // 1. Without a grant the key signs nothing.
    let closed = here.try_code(port, "01001000901", &code);
    assert_eq!(closed.status, 503, "{closed:?}");
    here.must(&[
        "officer",
        "authorise-desk",
        "--as",
        "officers/security-1.pem",
        "--second",
        "officers/security-2.pem",
        "--key",
        "pki/desk.pub.pem",
        "--yes",
    ]);

    // 2. What does not match is one answer, after one time, whether there is a certificate or not.
    let tries = [
        ("01001000901", others.as_str()),
        ("01001099999", code.as_str()),
        ("01001000901", "0000-0000-0000-0000"),
        ("no number", "no code"),
    ];
    let answers: Vec<Answer> = tries.iter().map(|(who, code)| here.try_code(port, who, code)).collect();
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (403, &answers[0].body));
        assert!(answer.body.contains(NO_MATCH), "{answer:?}");
        // On a busy machine an answer may be late; none is early.
        assert!(answer.took >= Duration::from_secs(2), "{answer:?}");
    }
    assert_eq!(here.events("login-refused"), tries.len());
    assert!(here.shown(&serial).contains(": good"));

    // 3. Number and code suspend, and an officer's signature is nowhere.
    let done = here.try_code(port, "01001000901", &plain.to_lowercase());
    assert!(done.status == 200 && done.body.contains(DONE), "{done:?}");
    assert!(done.took >= Duration::from_secs(2), "{done:?}");
    eventually(|| here.shown(&serial).contains("suspended"), || here.log());
    eventually(|| here.ocsp(&serial).contains("certificateHold"), || here.ocsp(&serial));
    here.await_listed(&serial);
    assert!(here.shown(&other).contains(": good"));
    // Who has the code is told so again; the serial number does as well as the personal number.
    assert!(here.try_code(port, &format!("0x{serial}"), &code).body.contains(DONE));

    // 4. The desk sees it with its clock, and confirms it once.
    let listed = here.must(&["certificate", "requests", "--state", "unconfirmed", "--as", REVOCATION]);
    assert!(listed.starts_with(&format!("{serial} of signature by code, done")), "{listed}");
    assert!(listed.contains("suspend-by-code, received"), "{listed}");
    let requests = here.ask(Call::get("revocation-officer", "/requests?state=unconfirmed")).json();
    let order = requests["items"][0]["clock"]["order"].as_str().unwrap();
    let note = ["--note", "called back at the number on file", "--as", REVOCATION];
    let confirm = ["certificate", "confirm", order];
    here.must(&[&confirm[..], &note].concat());
    assert!(here.must_not(&[&confirm[..], &note].concat()).contains("state.changed"));
    let left = here.must(&["certificate", "requests", "--state", "unconfirmed", "--as", REVOCATION]);
    assert_eq!(left.trim(), "");
    let all = here.must(&["certificate", "requests", "--as", REVOCATION]);
    assert!(all.contains("by code, done, confirmed"), "{all}");

    // 5. Two officers take it back; the code is still good for the next time.
    assert!(here.release(&serial).status.success());
    assert!(here.shown(&serial).contains(": good"));

    // Found by name however it begins, by number, and by serial number in every spelling.
    let search = |what: &str| here.must(&["certificate", "search", what, "--as", REVOCATION]);
    for what in ["ნინო ბ", "ბერიძე ნ", "01001000901"] {
        assert!(search(what).contains(&serial), "{what}");
    }
    assert_eq!(search("ნინო ბ").lines().count(), 2);
    assert_eq!(search("ბერიძე ლ").trim(), "");
    let colons: Vec<String> =
        serial.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).to_uppercase()).collect();
    let decimal = program::must(here.folder(), "python3", &["-c", &format!("print(0x{serial})")]);
    for what in [colons.join(":"), format!("0x{serial}"), format!("dec:{}", decimal.trim())] {
        assert!(search(&what).starts_with(&serial), "{what}");
    }

    // On the telephone: three right answers, and no word on which was wrong.
    let asked =
        here.must(&["certificate", "control-questions", &serial, "--language", "ka", "--as", REVOCATION]);
    assert!(asked.contains("document-number: რა ნომრისაა"), "{asked}");
    let suspend = ["certificate", "suspend", &serial, "--channel", "telephone", "--note", "a call", "--yes"];
    let answers = ["--answer", "document-number=12ia 34567", "--answer", "email=N@example.ge"];
    let call = |third: &str| {
        let third = ["--answer", third, "--as", REVOCATION];
        here.run(&[&suspend[..], &answers, &third].concat())
    };
    let wrong = call("personal-number=01001000999");
    let words = program::said(&wrong);
    assert!(!wrong.status.success() && words.contains("control.no-match"), "{words}");
    assert!(here.shown(&serial).contains(": good"));
    let right = call("personal-number=01001000901");
    assert!(right.status.success(), "{}", program::said(&right));
    assert!(here.shown(&serial).contains("suspended"));

    // 6. An address that tries too often waits; what it types then is not even looked at.
    let mut last = here.try_code(port, "01001000902", &code);
    for _ in 0..9 {
        last = here.try_code(port, "01001000902", &code);
    }
    assert!(last.status == 429 && last.body.contains(TOO_MANY), "{last:?}");
    assert!(here.try_code(port, "01001000902", &others).body.contains(TOO_MANY));
    assert!(here.shown(&other).contains(": good"));

    // 7. The page itself: both languages, no script, not kept; and no way from here to the officers' API.
    let page = here.curl_desk(port, "/revocation?lang=ka", &[]);
    assert!(page.body.contains("<html lang=\"ka\">") && page.body.contains("გაუქმების კოდი"), "{page:?}");
    assert!(!page.body.contains("<script"), "{page:?}");
    for header in ["cache-control: no-store", "content-security-policy: default-src 'none'"] {
        assert!(page.head.to_lowercase().contains(header), "{page:?}");
    }
    assert_eq!(here.curl_desk(port, "/api/v1/whoami", &[]).status, 404);
    assert_eq!(here.curl_desk(port, "/revocation", &["--data", "who=1"]).status, 400);
    let long = format!("who=1&code={}", "a".repeat(5_000));
    assert_eq!(here.curl_desk(port, "/revocation", &["--data", &long]).status, 400);

    // The log has it all, and whom it was about in numbers only.
    let log = here.export_log("log.jsonl");
    for kind in ["revocation-code-given", "status-requested", "certificate-suspended", "suspension-confirmed"]
    {
        assert!(log.contains(kind), "{kind}");
    }
    assert!(!log.contains("01001000901") && !here.log().contains("01001000901"));
    here.signatures_hold();
    serving.stop();
}

/// How many suspensions by code the CA carries out in a day is its own configuration's word.
#[test]
fn a_stolen_desk_suspends_no_more_than_the_ca_allows() {
    let here = Installation::on(Engine::Sqlite);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    here.open_desk(port);
    let configured = here.read_text("ndoba.toml");
    fs::write(here.file("ndoba.toml"), format!("{configured}\n[legal]\nsuspensions_by_code = 1\n")).unwrap();
    let serving = here.serve(None);
    let authorise = ["officer", "authorise-desk", "--as", "officers/security-1.pem", "--yes"];
    let key = ["--second", "officers/security-2.pem", "--key", "pki/desk.pub.pem"];
    here.must(&[&authorise[..], &key].concat());
    let serials = ["01001000903", "01001000904"].map(|number| here.issue(number));
    for (serial, number) in serials.iter().zip(["01001000903", "01001000904"]) {
        let code = here.must(&["certificate", "revocation-code", serial, "--as", REGISTRATION]);
        assert!(here.try_code(port, number, code.trim()).body.contains(DONE));
    }
    let refused = "SELECT refusal_code FROM orders WHERE kind = 'suspend-by-code' AND state = 'refused'";
    eventually(|| here.sql(refused) == "suspension-by-code-limit", || here.log());
    assert!(here.shown(&serials[0]).contains("suspended"));
    assert!(here.shown(&serials[1]).contains(": good"));
    // Ended by one security officer, it is over at once.
    let officers = here.must(&["officer", "list", "--as", "officers/auditor.pem"]);
    let desk = officers.lines().find(|line| line.contains(" desk ")).unwrap().split(' ').next().unwrap();
    here.must(&["officer", "end", desk, "--as", "officers/security-1.pem", "--yes"]);
    let code = here.must(&["certificate", "revocation-code", &serials[1], "--as", REGISTRATION]);
    assert_eq!(here.try_code(port, "01001000904", code.trim()).status, 503);
    serving.stop();
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
    took: Duration,
}

impl Installation {
    /// Configures the desk and its page, and makes its key.
    fn open_desk(&self, port: u16) {
        let configured = self.read_text("ndoba.toml");
        let listen = format!("[listen]\nsubscribers = \"127.0.0.1:{port}\"");
        let configured = configured.replacen("[listen]", &listen, 1);
        let desk = "[desk]\ntoken = \"ndoba-ocsp\"\nkey = \"registration/desk/1\"\n";
        fs::write(self.file("ndoba.toml"), format!("{configured}\n{desk}")).unwrap();
        let refused = self.must_not(&["serve", "--config", "ndoba.toml"]);
        assert!(refused.contains("ndoba officer desk-key"), "{refused}");
        self.must(&["officer", "desk-key", "--config", "ndoba.toml"]);
    }

    /// What a subscriber's browser gets.
    fn try_code(&self, port: u16, who: &str, code: &str) -> Answer {
        let (who, code) = (format!("who={who}"), format!("code={code}"));
        let fields = ["--data-urlencode", &who, "--data-urlencode", &code, "--data", "lang=en"];
        self.curl_desk(port, "/revocation", &fields)
    }

    fn curl_desk(&self, port: u16, path: &str, more: &[&str]) -> Answer {
        let url = format!("https://127.0.0.1:{port}{path}");
        let began = Instant::now();
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--insecure", "--noproxy", "*", "--include", "--http1.1"])
            .args(["--max-time", "60"])
            .args(more)
            .arg(&url)
            .output()
            .unwrap();
        let took = began.elapsed();
        let text = program::said(&output);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}\n{}", self.log()));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.into(), body: body.into(), took }
    }

    /// The octets of every row of a table, hexadecimal.
    fn dump(&self, table: &str) -> String {
        let column = match table {
            "audit_events" => "event",
            "evidence" => "content",
            _ => "hash",
        };
        let digits = if self.is_on_postgresql() { "encode({}, 'hex')" } else { "lower(hex({}))" };
        self.sql(&format!("SELECT {} FROM {table}", digits.replace("{}", column)))
    }
}
