//! Orders the valid names by how close they are to a name that is not valid.

use datafusion::common::utils::datafusion_strsim::levenshtein;

/// The longest name that is compared letter by letter; longer ones count as far from everything.
const NAME_CHARS_MAX: usize = 128;

/// `valid`, the closest to `name` first, each once; equally close ones by name.
///
/// Case, `_`, `-` and `.` do not count, so that `eventTime` finds `event_time`; a name that holds the other whole
/// comes before one that only resembles it.
pub(crate) fn first(name: &str, valid: impl IntoIterator<Item = String>) -> Vec<String> {
    let asked = folded(name);
    let mut ranked: Vec<(bool, usize, String)> = valid
        .into_iter()
        .map(|candidate| {
            let have = folded(&candidate);
            let holds = !asked.is_empty() && (have.contains(&asked) || asked.contains(&have));
            let distance = match asked.len().max(have.len()) {
                0..=NAME_CHARS_MAX => levenshtein(&asked, &have),
                longer => longer,
            };
            (!holds, distance, candidate)
        })
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// The name as it is compared.
fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::first;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_record_s_spelling_finds_the_column() {
        let found = first("eventTime", names(&["event_name", "account", "event_time", "event_time"]));
        assert_eq!(found, names(&["event_time", "event_name", "account"]));
    }

    #[test]
    fn a_part_of_the_name_comes_before_a_resemblance() {
        let found = first("ip", names(&["id", "activity-of-ip", "top"]));
        assert_eq!(found.first().map(String::as_str), Some("activity-of-ip"));
    }

    #[test]
    fn an_empty_name_orders_by_length_and_name() {
        assert_eq!(first("", names(&["bb", "a", "b"])), names(&["a", "b", "bb"]));
    }
}
