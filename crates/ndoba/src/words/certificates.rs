//! Certificates, requests about them, and what became of these.

use super::texts;

texts! {
    shown_since(serial, since):
        "certificate {serial}: shown to third parties since {since}",
        "სერტიფიკატი {serial}: მესამე პირებს ეჩვენებათ {since}-დან";
    not_shown(serial):
        "certificate {serial}: shown to officers only",
        "სერტიფიკატი {serial}: მხოლოდ ოფიცრები ხედავენ";
    certificate_line(serial, ca, status, from, until):
        "{serial} of {ca}: {status}, valid {from} to {until}",
        "{serial}, გამცემი ცენტრი {ca}: {status}, მოქმედების ვადა {from} – {until}";
    certificate_profile(profile, digest):
        "  profile {profile}, {digest}",
        "  პროფილი {profile}, {digest}";
    certificate_lint(found):
        "  lint: {found}",
        "  შემოწმება გაცემამდე: {found}";
    change_done(kind, yet, order, state):
        "{kind}: {yet}order {order} is {state}",
        "{kind}: {yet}ბრძანება {order}: {state}";
    not_acted_yet():
        "the CA has not acted yet: ",
        "გამცემ ცენტრს ჯერ არ შეუსრულებია: ";
    change_later(kind, order, state, date):
        "{kind}: order {order} is {state}, and takes effect at {date}",
        "{kind}: ბრძანება {order}: {state}, ძალაში შედის {date}";
    declined(order, state):
        "decline: order {order} is {state}",
        "უარი ეთქვა: ბრძანება {order}: {state}";
    confirmed(order):
        "confirmed: order {order}",
        "დადასტურებულია: ბრძანება {order}";
    request_line(serial, ca, channel, state, confirmed):
        "{serial} of {ca} by {channel}, {state}{confirmed}",
        "{serial}, გამცემი ცენტრი {ca}, არხი {channel}, {state}{confirmed}";
    and_confirmed():
        ", confirmed",
        ", დადასტურებულია";
    clock_begun(kind, received):
        "{kind}, received {received}",
        "{kind}, მიღებულია {received}";
    clock_begun_for(kind, received, date):
        "{kind}, received {received}, for {date}",
        "{kind}, მიღებულია {received}, თარიღისთვის {date}";
    clock_order(begun, order):
        "{begun} (order {order})",
        "{begun} (ბრძანება {order})";
    clock_published(begun, number, at):
        "  {begun}: on CRL {number} since {at}",
        "  {begun}: გაუქმებულთა სიაში {number}, {at}-დან";
    clock_running(begun, limit, aim):
        "  {begun}: {limit} by law, {aim} by the provider's aim",
        "  {begun}: კანონით {limit}, პროვაიდერის მიზნით {aim}";
    clock_over(begun):
        "  {begun}: nothing is owed",
        "  {begun}: შესასრულებელი აღარაფერია";
    time_left(hours, minutes):
        "{hours} h {minutes} min left",
        "დარჩა {hours} სთ {minutes} წთ";
    time_late(hours, minutes):
        "{hours} h {minutes} min late",
        "დაგვიანდა {hours} სთ {minutes} წთ";
    name_the_form():
        "name the file .pem, .der or .p7c, so that its form is known",
        "ფაილის სახელი დაასრულეთ .pem, .der ან .p7c-ით, რომ მისი ფორმატი ცნობილი იყოს";
    name_the_ca():
        "the database is unavailable, and nothing is recorded; say which CA issued the certificate, such as --ca signature, and the request is kept there until the database can take it",
        "მონაცემთა ბაზა მიუწვდომელია და არაფერი ჩაწერილა; მიუთითეთ სერტიფიკატის გამცემი ცენტრი, მაგალითად --ca signature, და მოთხოვნა იქ შეინახება, სანამ ბაზა მიიღებს";
    answers_unjudged():
        "the database is unavailable: the caller's answers cannot be judged, and are not kept",
        "მონაცემთა ბაზა მიუწვდომელია: დამრეკავის პასუხები ვერ მოწმდება და არ ინახება";
    sign_once_more():
        "the database went away: sign once more, and the order is kept until it can be recorded",
        "მონაცემთა ბაზა მიუწვდომელი გახდა: კიდევ ერთხელ მოაწერეთ ხელი და ბრძანება შეინახება, სანამ ჩაიწერება";
    not_in_force(kind, order, received, due, title):
        "{kind}: NOT IN FORCE. Order {order}, received {received}, due {due}: {title}",
        "{kind}: ძალაში არ არის. ბრძანება {order}, მიღებულია {received}, ვადა {due}: {title}";
    database_back(kind, order, state):
        "{kind}: the database is back: order {order} is {state}",
        "{kind}: მონაცემთა ბაზა ისევ მუშაობს: ბრძანება {order}: {state}";
}
