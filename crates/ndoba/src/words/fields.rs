//! What the API refuses of single fields, with a sentence in English only: their codes in Georgian.
//!
//! Where the form has said more – the length, the choices, the day – its words go first ([`form::told`], and the form itself where
//! the command has it).

use std::borrow::Cow;

use ndoba_client::{Problem, ProblemField};
use ndoba_order::Language;
use ndoba_registration::form;

use super::{Words, refusals};

/// What a code is called.
enum Told {
    /// All that there is to say.
    All(&'static str),
    /// The API's sentence has values beside it, such as a length or the choices: it follows in brackets.
    WithValues(&'static str),
}
use Told::{All, WithValues};

impl Words {
    /// A refusal of the API, in this language as far as its codes are known here.
    pub(crate) fn problem(self, problem: &Problem) -> Problem {
        let mut problem = problem.clone();
        if self.0 == Language::English {
            return problem;
        }
        if let Some(title) = refusals::georgian(&problem.code) {
            problem.title = title.into();
        }
        for ProblemField { code, message, field: _, clause: _ } in &mut problem.errors {
            *message = self.field_message(code, message);
        }
        problem
    }

    /// What is wrong with a field, by its code; `said`, where that is not known here.
    pub(crate) fn field_message(self, code: &str, said: &str) -> String {
        match (self.0, told(code)) {
            (Language::English, _) | (Language::Georgian, None) => said.into(),
            (Language::Georgian, Some((georgian, false))) => georgian.into_owned(),
            (Language::Georgian, Some((georgian, true))) => format!("{georgian} ({said})"),
        }
    }
}

/// A code in Georgian, and whether there is more to say.
fn told(code: &str) -> Option<(Cow<'static, str>, bool)> {
    if let Some(words) = form::told(code) {
        return Some((words.ka, false));
    }
    let told = of_fields(code).or_else(|| of_requests(code)).or_else(|| of_documents(code))?;
    Some(match told {
        All(georgian) => (georgian.into(), false),
        WithValues(georgian) => (georgian.into(), true),
    })
}

/// Of fields as they were entered.
fn of_fields(code: &str) -> Option<Told> {
    Some(match code {
        "agreement.copy-missing" => {
            All("ხელმოწერილი ასლი უნდა დაერთოს: სკანი, ან ფაილი ელექტრონული ხელმოწერით")
        }
        "agreement.missing" => All("ხელშეკრულების მიღება აღნიშნული არ არის"),
        "agreement.other" => All("უნდა ეხებოდეს განაცხადის ახლანდელ ხელშეკრულებას: გამოითხოვეთ თავიდან"),
        "agreement.unprintable" => WithValues("შეიცავს სიმბოლოს, რომელსაც ხელშეკრულება ვერ ბეჭდავს"),
        "attachment.name" => All("უნდა იყოს უბრალო სახელი: /, \\ და : გარეშე, თავში წერტილი არ უნდა ჰქონდეს"),
        "attachment.type" => WithValues("ასეთი მტკიცებულების ასლი არ ინახება"),
        "choice.unknown" => WithValues("დასაშვები მნიშვნელობა არ არის"),
        "control.no-match" => WithValues("სწორი პასუხი ცოტაა, ან რომელიმე მცდარია"),
        "control.superfluous" => All("საკონტროლო კითხვები მხოლოდ იმას ესმება, ვინც რეკავს"),
        "copies.not-attached" => {
            All("მითითებულია, რომ პირადობის დოკუმენტის ასლი დართულია: დაურთეთ, ან მიუთითეთ, სად ინახება")
        }
        "copy.base64" => All("უნდა იყოს base64, შევსებით"),
        "copy.too-long" => WithValues("ფაილი ზედმეტად დიდია"),
        "copy.type" => WithValues("ასეთი ფაილი არ მიიღება"),
        "country.form" => All("უნდა იყოს ქვეყნის ორი ასო ISO 3166-1-ით, მაგალითად UA ან TR"),
        "date.before-agreement" => {
            WithValues("არ უნდა იყოს განაცხადის გახსნამდე, ან სანამ პირობები ძალაში შევიდა")
        }
        "date.superfluous" => All("თარიღი მხოლოდ გაუქმებას აქვს"),
        "days.range" => WithValues("პროფილი ამდენ დღეს არ იძლევა"),
        "device.certification-ended" => All("მოდელის სერტიფიკაცია დასრულდა"),
        "device.unknown" => WithValues("უნდა იყოს მომწოდებლის რეესტრის სერტიფიცირებული მოდელი"),
        "document.dates" => All("არ უნდა იყოს გაცემის დღეზე ადრე"),
        "document.expired" => All("დოკუმენტის ვადა გასულია"),
        "evidence.missing" => All("აუცილებელია: ბრძანება მონაცემთა ბაზაში არ შედგენილა"),
        "evidence.other" => All("არ არის ის მტკიცებულება, რომელიც ბრძანებაშია დასახელებული"),
        "field.missing" => All("აუცილებელია"),
        "field.rule" => WithValues("ფორმის წესს არღვევს"),
        "field.type" => WithValues("მნიშვნელობა სხვა სახისაა"),
        "field.unknown" => All("ასეთი ველი აქ არ უნდა იყოს"),
        "identifier.twice" => WithValues("სერტიფიკატი მხოლოდ ერთ იდენტიფიკატორს აჩვენებს"),
        "json.structure" => WithValues("მოთხოვნას სხვა აგებულება აქვს"),
        "key.form" => All("უნდა იყოს SubjectPublicKeyInfo, თექვსმეტობითი ციფრებით"),
        "name.form" => WithValues("სახელი წესებს არ აკმაყოფილებს"),
        "name.number" => All("უნდა იყოს სახელი და არა სარეგისტრაციო ნომერი"),
        "name.script" => WithValues("სახელის დამწერლობა სხვა უნდა იყოს"),
        "office.form" => WithValues("ოფისის მისამართი არ არის"),
        "officer.form" => All("უნდა იყოს ოფიცრის იდენტიფიკატორი"),
        "order-signer-other" => All("ხელმოწერა გამომგზავნი ოფიცრისა უნდა იყოს"),
        "profile.other-subject" => All("პროფილი სხვა სახის მფლობელისთვისაა"),
        "profile.unknown" => All("უნდა იყოს შემოთავაზებული პროფილებიდან ერთ-ერთი"),
        "proofing.too-old" => WithValues("პირის ვინაობა ზედმეტად დიდი ხნის წინ დადგინდა"),
        "proofing.used-up" => {
            WithValues("ვინაობა თავიდან უნდა დადგინდეს: მის საფუძველზე სერტიფიკატი მეტჯერ აღარ გაიცემა")
        }
        "reason.missing" => All("გაუქმებას მიზეზი სჭირდება"),
        "reason.superfluous" => All("მიზეზი მხოლოდ გაუქმებას აქვს"),
        "replaces.other-subject" => All("უნდა იყოს იმ სერტიფიკატის მფლობელი, რომელიც იცვლება"),
        "roles.incompatible" => WithValues("ეს როლები ერთ ოფიცერს არ ექნება"),
        "serial.form" => All("უნდა იყოს სერიული ნომერი, თექვსმეტობითი ციფრებით"),
        "service.form" => All("სერვისის სახელი 1-დან 32-მდე პატარა ლათინური ასოა, პირადი ნომერი კი არ აქვს"),
        "signature.broken" => All(
            "ამ მიმწოდებლის სერტიფიკატით გაკეთებული ხელმოწერა არ სრულდება: ხელი თავიდან მოაწერინეთ და დაურთეთ ფაილი, როგორც ხელმოწერის პროგრამამ ჩაწერა",
        ),
        "signature.certificate" => {
            WithValues("ხელმოწერის სერტიფიკატი არ გამოდგება: ხელი სხვით მოაწერინეთ, ან ქაღალდზე")
        }
        "signature.changed" => {
            All("ფაილში ხელმოწერების გარდა სხვაც ჩაემატა: ხელი თავიდან მოაწერინეთ ხელშეკრულებას")
        }
        "signature.other-document" => All("ხელმოწერა სხვა დოკუმენტზეა და არა განაცხადის ხელშეკრულებაზე"),
        "signature.other-signer" => {
            All("ხელი სხვას მოუწერია: არც განმცხადებელია, არც წარმომადგენელი, არც ორგანიზაცია")
        }
        "signature.partial" => {
            All("ხელმოწერა ფაილის ნაწილზეა მხოლოდ: ხელი თავიდან მოაწერინეთ მთელ ხელშეკრულებას")
        }
        "subject.rule" => WithValues("სახელი სერტიფიკატების წესს არღვევს"),
        "text.too-long" => WithValues("ტექსტი ზედმეტად გრძელია"),
        "time.after-validity" => All("არ უნდა იყოს სერტიფიკატის მოქმედების ბოლოს შემდეგ"),
        "time.form" => All("უნდა იყოს RFC 3339-ის დრო, მაგალითად 2026-11-23T12:00:00Z"),
        "time.future" => All("არ უნდა იყოს მომავალში"),
        "time.past" => All("არ უნდა იყოს წარსულში"),
        _ => return None,
    })
}

/// Of certificate requests and their keys.
fn of_requests(code: &str) -> Option<Told> {
    Some(match code {
        "csr-attribute" => {
            WithValues("სერტიფიკატის მოთხოვნას აქვს ატრიბუტი, რომელიც არ სრულდება: შექმენით მის გარეშე")
        }
        "csr-extension" => WithValues(
            "სერტიფიკატის მოთხოვნა გაფართოებას ითხოვს; გაფართოებებს მხოლოდ პროფილი წყვეტს: შექმენით მის გარეშე",
        ),
        "csr-malformed" => All("სერტიფიკატის მოთხოვნა სწორად აგებული PKCS#10 არ არის (RFC 2986)"),
        "csr-not-pem" => All("ფაილში სერტიფიკატის მოთხოვნა არ არის, არც PEM-ით და არც DER-ით"),
        "csr-signature" => All(
            "სერტიფიკატის მოთხოვნის ხელმოწერა მის გასაღებს არ შეესაბამება: განმცხადებელმა არ დაამტკიცა, რომ პირადი გასაღები მისია",
        ),
        "csr-signature-algorithm" => All(
            "სერტიფიკატის მოთხოვნა ისეთი ალგორითმითაა ხელმოწერილი, რომელიც არ მიიღება: საჭიროა SHA-256, SHA-384 ან SHA-512",
        ),
        "csr-too-large" => {
            All("სერტიფიკატის მოთხოვნა ნებისმიერ ნამდვილზე დიდია: შეამოწმეთ, სწორი ფაილი აირჩიეთ თუ არა")
        }
        "key-algorithm-unknown" => All("გასაღების ალგორითმი არც RSA-ა, არც EC და არც Ed25519"),
        "key-curve-not-named" => All("EC გასაღებს თავისი წირი სახელით მითითებული არ აქვს"),
        "key-curve-unknown" => All("EC გასაღების წირი არც P-256-ია, არც P-384 და არც P-521"),
        "key-malformed" => All("საჯარო გასაღები სწორად აგებული არ არის"),
        "key-not-on-curve" => All("EC გასაღები თავისი წირის შეუკუმშავი წერტილი არ არის"),
        "key-rsa-close-factors" => All(
            "RSA გასაღების ორი მარტივი რიცხვი ისე ახლოსაა, რომ ყველა იპოვის: შექმენით ახალი გასაღები სხვა პროგრამით",
        ),
        "key-rsa-exponent" => All("RSA გასაღების მაჩვენებელი კენტი და სულ ცოტა 65537 უნდა იყოს"),
        "key-rsa-faulty-generator" => All(
            "RSA გასაღები ცნობილი ხარვეზის მქონე ბარათით ან მოდულითაა შექმნილი (CVE-2017-15361, ROCA): გამოიყენეთ სხვა მოწყობილობა",
        ),
        "key-rsa-modulus" => All("RSA გასაღების მოდული არ გამოდგება"),
        "key-rsa-small-factor" => {
            All("RSA გასაღების მოდულს პატარა გამყოფი აქვს: შექმენით ახალი გასაღები სხვა პროგრამით")
        }
        "key-rsa-too-short" => WithValues("RSA გასაღები მოკლეა"),
        _ => return None,
    })
}

/// Of signatures, orders and documents of the register.
fn of_documents(code: &str) -> Option<Told> {
    Some(match code {
        "document-kind-unknown" => All("დოკუმენტი სხვა სახისაა"),
        "document-members" => WithValues("დოკუმენტის შემადგენლობა მისი სახისა არ არის"),
        "document-not-canonical" => All("დოკუმენტი კანონიკური სახით არ არის ჩაწერილი"),
        "document-not-nfc" => All("დოკუმენტის რომელიმე ტექსტი Unicode-ის C ნორმალურ ფორმაში არ არის"),
        "document-too-long" => All("დოკუმენტი ზედმეტად გრძელია"),
        "document-version" => All("დოკუმენტის ვერსია აქ უცნობია"),
        "grant-authorisation-known" => All("უფლებამოსილების იდენტიფიკატორი უკვე გამოყენებულია"),
        "grant-ca-revoked" => All("გამცემი ცენტრი გაუქმებულია"),
        "grant-ca-succeeded" => All("ამ ცენტრის ნაცვლად უკვე სხვა გასაღები გასცემს"),
        "grant-ca-terminated" => All("გამცემი ცენტრი დასრულებულია"),
        "grant-key-known" => All("გასაღები სხვა ოფიცრისაა ან იყო, ან უკვე აღარ იხმარება"),
        "grant-no-such-authorisation" => All("ასეთი უფლებამოსილება არ არის"),
        "grant-no-such-officer" => All("ამ იდენტიფიკატორით მოქმედი ოფიცერი არ არის"),
        "grant-not-accepted" => {
            All("ჯერ თვითონ ოფიცერი აწერს ხელს, რომ სწორედ ამ როლებს ამ ოფისში იღებს: `ndoba officer accept`")
        }
        "grant-not-fresh" => All("დოკუმენტი ზედმეტად დიდი ხნის წინ შედგა: შეადგინეთ თავიდან"),
        "grant-not-next" => All("რეესტრში სხვა დოკუმენტი უფრო ადრე ჩაიწერა: შეადგინეთ თავიდან"),
        "grant-old-form" => All("დანიშვნას არც შემოწმების საბუთები აქვს მითითებული და არც ოფიცრის თანხმობა"),
        "grant-other-installation" => All("დოკუმენტი სხვა სისტემისაა"),
        "grant-other-person" => All("იდენტიფიკატორი სხვა პირისაა"),
        "grant-own" => All("საკუთარ დანიშვნას ხელს არავინ აწერს"),
        "grant-person-known" => All("ამ პირს სხვა იდენტიფიკატორი აქვს"),
        "grant-pin-awaited" => All(
            "კონფიგურაციის თანახმად ამ ადგილას სხვა უსაფრთხოების ოფიცრები ინიშნებიან, ეს კი ის დოკუმენტი არ არის",
        ),
        "grant-pin-not-reached" => {
            All("რეესტრს აკლია დოკუმენტები, რომლებსაც კონფიგურაციის უახლესი საფუძველი გულისხმობს")
        }
        "grant-pin-unknown" => All("კონფიგურაცია ამ საფუძველს არ ასახელებს"),
        "grant-pinned" => All("ცერემონიაზე დანიშნული ოფიცერი ასე არ იცვლება"),
        "grant-same-person" => All("ორივე ხელმოწერა ერთი პირისაა"),
        "grant-signature-count" => WithValues("ხელმოწერების რაოდენობა სხვა უნდა იყოს"),
        "grant-signature-invalid" => All("ხელმოწერა არ სრულდება"),
        "grant-signer-role" => All("ხელმომწერი ახლა უსაფრთხოების ოფიცერი არ არის"),
        "grant-signer-unknown" => All("ხელმოწერის გასაღები არც ერთ ოფიცერს არ ეკუთვნის"),
        "grant-successor-unfit" => {
            All("მომდევნო გასაღები ამ ცენტრის ნაცვლად ვერ დადგება, ან ვერ დადგება ასე ადრე")
        }
        "grant-time-went-back" => All("დოკუმენტის დრო წინა დოკუმენტისაზე ადრეა"),
        "order-approval-not-covering" => All("დამტკიცებელმა ოფიცერმა ხელი წარმდგენის ხელმოწერაზე არ მოაწერა"),
        "order-expired" => All("ბრძანების ვადა გავიდა"),
        "order-from-the-future" => All("ბრძანება მომავალშია შედგენილი"),
        "order-officer-is-subject" => All("ოფიცერი საკუთარ საქმეში არ მონაწილეობს"),
        "order-other-installation" => All("ბრძანება სხვა სისტემისაა"),
        "order-other-office" => All("დამტკიცებლის ოფისი წარმდგენისას არ მოიცავს"),
        "order-role-not-for-kind" => All("ასეთ ბრძანებას ამ როლით ხელი არ ეწერება"),
        "order-role-twice" => All("ამ როლით ხელი უკვე მოწერილია"),
        "order-same-person" => All("ორივე ხელმოწერა სხვადასხვა პირისა უნდა იყოს"),
        "order-signature-invalid" => All("ხელმოწერა არ სრულდება"),
        "order-signature-missing" => WithValues("ხელმოწერა აკლია"),
        "order-signature-time" => All("ხელმოწერის დრო ბრძანების დროს არ შეესაბამება"),
        "order-signer-not-in-office" => All("ხელმომწერი ახლა მოქმედი ოფიცერი არ არის"),
        "order-signer-role" => All("ხელმომწერს ეს როლი არ აქვს"),
        "order-signer-unknown" => All("ხელმოწერის გასაღები არც ერთ ოფიცერს არ ეკუთვნის"),
        "responder-enrolment-key" => All("ჩამწერი გასაღები სერტიფიკატს თავისთვის ითხოვს"),
        "responder-enrolment-signature" => All("მოთხოვნას უფლებამოსილების ჩამწერი გასაღები ხელს არ აწერს"),
        "responder-not-authorised" => All("ამ ცენტრის OCSP მოპასუხეებისთვის მოქმედი უფლებამოსილება არ არის"),
        "responder-not-fresh" => All("მოთხოვნა ახლახან არ შედგენილა"),
        "responder-other-csr" => {
            All("სერტიფიკატის მოთხოვნა ის არ არის, რომელსაც ჩამწერმა გასაღებმა ხელი მოაწერა")
        }
        "responder-other-installation" => All("მოთხოვნა სხვა სისტემისაა"),
        "responder-possession" => All("სერტიფიკატის მოთხოვნა თავისი გასაღების ფლობას არ ამტკიცებს"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PROBLEMS: &str = include_str!("../../../../docs/reference/problems.md");
    const REQUESTS: &str = include_str!("../../../../docs/reference/certificate-requests.md");

    /// The codes in the first column of a page's table.
    fn codes(page: &'static str, title: &str) -> BTreeSet<&'static str> {
        let (_, section) = page.split_once(&format!("## {title}\n")).unwrap();
        let rows = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|row| row.split('|').nth(1));
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
    }

    fn all() -> BTreeSet<&'static str> {
        let tables = [
            codes(PROBLEMS, "A field's code"),
            codes(PROBLEMS, "Signatures and documents"),
            codes(REQUESTS, "The request and its key"),
        ];
        tables.into_iter().flatten().collect()
    }

    fn is_georgian(text: &str) -> bool {
        text.contains(|c: char| ('ა'..='ჰ').contains(&c))
    }

    /// The pages have every code that the sources give, by tests of theirs.
    #[test]
    fn every_code_of_a_field_is_told_in_georgian() {
        let all = all();
        assert!(all.len() > 130, "{all:?}");
        for code in &all {
            let (georgian, _) = told(code).unwrap_or_else(|| panic!("{code}: no Georgian"));
            assert!(is_georgian(&georgian), "{code}: {georgian}");
        }
    }

    /// Nothing is kept that no page has, or that the form says already.
    #[test]
    fn each_is_told_once() {
        let source = include_str!("fields.rs").split("#[cfg(test)]").next().unwrap();
        let arms = source.lines().filter(|line| line.contains("\" => "));
        let kept: Vec<&str> = arms.filter_map(|line| line.split('"').nth(1)).collect();
        let (unique, all) = (kept.iter().copied().collect::<BTreeSet<_>>(), all());
        assert_eq!(unique.len(), kept.len());
        for code in unique {
            assert!(all.contains(code), "{code} is on no page");
            assert!(form::told(code).is_none(), "{code} has the form's words");
        }
    }

    #[test]
    fn fields_are_told_by_their_codes() {
        let field = |code: &str, message: &str| ProblemField {
            field: "/note".into(),
            code: code.into(),
            clause: None,
            message: message.into(),
        };
        let problem = Problem {
            status: 422,
            code: "request.invalid".into(),
            title: "the request does not keep the rules".into(),
            clause: None,
            errors: vec![
                field("text.blank", "must not be empty"),
                field("text.too-long", "must have at most 500 characters"),
                field("code.of-tomorrow", "must be better"),
            ],
        };
        let lines = Words(Language::Georgian).problem(&problem).lines();
        assert_eq!(
            lines,
            [
                "მოთხოვნა წესებს არ აკმაყოფილებს [request.invalid]",
                "  /note: არ უნდა იყოს ცარიელი და არ უნდა ჰქონდეს შორისი თავსა და ბოლოში [text.blank]",
                "  /note: ტექსტი ზედმეტად გრძელია (must have at most 500 characters) [text.too-long]",
                "  /note: must be better [code.of-tomorrow]",
            ]
        );
        assert_eq!(Words(Language::English).problem(&problem), problem);
    }
}
