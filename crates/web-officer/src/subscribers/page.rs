//! The page's text. Nothing that was typed is in it.

/// In which language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Georgian,
}

impl Language {
    /// Its code in addresses and documents.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Georgian => "ka",
        }
    }

    fn other(self) -> (&'static str, &'static str) {
        match self {
            Self::English => ("ka", "ქართულად"),
            Self::Georgian => ("en", "In English"),
        }
    }
}

/// What the page says above its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Asked,
    Closed,
    Done,
    NoMatch,
    NotUnderstood,
    TooMany,
}

struct Words {
    title: &'static str,
    what: &'static str,
    who: &'static str,
    code: &'static str,
    send: &'static str,
    without: &'static str,
}

const ENGLISH: Words = Words {
    title: "Suspend a certificate",
    what: "If your card, device or code may be in other hands, suspend your certificate here. It takes effect at once, \
           and an officer will speak with you. Only officers can end a suspension.",
    who: "Serial number of the certificate, or your personal number or identification code",
    code: "Revocation code, as on the paper you were given: XXXX-XXXX-XXXX-XXXX",
    send: "Suspend",
    without: "Without the code, call the provider: an officer asks control questions and suspends for you.",
};

const GEORGIAN: Words = Words {
    title: "სერტიფიკატის შეჩერება",
    what: "თუ თქვენი ბარათი, მოწყობილობა ან კოდი შეიძლება სხვის ხელში იყოს, აქ შეაჩერეთ სერტიფიკატი. შეჩერება მაშინვე \
           მოქმედებს და თანამშრომელი დაგიკავშირდებათ. შეჩერების მოხსნა მხოლოდ თანამშრომლებს შეუძლიათ.",
    who: "სერტიფიკატის სერიული ნომერი, ან თქვენი პირადი ნომერი თუ საიდენტიფიკაციო კოდი",
    code: "გაუქმების კოდი, როგორც მოცემულ ფურცელზეა: XXXX-XXXX-XXXX-XXXX",
    send: "შეჩერება",
    without: "თუ კოდი არ გაქვთ, დაურეკეთ პროვაიდერს: თანამშრომელი საკონტროლო კითხვებს დაგისვამთ და თავად შეაჩერებს.",
};

impl Outcome {
    fn said(self, language: Language) -> Option<&'static str> {
        let (english, georgian) = match self {
            Self::Asked => return None,
            Self::Closed => (
                "This cannot be done here now. Call the provider.",
                "ახლა აქ ეს ვერ ხერხდება. დაურეკეთ პროვაიდერს.",
            ),
            Self::Done => (
                "The certificate is suspended. Whoever checks it is told so within a minute. An officer will confirm it with you.",
                "სერტიფიკატი შეჩერებულია. ვინც მას ამოწმებს, ერთ წუთში გაიგებს. თანამშრომელი თქვენთან დაადასტურებს.",
            ),
            Self::NoMatch => (
                "Number and code do not go together. Check both, or call the provider.",
                "ნომერი და კოდი ერთმანეთს არ შეესაბამება. შეამოწმეთ ორივე ან დაურეკეთ პროვაიდერს.",
            ),
            Self::NotUnderstood => (
                "The form was not understood. Fill in both fields.",
                "ფორმა ვერ გაიგო სისტემამ. შეავსეთ ორივე ველი.",
            ),
            Self::TooMany => (
                "Too many tries. Wait ten minutes, or call the provider.",
                "ძალიან ბევრი ცდა. დაელოდეთ ათ წუთს ან დაურეკეთ პროვაიდერს.",
            ),
        };
        Some(match language {
            Language::English => english,
            Language::Georgian => georgian,
        })
    }
}

/// The whole page.
pub(super) fn html(language: Language, outcome: Outcome) -> String {
    let Words { title, what, who, code, send, without } = match language {
        Language::English => ENGLISH,
        Language::Georgian => GEORGIAN,
    };
    let lang = language.code();
    let (other, other_name) = language.other();
    let said = outcome.said(language).map(|said| format!("<p role=\"status\" class=\"said\">{said}</p>\n"));
    let said = said.unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/revocation.css\">\n</head>\n<body>\n<main>\n\
         <nav><a href=\"/revocation?lang={other}\" lang=\"{other}\">{other_name}</a></nav>\n\
         <h1>{title}</h1>\n{said}<p>{what}</p>\n\
         <form method=\"post\" action=\"/revocation\">\n<input type=\"hidden\" name=\"lang\" value=\"{lang}\">\n\
         <label for=\"who\">{who}</label>\n\
         <input id=\"who\" name=\"who\" required maxlength=\"100\" autocomplete=\"off\" spellcheck=\"false\">\n\
         <label for=\"code\">{code}</label>\n\
         <input id=\"code\" name=\"code\" required maxlength=\"60\" autocomplete=\"off\" autocapitalize=\"characters\" \
         spellcheck=\"false\">\n<button>{send}</button>\n</form>\n<p>{without}</p>\n</main>\n</body>\n</html>\n"
    )
}

/// The page's looks.
pub(super) const STYLE: &str = "\
body { font: 1.1rem/1.5 sans-serif; margin: 0; background: #f4f4f1; color: #1b1b1b }
main { max-width: 34rem; margin: 0 auto; padding: 1.5rem; background: #fff; min-height: 100vh; box-sizing: border-box }
nav { text-align: right }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
label { margin-top: 1rem }
input { padding: .5rem; border: 1px solid #555 }
button { margin: 1.5rem 0; padding: .7rem; border: 0; background: #9c1c1c; color: #fff; font-weight: bold }
.said { padding: .7rem 1rem; border-left: .4rem solid #9c1c1c; background: #faf0e6 }
:focus { outline: 3px solid #1c5a9c; outline-offset: 2px }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_everything() {
        for outcome in
            [Outcome::Closed, Outcome::Done, Outcome::NoMatch, Outcome::NotUnderstood, Outcome::TooMany]
        {
            let [english, georgian] = [Language::English, Language::Georgian].map(|one| html(one, outcome));
            assert_eq!(english.matches('<').count(), georgian.matches('<').count());
            assert!(english.contains("lang=\"en\"") && georgian.contains("<h1>სერტიფიკატის შეჩერება</h1>"));
        }
    }
}
