//! Many certificates revoked at once.

use super::texts;

texts! {
    mass_plan(count, revoked, expired):
        "{count} certificates to be revoked; {revoked} are already, {expired} have expired",
        "გასაუქმებელია {count} სერტიფიკატი; {revoked} უკვე გაუქმებულია, {expired} ვადაგასულია";
    mass_kind(count, profile, ca):
        "  {count} by {profile} of {ca}",
        "  {count}: პროფილი {profile}, გამცემი ცენტრი {ca}";
    mass_one(serial, status, until):
        "  {serial} {status}, until {until}",
        "  {serial} {status}, {until}-მდე";
    mass_more(count):
        "  and {count} more (--json names all)",
        "  და კიდევ {count} (ყველას ჩამოთვლის --json)";
    mass_question(count, reason):
        "Revoke these {count} certificates for ever ({reason})? [y/N] ",
        "სამუდამოდ გაუქმდეს ეს {count} სერტიფიკატი ({reason})? [კი/არა] ";
    mass_nothing():
        "nothing was revoked",
        "არაფერი გაუქმებულა";
    mass_unfinished():
        "not all are revoked: the same command goes on where this one ended",
        "ყველა არ გაუქმებულა: იგივე ბრძანება გააგრძელებს იქიდან, სადაც ეს შეწყდა";
    mass_broken(count, all):
        "broken off after {count} of {all}: the same command goes on from there",
        "შეწყდა: {count} {all}-დან; იგივე ბრძანება იქიდან გააგრძელებს";
    mass_progress(count, all):
        "{count} of {all} ordered",
        "გაიცა ბრძანება: {count} {all}-დან";
    mass_waiting(count):
        "{count} ordered; waiting for the CA",
        "გაიცა {count} ბრძანება; ველოდებით გამცემ ცენტრს";
    mass_summary(revoked, waiting, refused):
        "{revoked} revoked, {waiting} wait for the CA, {refused} were refused",
        "გაუქმდა {revoked}, გამცემ ცენტრს ელოდება {waiting}, უარი ეთქვა {refused}";
}
