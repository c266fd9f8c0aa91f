//! Applications and what becomes of them.

use super::texts;

texts! {
    application_shown(id, state, remark, certificate):
        "application {id}: {state}{remark}, certificate {certificate}",
        "განაცხადი {id}: {state}{remark}, სერტიფიკატი: {certificate}";
    without_code(reason):
        "no revocation code was given: {reason}",
        "გაუქმების კოდი არ მიეცა: {reason}";
    none_yet():
        "none yet",
        "ჯერ არ არის";
    record_written(folder, cases, files):
        "{folder}: {cases} applications, {files} files",
        "{folder}: {cases} განაცხადი, {files} ფაილი";
    record_folder(folder):
        "{folder} is not empty: a record gets a folder of its own",
        "{folder} ცარიელი არ არის: ჩანაწერს თავისი საქაღალდე სჭირდება";
    record_broken_off(folder):
        "{folder} has part of a record, whose fetching broke off: delete the folder and fetch the record again",
        "{folder} ჩანაწერის ნაწილია, რომლის ამოღებაც შეწყდა: წაშალეთ საქაღალდე და ჩანაწერი თავიდან ამოიღეთ";
    agreement_differs(id, accepted, now):
        "application {id}: the agreement made anew is not what was accepted, since settings that it names have changed \
         meanwhile; accepted was SHA-256 {accepted}, and agreement-made-anew.pdf has {now}. What was signed is the \
         signed copy",
        "განაცხადი {id}: ხელახლა შედგენილი ხელშეკრულება ის აღარ არის, რომელიც მიიღეს, რადგან პარამეტრები, რომლებიც მასში წერია, ამასობაში \
         შეიცვალა; მიღებულის SHA-256 არის {accepted}, ფაილისა agreement-made-anew.pdf – {now}. ხელმოწერილი ის არის, \
         რაც ხელმოწერილ ასლშია";
    submitted(order):
        "submitted, order {order}",
        "წარდგენილია, ბრძანება {order}";
    no_order():
        "the application has no order yet: submit it first",
        "განაცხადს ბრძანება ჯერ არ აქვს: ჯერ წარადგინეთ";
    submitter_unsigned():
        "the submitter has not signed the order yet: `ndoba application submit` does",
        "ბრძანებას წარმდგენის ხელმოწერა ჯერ არ აქვს: ხელს აწერს `ndoba application submit`";
    issued(serial):
        "issued, serial {serial}",
        "გაცემულია, სერიული ნომერი {serial}";
    approved_only(order, state):
        "approved; the CA has not issued yet (order {order} is {state})",
        "დამტკიცებულია; გამცემ ცენტრს სერტიფიკატი ჯერ არ გაუცია (ბრძანება {order}: {state})";
    there_are_more(next):
        "there are more: --after {next} goes on, --all lists all",
        "კიდევ არის: --after {next} აგრძელებს, --all ყველას ჩამოთვლის";
    attachment(what, name, octets, digest):
        "copy: {what}{name}, {octets} octets, SHA-256 {digest}",
        "ასლი: {what}{name}, {octets} ბაიტი, SHA-256 {digest}";
    no_attachments():
        "no copies of evidence are attached",
        "მტკიცებულებების ასლები დართული არ არის";
    attachment_broken(digest):
        "what the server gave is not the file with SHA-256 {digest}",
        "სერვერის მოცემული ფაილი არ არის ის, რომლის SHA-256 არის {digest}";
    copy_signature(found):
        "signature on the signed copy: {found}",
        "ხელმოწერა ხელმოწერილ ასლზე: {found}";
    signature_valid(signer, certificate):
        "valid, by the {signer}, certificate {certificate}",
        "ნამდვილია, ხელი მოაწერა: {signer}, სერტიფიკატი {certificate}";
    signature_unchecked(why):
        "not checked: {why}",
        "არ შემოწმებულა: {why}";
    unread_form():
        "its form is not read",
        "მისი ფორმატი არ იკითხება";
    foreign_issuer():
        "no certificate of this provider",
        "სერტიფიკატი ამ პროვაიდერისა არ არის";
    unknown_signer():
        "who signs for the organisation is not known",
        "უცნობია, ვინ აწერს ხელს ორგანიზაციის სახელით";
    is_time_stamp():
        "it is a time-stamp",
        "ეს დროის ნიშნულია";
}
