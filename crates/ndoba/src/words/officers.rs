//! Officers and the register.

use super::texts;

texts! {
    whoami(officer, roles):
        "officer {officer} with {roles}",
        "ოფიცერი {officer}, როლები: {roles}";
    granted(seq):
        "granted, number {seq} of the register",
        "დაინიშნა, ნომერი რეესტრში {seq}";
    pin_adopted(seq):
        "the register goes on from the new pin, number {seq} of the register",
        "რეესტრი ახალი დამაგრებიდან გრძელდება, ნომერი რეესტრში {seq}";
    ended(seq):
        "ended, number {seq} of the register",
        "შეწყდა, ნომერი რეესტრში {seq}";
    authorised(seq):
        "authorised, number {seq} of the register",
        "ნებართვა გაიცა, ნომერი რეესტრში {seq}";
    ca_revocation_decided(seq, ca):
        "decided, number {seq} of the register; now `ndoba ceremony revoke-ca {ca}`",
        "გადაწყდა, ნომერი რეესტრში {seq}; ახლა `ndoba ceremony revoke-ca {ca}`";
    ca_succeeded(next, ca, seq):
        "{next} follows {ca}, number {seq} of the register",
        "{ca}-ს შეცვლის {next}, ნომერი რეესტრში {seq}";
    ca_ended(seq):
        "the CA has ended, number {seq} of the register",
        "გამცემი ცენტრი დაიხურა, ნომერი რეესტრში {seq}";
    invited(officer, code, expires):
        "officer {officer}, code {code}, until {expires}",
        "ოფიცერი {officer}, კოდი {code}, მოქმედებს {expires}-მდე";
    enrolled(officer):
        "officer {officer}",
        "ოფიცერი {officer}";
    read_out(key):
        "read this out to the security officers: key {key}",
        "წაუკითხეთ უსაფრთხოების ოფიცრებს: გასაღები {key}";
    pin_of_card(card):
        "PIN of the card {card}: ",
        "ბარათის {card} PIN: ";
    pin_of_card_last(card):
        "PIN of the card {card} (the last try before it locks): ",
        "ბარათის {card} PIN (ბოლო მცდელობა დაბლოკვამდე): ";
    pin_at_reader(card):
        "Enter the PIN of the card {card} at its reader.",
        "შეიყვანეთ ბარათის {card} PIN წამკითხველზე.";
    made_key(key, card):
        "made the key {key} on the card {card}",
        "გასაღები {key} შეიქმნა ბარათზე {card}";
    certificate_on_card(card, key):
        "the certificate is on the card {card}: --as '{key}'",
        "სერტიფიკატი ბარათზეა {card}: --as '{key}'";
    say_where():
        "say with --out where the certificate goes",
        "--out-ით მიუთითეთ, სად ჩაიწეროს სერტიფიკატი";
    which_csr_key():
        "name the key that made the request with --csr-key: it signs what is accepted",
        "--csr-key-ით მიუთითეთ გასაღები, რომელმაც მოთხოვნა შექმნა: თანხმობას ის აწერს ხელს";
    csr_for_development():
        "a request in a file is for development only: make the key on your card, with --key pkcs11:token=…;object=…",
        "მოთხოვნა ფაილში მხოლოდ შემუშავებისთვისაა: გასაღები ბარათზე შექმენით, --key pkcs11:token=…;object=…";
    the_code():
        "The code: ",
        "კოდი: ";
    no_enrolment(id):
        "there is no enrolment of {id}",
        "ჩარიცხვა {id} არ არსებობს";
    no_key_presented(id):
        "no key was presented for {id} yet",
        "{id}-სთვის გასაღები ჯერ არ წარდგენილა";
    grant_head(seq, appended):
        "number {seq}, in the register since {appended}",
        "ნომერი {seq}, რეესტრშია {appended}-დან";
    grant_signed(role, key):
        "  signed as {role} with the key {key}",
        "  ხელი მოაწერა: {role}, გასაღები {key}";
}
