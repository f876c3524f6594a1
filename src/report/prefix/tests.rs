//! The shared prefix.

use super::*;

const STYLE: Style = Style { unicode: true, wide: false, width: 80 };

#[test]
fn the_prefix_of_most_names_is_said_once() {
    let prefix = Prefix::of(["acme-lab-one", "acme-lab-two", "acme-lab-three-x", "other"]);
    assert_eq!(prefix.note(STYLE).as_deref(), Some("… = acme-lab-"));
    assert_eq!(prefix.shorten("acme-lab-one", STYLE), "…one");
    assert_eq!(prefix.shorten("other", STYLE), "other");
}

#[test]
fn few_or_unlike_names_have_none() {
    assert_eq!(Prefix::of(["acme-lab-one", "acme-lab-two"]), Prefix::default());
    assert_eq!(Prefix::of(["acme-lab-one"; 5]), Prefix::default());
    assert_eq!(Prefix::of(["alpha-x", "bravo-y", "charly-z"]), Prefix::default());
    assert_eq!(Prefix::of([]).note(STYLE), None);
}

#[test]
fn wide_screens_show_names_whole() {
    let wide = Style { wide: true, ..STYLE };
    let prefix = Prefix::of(["acme-lab-one", "acme-lab-two", "acme-lab-three"]);
    assert_eq!(prefix.shorten("acme-lab-one", wide), "acme-lab-one");
    assert_eq!(prefix.note(wide), None);
}
