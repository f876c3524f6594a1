//! What an ingest would read, as people read it.

use super::ingest::hints;
use super::{Style, figure};
use crate::lake::Plan;

/// So many objects that can't be read are shown.
const REFUSALS_SHOWN_MAX: usize = 20;

/// What would be read: how much, of which days, accounts and regions, and what would not.
#[must_use]
pub fn text(plan: &Plan, lake: &str, style: Style) -> String {
    let days = plan.days.first().zip(plan.days.last()).map_or(String::new(), |(first, last)| {
        format!(
            ", delivered on {} ({first} to {last})",
            figure::counted(plan.days.len() as u64, "day", "days")
        )
    });
    let mut lines = vec![format!(
        "Would read {}, {} raw{days}",
        figure::counted(plan.objects_to_read, "object", "objects"),
        figure::bytes(plan.bytes_to_read)
    )];
    for (label, counts) in [("accounts", &plan.accounts), ("regions", &plan.regions)] {
        let parts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{} {}", style.shown(name), figure::grouped(*count)))
            .collect();
        if !parts.is_empty() {
            lines.push(format!("  {label:<9}  {}", parts.join(", ")));
        }
    }
    if plan.more {
        lines.push("! more       the listing goes on after --max-objects".to_owned());
    }
    if plan.objects_known > 0 {
        let known = figure::counted(plan.objects_known, "object", "objects");
        lines.push(format!("  already    {known} in the lake as they are"));
    }
    if plan.objects_changed > 0 {
        let changed = figure::counted(plan.objects_changed, "object", "objects");
        lines.push(format!("! changed    {changed}, would be read again"));
    }
    if !plan.set_aside.is_empty() {
        let kinds: Vec<String> = plan
            .set_aside
            .iter()
            .map(|(kind, count)| format!("{} {kind}", figure::grouped(*count)))
            .collect();
        lines.push(format!("  set aside  {}", kinds.join(", ")));
    }
    if plan.unreadable > 0 {
        lines.push(format!("x unreadable {}", figure::counted(plan.unreadable, "object", "objects")));
    }
    for refusal in plan.refusals.iter().take(REFUSALS_SHOWN_MAX) {
        lines.push(format!("  x {}", style.shown(&refusal.object)));
        lines.push(format!("      {}", style.shown(&refusal.reason.without_hint())));
    }
    lines.extend(hints(plan.refusals.iter().filter_map(|refusal| refusal.reason.hint()), style));
    lines.push(format!("next: the same without --dry-run reads them into {}", style.shown(lake)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::{Reason, Refusal};

    const STYLE: Style = Style { unicode: true, wide: false, width: 80 };

    #[test]
    fn a_plan_says_how_much_and_what_not() {
        let why = "archived (GLACIER); hint: restore it".to_owned();
        let plan = Plan {
            objects: 1_300,
            objects_known: 99,
            objects_changed: 1,
            objects_to_read: 1_200,
            bytes_to_read: 2_048,
            days: ["2026-03-09", "2026-03-11"].map(|day| day.parse().unwrap()).into(),
            accounts: BTreeMap::from([("111122223333".to_owned(), 1_200)]),
            regions: BTreeMap::from([("eu-west-1".to_owned(), 1_100), ("us-east-1".to_owned(), 100)]),
            set_aside: BTreeMap::from([("folder of digests", 1)]),
            unreadable: 1,
            refusals: vec![Refusal {
                object: "s3://b/k".to_owned(),
                record_index: None,
                reason: Reason::Source(why),
            }],
            more: true,
        };
        let expected = "\
Would read 1,200 objects, 2.0 KiB raw, delivered on 2 days (2026-03-09 to 2026-03-11)
  accounts   111122223333 1,200
  regions    eu-west-1 1,100, us-east-1 100
! more       the listing goes on after --max-objects
  already    99 objects in the lake as they are
! changed    1 object, would be read again
  set aside  1 folder of digests
x unreadable 1 object
  x s3://b/k
      archived (GLACIER)
hint: restore it
next: the same without --dry-run reads them into lake/";
        assert_eq!(text(&plan, "lake/", STYLE), expected);
    }

    #[test]
    fn a_plan_of_nothing_is_clean() {
        let expected =
            "Would read 0 objects, 0 B raw\nnext: the same without --dry-run reads them into lake/";
        assert_eq!(text(&Plan::default(), "lake/", STYLE), expected);
    }
}
