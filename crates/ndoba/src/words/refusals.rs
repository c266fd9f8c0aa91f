//! What the API refuses with a sentence in English only: the commonest codes in Georgian.

use std::sync::OnceLock;

use ndoba_client::ClientError;
use ndoba_order::Language;

use super::Words;

/// The language in which this run of the command speaks, once somebody has chosen it.
static SPOKEN: OnceLock<Language> = OnceLock::new();

impl Words {
    /// The language that somebody chose for this run, or English: for what is told before anything else is known.
    pub(crate) fn spoken() -> Self {
        Self(SPOKEN.get().copied().unwrap_or(Language::English))
    }

    /// Has what ends the command, and who asks for a PIN, told in this language too.
    pub(crate) fn speak(self) -> Self {
        let _ = SPOKEN.set(self.0);
        self
    }
}

/// A refusal of the API in the officer's language; another error as it is.
pub(crate) fn in_language(mut error: anyhow::Error) -> anyhow::Error {
    if SPOKEN.get() == Some(&Language::Georgian)
        && let Some(ClientError::Problem(problem) | ClientError::Later { problem, .. }) =
            error.downcast_mut::<ClientError>()
        && let Some(georgian) = georgian(&problem.code)
    {
        problem.title = georgian.into();
    }
    error
}

fn georgian(code: &str) -> Option<&'static str> {
    Some(match code {
        "agreement.missing" => "ჯერ აღნიშნეთ, რომ ხელშეკრულება მიღებულია",
        "application.state" => "განაცხადის მდგომარეობა ამის საშუალებას არ იძლევა: ნახეთ თავიდან",
        "application.unknown" => "ასეთი განაცხადი არ არის, ან სხვა ოფისს ეკუთვნის",
        "attachment.unknown" => "მტკიცებულების ასეთი ასლი განაცხადს დართული არ არის",
        "auth.no-certificate" => "საჭიროა ოფიცრის სერტიფიკატი",
        "auth.not-an-officer" => "სერტიფიკატის გასაღები მოქმედ ოფიცერს არ ეკუთვნის",
        "auth.role" => "ოფიცრის როლები ამის უფლებას არ იძლევა",
        "ca.unavailable" => {
            "ბრძანება მიღებულია და ელოდება: გამცემი ცენტრი ან მისი გასაღების მოწყობილობა ახლა არ პასუხობს"
        }
        "certificate.no-application" => "სერტიფიკატს განაცხადი არ უდგას: ტელეფონით ვერაფერი გაკეთდება",
        "certificate.not-suspended" => "სერტიფიკატი შეჩერებული არ არის",
        "certificate.revoked" => "სერტიფიკატი გაუქმებულია, გაუქმება კი სამუდამოა",
        "certificate.suspended" => "სერტიფიკატი უკვე შეჩერებულია",
        "certificate.unknown" => "ასეთი სერტიფიკატი არ არის, ან სხვა ოფისს ეკუთვნის",
        "code.shown-once" => "ამ მოთხოვნაზე კოდი უკვე გაიცა და მეორედ არ ჩანს: მოითხოვეთ ახალი",
        "copy.too-many" => {
            "განაცხადს მეტი ფაილი ვერ დაერთვება: ხელმოწერილი ასლიც და მტკიცებულების ასლიც ითვლება"
        }
        "copy.unknown" => "ხელმოწერილი ასლი დართული არ არის, ან განაცხადი მას შემდეგ შეიცვალა",
        "database.unavailable" => "მონაცემთა ბაზა მიუწვდომელია",
        "grant-not-next" => "რეესტრში სხვა დოკუმენტი უფრო ადრე ჩაიწერა: შეადგინეთ თავიდან",
        "idempotency.key-reused" => "გამეორების გასაღები სხვა მოთხოვნისთვის უკვე გამოყენებულია",
        "internal" => "შიდა შეცდომა; ჩაწერილია ჟურნალში",
        "order.expired" => "ბრძანების ვადა გავიდა",
        "order.not-by-code" => "ეს კოდით შეჩერება არ არის: დასადასტურებელი არაფერია",
        "order.of-application" => "ბრძანება განაცხადს ეკუთვნის: დააბრუნეთ, უარყავით ან გაიტანეთ განაცხადი",
        "order.state" => "ბრძანების მდგომარეობა ამის საშუალებას არ იძლევა: ნახეთ თავიდან",
        "order.unknown" => "ასეთი ბრძანება არ არის, ან სხვა ოფისს ეკუთვნის",
        "profile.unknown" => "ასეთი პროფილი არ არის",
        "records.locked" => "ჩანაწერები ჩაკეტილია: მონაცემთა გასაღების ტოკენი მიუწვდომელია",
        "replaces.key" => "ამ გასაღებზე სერტიფიკატი აღარ გაიცემა: შექმენით ახალი გასაღები",
        "request.invalid" => "მოთხოვნა წესებს არ აკმაყოფილებს",
        "request.not-kept" => "მოთხოვნა ვერსად ჩაიწერა: იმოქმედეთ გათიშვის წესით",
        "revocation-code.given" => "აბონენტს გაუქმების კოდი უკვე აქვს: მიზეზი, რატომ არ აქვს, ზედმეტია",
        "revocation-code.missing" => {
            "აბონენტს გაუქმების კოდი ჯერ არ აქვს: მიეცით, ან მიუთითეთ, რატომ არ აქვს (`--without-code`)"
        }
        "separation.officer-is-subject" => "ოფიცერი საკუთარ საქმეში არ მონაწილეობს",
        "separation.same-person" => "ორივე ხელმოწერა სხვადასხვა პირისა უნდა იყოს",
        "state.changed" => "ამასობაში შეიცვალა: ნახეთ თავიდან და გადაწყვიტეთ ხელახლა",
        "stopping" => "სერვისი ჩერდება",
        "subject.unknown" => "ამ პირის შესახებ არაფერი ინახება",
        "suspension.not-allowed" => "ეს მიმწოდებელი სერტიფიკატებს არ აჩერებს",
        "version.other" => "განაცხადი ამასობაში შეიცვალა: ნახეთ თავიდან",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code here is one that the API has.
    #[test]
    fn codes_are_those_of_the_catalogue() {
        let page = include_str!("../../../../docs/reference/problems.md");
        let source = include_str!("refusals.rs");
        let table =
            source.split("Some(match code {").nth(1).unwrap().split("_ => return None").next().unwrap();
        let arms = table.lines().filter(|line| line.contains(" => "));
        let codes: Vec<&str> = arms.filter_map(|line| line.split('"').nth(1)).collect();
        assert!(codes.len() > 30);
        for code in codes {
            assert!(page.contains(&format!("`{code}`")), "{code}");
            assert!(georgian(code).is_some(), "{code}");
        }
    }
}
