//! Orders: shown, signed, waited for.

use super::texts;

texts! {
    you_sign(role):
        "You sign as {role}:",
        "თქვენ ხელს აწერთ, როგორც {role}:";
    sign_this():
        "Sign this? [y/N] ",
        "მოაწერთ ხელს? [კი/არა] ";
    officer_said_no():
        "the officer said no",
        "ოფიცერმა უარი თქვა";
    officers_said_no():
        "the officers said no",
        "ოფიცრებმა უარი თქვეს";
    ca_refused(code, message):
        "the CA refused ({code}): {message}",
        "გამცემმა ცენტრმა უარი თქვა ({code}): {message}";
    nothing_done(order, state):
        "nothing was done: the order {order} is {state}",
        "არაფერი შესრულებულა: ბრძანება {order} {state}";
    other_digest():
        "the digest that the server states is not that of the text it shows",
        "სერვერის მითითებული ჰეში ნაჩვენებ ტექსტს არ შეესაბამება";
    order_head(order, kind, state):
        "order {order}: {kind}, {state}",
        "ბრძანება {order}: {kind}, {state}";
    order_times(ca, created, expires):
        "  CA {ca}, written {created}, lapses {expires}",
        "  გამცემი ცენტრი {ca}, შედგენილია {created}, ძალას კარგავს {expires}";
    order_application(id):
        "  of application {id}",
        "  განაცხადი {id}";
    order_target(serial):
        "  about certificate {serial}",
        "  ეხება სერტიფიკატს {serial}";
    order_certificate(serial):
        "  carried out: certificate {serial}",
        "  შესრულდა: სერტიფიკატი {serial}";
    order_refused(code, message):
        "  the CA refused ({code}): {message}",
        "  გამცემმა ცენტრმა უარი თქვა ({code}): {message}";
    order_says():
        "  What is signed:",
        "  რას ეწერება ხელი:";
    order_unsigned():
        "  nobody has signed it yet",
        "  ხელი ჯერ არავის მოუწერია";
    order_signed(role, officer, added):
        "  signed as {role} by officer {officer}, {added}",
        "  ხელი მოაწერა: {role}, ოფიცერი {officer}, {added}";
}
