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
