//! What the API refuses with a sentence in English only: the codes of its documents in Georgian.

use std::sync::OnceLock;

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

/// The title of a refusal, by its code.
pub(super) fn georgian(code: &str) -> Option<&'static str> {
    Some(match code {
        "agreement.missing" => "ჯერ აღნიშნეთ, რომ ხელშეკრულება მიღებულია",
        "application.state" => "განაცხადის მდგომარეობა ამის საშუალებას არ იძლევა: ნახეთ თავიდან",
        "application.unknown" => "ასეთი განაცხადი არ არის, ან სხვა ოფისს ეკუთვნის",
        "attachment.unknown" => "მტკიცებულების ასეთი ასლი განაცხადს დართული არ არის",
        "auth.no-certificate" => "საჭიროა ოფიცრის სერტიფიკატი",
        "auth.not-an-officer" => "სერტიფიკატის გასაღები მოქმედ ოფიცერს არ ეკუთვნის",
        "auth.role" => "ოფიცრის როლები ამის უფლებას არ იძლევა",
        "auth.too-many" => "ამ გასაღებით ან ამ ქსელიდან ზედმეტად ბევრი შესვლა უარყოფილია: მოიცადეთ",
        "body.incomplete" => "მოთხოვნა სრულად ვერ მივიდა: გაიმეორეთ",
        "body.media-type" => "მოთხოვნა JSON არ არის",
        "body.too-large" => "მოთხოვნა ზედმეტად დიდია",
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
        "enrolment.no-match" => {
            "ერთჯერადი კოდი მცდარია, გამოყენებულია ან ვადაგასულია: სთხოვეთ უსაფრთხოების ოფიცერს სხვა"
        }
        "enrolment.too-many" => "ამ მისამართიდან ზედმეტად ბევრი ცდაა: მოიცადეთ",
        "grant-not-next" => "რეესტრში სხვა დოკუმენტი უფრო ადრე ჩაიწერა: შეადგინეთ თავიდან",
        "grant.unknown" => "რეესტრში ასეთი დოკუმენტი არ არის",
        "header.if-match" => "მითითებული ვერსია განაცხადის ვერსია არ არის",
        "idempotency.key" => "გამეორების გასაღები სხვა სახისაა",
        "idempotency.key-reused" => "გამეორების გასაღები სხვა მოთხოვნისთვის უკვე გამოყენებულია",
        "internal" => "შიდა შეცდომა; ჩაწერილია ჟურნალში",
        "json.malformed" => "მოთხოვნის JSON არ იკითხება",
        "method.not-allowed" => "ამ მისამართს ასეთი მოქმედება არ აქვს",
        "order.expired" => "ბრძანების ვადა გავიდა",
        "order.not-by-code" => "ეს კოდით შეჩერება არ არის: დასადასტურებელი არაფერია",
        "order.of-application" => "ბრძანება განაცხადს ეკუთვნის: დააბრუნეთ, უარყავით ან გაიტანეთ განაცხადი",
        "order.other" => "მიღებულს სხვა ბრძანების იდენტიფიკატორი აქვს: შეადგინეთ თავიდან",
        "order.state" => "ბრძანების მდგომარეობა ამის საშუალებას არ იძლევა: ნახეთ თავიდან",
        "order.unknown" => "ასეთი ბრძანება არ არის, ან სხვა ოფისს ეკუთვნის",
        "origin.foreign" => "სხვა გვერდს აქ არაფრის შეცვლა არ შეუძლია",
        "path.unknown" => "ასეთი მისამართი არ არის",
        "profile.unknown" => "ასეთი პროფილი არ არის",
        "query.after" => "`after` წინა გვერდის ნათქვამი არ არის: დაიწყეთ პირველი გვერდიდან",
        "query.device" => "`device` მოწყობილობის მოდელის სახელი არ არის",
        "query.key" => "`key` 64 თექვსმეტობითი ციფრი არ არის",
        "query.limit" => "`limit` 1-დან 200-მდეა",
        "query.name" => "სახელი 3-დან 200 ასომდეა",
        "query.office" => "`office` ოფისის მისამართი არ არის",
        "query.opened-by" => "`opened_by` არც ოფიცრის იდენტიფიკატორია და არც `me`",
        "query.state" => "ასეთი მდგომარეობა არ არის",
        "query.status" => "ასეთი სტატუსი არ არის",
        "query.time" => "`since` ან `until` RFC 3339-ის დრო არ არის",
        "query.unknown" => "პარამეტრი უცნობია ან მცდარია",
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

    /// Every code here is one that the API has, and each that a document of it may have is here.
    #[test]
    fn codes_are_those_of_the_catalogue() {
        let page = include_str!("../../../../docs/reference/problems.md");
        let source = include_str!("refusals.rs");
        let table =
            source.split("Some(match code {").nth(1).unwrap().split("_ => return None").next().unwrap();
        let arms = table.lines().filter(|line| line.contains(" => "));
        let codes: Vec<&str> = arms.filter_map(|line| line.split('"').nth(1)).collect();
        for code in &codes {
            assert!(page.contains(&format!("`{code}`")), "{code}");
        }
        let (_, documents) = page.split_once("## The document's code\n").unwrap();
        let rows = documents.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
        let documents: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        assert!(documents.len() > 50, "{documents:?}");
        for code in documents {
            assert!(georgian(code).is_some(), "{code}");
        }
    }
}
