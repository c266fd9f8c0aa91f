//! What hinders a command on this side of the API: files, cards, the connection.

use super::texts;

texts! {
    cannot_read(file):
        "cannot read {file}",
        "ვერ იკითხება {file}";
    cannot_write(file):
        "cannot write {file}",
        "ვერ ჩაიწერა {file}";
    cannot_remove(file):
        "cannot remove {file}",
        "ვერ წაიშალა {file}";
    cannot_make_folder(folder):
        "cannot make the folder {folder}",
        "ვერ შეიქმნა საქაღალდე {folder}";
    no_toml(file):
        "{file} is no TOML",
        "{file} TOML არ არის";
    no_json(file):
        "{file} is no JSON",
        "{file} JSON არ არის";
    no_text(file):
        "{file} is not text",
        "{file} ტექსტი არ არის";
    no_fields(file):
        "{file} holds no table of fields",
        "{file}: ველების ცხრილი არ არის";
    names_no_profile():
        "the application names no profile",
        "განაცხადში პროფილი მითითებული არ არის";
    line_no_serial(file, number, serial):
        "{file}, line {number}: {serial} is no serial number",
        "{file}, სტრიქონი {number}: {serial} სერიული ნომერი არ არის";
    line_of(file, number, serial):
        "{file}, line {number}: {serial}",
        "{file}, სტრიქონი {number}: {serial}";
    no_officers_file(file):
        "{file} is no officer's file",
        "{file} ოფიცრის ფაილი არ არის";
    file_for_development(file):
        "{file}: an officer's key in a file is for development only; name the key on the card, pkcs11:token=…",
        "{file}: ოფიცრის გასაღები ფაილში მხოლოდ სასწავლოდაა; დაასახელეთ გასაღები ბარათზე, pkcs11:token=…";
    card_without_certificate(card):
        "the card {card} has no certificate of this key: `ndoba officer fetch-certificate`",
        "ბარათზე {card} ამ გასაღების სერტიფიკატი არ არის: `ndoba officer fetch-certificate`";
    certificate_unread():
        "the certificate does not read",
        "სერტიფიკატი არ იკითხება";
    certificate_of_another():
        "the certificate is of another key",
        "სერტიფიკატი სხვა გასაღებისაა";
    name_the_authority():
        "a card has no folder to look in: name the operations CA's certificate with --api-ca",
        "ბარათს საქაღალდე არ აქვს: საოპერაციო ცენტრის სერტიფიკატი მიუთითეთ --api-ca-ით";
    no_acceptance_file(file):
        "{file} does not say what is to be accepted",
        "{file}: რაზე უნდა დათანხმდეთ, იქ არ წერია";
    no_pin_file(file):
        "{file} is no ceremony's pin",
        "{file} ცერემონიის დამაგრება არ არის";
    no_public_key_file(file):
        "{file} holds no public key",
        "{file}: საჯარო გასაღები იქ არ არის";
    name_has_no(file, what):
        "the name in {file} has no {what}",
        "სახელს ფაილში {file} აკლია: {what}";
    file_without_certificate():
        "the officer's file has no certificate",
        "ოფიცრის ფაილში სერტიფიკატი არ არის";
    officer_or_enrolment():
        "give --officer or --enrolment",
        "მიუთითეთ --officer ან --enrolment";
    key_or_csr():
        "give --key or --csr",
        "მიუთითეთ --key ან --csr";
    unreachable(url):
        "{url} cannot be reached",
        "{url} მიუწვდომელია";
    not_understood(url, what):
        "{url} gave an answer that is not understood: {what}",
        "{url}: პასუხი გაუგებარია: {what}";
    refused_to_sign(why):
        "refused to sign: {why}",
        "ხელი არ მოეწერა: {why}";
    ask_again(title, seconds):
        "{title}; ask again in {seconds} s",
        "{title}; გაიმეორეთ {seconds} წამში";
    none_of_them():
        "none",
        "არცერთი";
    no_module():
        "no PKCS#11 library is named: set NDOBACTL_PKCS11_MODULE, or module-path in the pkcs11: URI",
        "PKCS#11 ბიბლიოთეკა მითითებული არ არის: NDOBACTL_PKCS11_MODULE, ან module-path pkcs11: მისამართში";
    module_not_loaded(path, reason):
        "the PKCS#11 library {path} cannot be used: {reason}",
        "PKCS#11 ბიბლიოთეკა {path} გამოუსადეგარია: {reason}";
    module_in_use(path):
        "the PKCS#11 library {path} is in use by this command's own tokens",
        "PKCS#11 ბიბლიოთეკას {path} ამ ბრძანების ტოკენები იყენებს";
    no_card(wanted, seen):
        "no card is there for {wanted}; in the readers: {seen}",
        "ბარათი {wanted} არ დევს; წამკითხველებშია: {seen}";
    two_cards(wanted):
        "more than one card is there for {wanted}: name its token or serial",
        "{wanted} ერთზე მეტ ბარათს შეესაბამება: მიუთითეთ token ან serial";
    no_pin(card):
        "no PIN for the card {card}",
        "ბარათის {card} PIN არ არის";
    pin_refused(card):
        "the card {card} refused the PIN",
        "ბარათმა {card} PIN არ მიიღო";
    pin_locked(card):
        "the PIN of the card {card} is locked: unlock it with its PUK",
        "ბარათის {card} PIN დაბლოკილია: განბლოკეთ PUK-კოდით";
    last_try(card):
        "one more wrong PIN locks the card {card}: leave pin-source out and enter it yourself",
        "კიდევ ერთი მცდარი PIN ბარათს {card} დაბლოკავს: pin-source ამოიღეთ და თავად შეიყვანეთ";
    no_key(card, wanted, keys):
        "the card {card} has no key {wanted}; its keys: {keys}",
        "ბარათზე {card} გასაღები {wanted} არ არის; იქ არის: {keys}";
    two_keys(card, wanted):
        "the card {card} has more than one key {wanted}: name its object or id",
        "ბარათზე {card} ერთზე მეტი გასაღებია {wanted}: მიუთითეთ object ან id";
    nameless_key():
        "a new key needs a name: give object= in the pkcs11: URI",
        "ახალ გასაღებს სახელი სჭირდება: pkcs11: მისამართში მიუთითეთ object=";
    wrong_kind(wanted, card):
        "the key {wanted} on the card {card} is on neither P-256 nor P-384, or its public half cannot be read",
        "გასაღები {wanted} ბარათზე {card} არც P-256-ისაა და არც P-384-ის, ან მისი საჯარო ნაწილი არ იკითხება";
    unfit_key(wanted, card, attributes):
        "the key {wanted} on the card {card} must not be used: {attributes}",
        "გასაღები {wanted} ბარათზე {card} არ გამოიყენება: {attributes}";
    card_failed(card, reason):
        "the card {card} failed: {reason}",
        "ბარათმა {card} არ იმუშავა: {reason}";
    pin_file_exposed(path, mode):
        "{path} can be read by others than its owner (mode {mode})",
        "{path} მფლობელის გარდა სხვებიც კითხულობენ (რეჟიმი {mode})";
    pin_no_file(path):
        "{path} is not a regular file",
        "{path} ჩვეულებრივი ფაილი არ არის";
    pin_malformed():
        "a PIN is 1 to 256 octets of UTF-8 on one line",
        "PIN ერთი სტრიქონია, 1-დან 256 ბაიტამდე, UTF-8";
    pin_no_terminal():
        "there is no terminal to ask at, and no pin-source",
        "ტერმინალი, სადაც გკითხავდით, არ არის, და არც pin-source";
    pin_unreadable(place):
        "the PIN cannot be read from {place}",
        "PIN ვერ იკითხება აქედან: {place}";
}
