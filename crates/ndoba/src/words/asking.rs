//! Where an application is entered field by field.

use super::texts;

texts! {
    needs_content():
        "give the content: --file FILE, fields as options (see --help), or --ask to be asked",
        "მიუთითეთ შინაარსი: --file ფაილი, ველები პარამეტრებად (იხ. --help) ან --ask, რომ პროგრამამ გკითხოთ";
    needs_profile():
        "say by which profile: --profile NAME; `ndoba application profiles` lists them",
        "მიუთითეთ პროფილი: --profile სახელი; პროფილებს ჩამოთვლის `ndoba application profiles`";
    no_field(field, profile):
        "{field} is no field of the applications of {profile}: `ndoba application form {profile}` tells them",
        "პროფილის {profile} განაცხადს ველი {field} არ აქვს: ველებს ჩამოთვლის `ndoba application form {profile}`";
    how_to_answer():
        "An empty answer passes an optional field over; ? tells the rules of a field.",
        "ცარიელი პასუხი არასავალდებულო ველს ტოვებს; ? გაჩვენებთ ველის წესებს.";
    how_to_keep():
        "With --draft FILE what was answered is kept when you break off.",
        "თუ მიუთითებთ --draft ფაილს, შეწყვეტისას პასუხები შეინახება.";
    going_on(file):
        "going on with {file}",
        "გრძელდება ფაილიდან {file}";
    answers_ended():
        "the answers ended: nothing was opened",
        "პასუხები დასრულდა: განაცხადი არ გახსნილა";
    nothing_opened():
        "nothing was opened",
        "განაცხადი არ გახსნილა";
    kept_in(file):
        "what was answered is in {file}",
        "პასუხები ინახება ფაილში {file}";
    which_profile():
        "profile",
        "პროფილი";
    offer(name, subject, ca, days):
        "{name}: {subject}, CA {ca}, at most {days} days",
        "{name}: {subject}, გამცემი ცენტრი {ca}, არაუმეტეს {days} დღისა";
    required():
        "required",
        "აუცილებელი";
    optional():
        "optional",
        "არასავალდებულო";
    must_be_given():
        "must be given",
        "აუცილებელია";
    give_group(label):
        "{label} (optional): give it? [y/N] ",
        "{label} (არასავალდებულო): მიუთითებთ? [კი/არა] ";
    some_of_these():
        "Which of these? Numbers, with commas between them: ",
        "რომელი მათგანი? ნომრები, მძიმით გამოყოფილი: ";
    one_of_these():
        "number or name: ",
        "ნომერი ან სახელი: ";
    no_such_choice():
        "that is none of them",
        "ასეთი ჩამონათვალში არ არის";
    request_file(label):
        "{label}, file: ",
        "{label}, ფაილი: ";
    request_for(key):
        "for the key {key}",
        "გასაღებისთვის {key}";
    taken_out(field):
        "{field} was taken out: it is no field of this profile",
        "{field} ამოღებულია: ამ პროფილს ასეთი ველი არ აქვს";
    whole():
        "The application:",
        "განაცხადი:";
    open_it():
        "Open it? [y/n, or the number or path of a field to change] ",
        "გაიხსნას? [კი/არა, ან შესაცვლელი ველის ნომერი ან მისამართი] ";
    opened(id):
        "application {id}",
        "განაცხადი {id}";
    keeps_every_rule(profile):
        "the application keeps every rule of {profile}",
        "განაცხადი პროფილის {profile} ყველა წესს აკმაყოფილებს";
    fields_refused(count):
        "the application does not keep the rules: {count} fields are refused",
        "განაცხადი წესებს არ აკმაყოფილებს: უარყოფილია {count} ველი";
}
