//! The screens of `can-assume`.

use super::*;

fn yes() -> Assume {
    let mut answer = no();
    answer.said = Said::Allowed;
    for side in &mut answer.sides {
        side.says = Said::Allowed;
        side.change = None;
    }
    answer
}

fn snapshot() -> Options {
    Options { source: "--snapshot iam/".to_owned(), ..Options::default() }
}

#[test]
fn no_stands_first_then_the_sides_then_what_would_have_to_change() {
    assert_eq!(assume_text(&no(), &snapshot(), NARROW), include_str!("screens/no.txt"));
}

#[test]
fn yes_has_nothing_to_change() {
    assert_eq!(assume_text(&yes(), &snapshot(), NARROW), include_str!("screens/yes.txt"));
}

#[test]
fn what_depends_says_on_which_side() {
    let mut answer = no();
    answer.said = Said::Undetermined;
    answer.sides.remove(1);
    let screen = assume_text(&answer, &snapshot(), NARROW);
    assert!(
        screen.starts_with("? depends: whether user dana can assume role deploy is not known\n"),
        "{screen}"
    );
    assert!(screen.contains("Sides that have a say: none refuses for certain\n"), "{screen}");
    assert!(screen.contains("? service control policies  depends  not supplied"), "{screen}");
}

#[test]
fn several_refusals_are_counted() {
    let mut answer = no();
    answer.sides[0].says = Said::Denied;
    answer.sides[0].change = Some("attach a policy that allows sts:AssumeRole".to_owned());
    let screen = assume_text(&answer, &snapshot(), NARROW);
    assert!(screen.contains("Sides that have a say: 2 refuse\n"), "{screen}");
    assert!(
        screen.contains("x service control policies: attach a policy that allows sts:AssumeRole\n"),
        "{screen}"
    );
}

#[test]
fn a_long_side_has_a_line_of_its_own() {
    let mut answer = no();
    answer.sides[0].name = "service control policies of ou-ex01-11111111 (workloads)".to_owned();
    let screen = assume_text(&answer, &snapshot(), NARROW);
    let mut lines = screen
        .lines()
        .skip_while(|line| *line != "? service control policies of ou-ex01-11111111 (workloads)");
    let below = lines.nth(1).unwrap();
    assert!(below.ends_with("depends  not supplied for account 111122223333"), "{screen}");
}

#[test]
fn nothing_to_say_is_still_an_answer() {
    let bare = Assume { sides: Vec::new(), supposed: Vec::new(), ..no() };
    let screen = assume_text(&bare, &snapshot(), NARROW);
    assert!(screen.starts_with("x no: user dana cannot assume role deploy\n"), "{screen}");
    assert!(!screen.contains("Sides") && !screen.contains("Supposed"), "{screen}");
    assert_eq!(assume_csv(&bare).lines().count(), 2);
}

#[test]
fn rows_are_sides() {
    let csv = assume_csv(&no());
    assert_eq!(csv, include_str!("screens/no.csv").replace('\n', "\r\n"));
}

#[test]
fn json_is_the_answer_with_a_schema() {
    let value: serde_json::Value = serde_json::from_str(&assume_json(&no()).unwrap()).unwrap();
    let mut expected = serde_json::to_value(no()).unwrap();
    expected["schema"] = 1.into();
    assert_eq!(value, expected);
    assert_eq!(value["sides"][1]["statement"]["sid"], "Partners");
}
