//! Parameters that are called unlike the placeholder that they fill: `tables/resources.tsv`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::catalog;
use crate::catalog::tsv::rows;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("../tables/resources.tsv")));

/// The names that the table lists; empty if no parameter stands for the placeholder.
pub(super) fn parameters(
    service: &'static str,
    kind: &'static str,
    placeholder: &'static str,
) -> Option<&'static [&'static str]> {
    TABLE.names.get(&(service, kind, placeholder)).map(|row| row.values.as_slice())
}

/// The parameters that name what the placeholder does not tell: a name, where the ARN has an id.
pub(super) fn other_names(
    service: &'static str,
    kind: &'static str,
    placeholder: &'static str,
) -> &'static [&'static str] {
    TABLE.names.get(&(service, kind, placeholder)).map_or(&[], |row| row.others.as_slice())
}

/// The lines that could not be read.
#[cfg(test)]
pub(in crate::catalog) fn faults() -> Vec<usize> {
    TABLE.faults.clone()
}

/// How a parameter is marked that names the thing, and not by what its ARN has.
const OTHER: char = '~';

#[derive(Default)]
struct Table {
    names: HashMap<(&'static str, &'static str, &'static str), Row>,
    /// Lines that could not be read or name what the catalog does not know.
    faults: Vec<usize>,
}

/// What stands for a placeholder, and what names the thing otherwise.
struct Row {
    values: Vec<&'static str>,
    others: Vec<&'static str>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for (line, fields) in rows(text) {
            if table.line(&fields).is_none() {
                table.faults.push(line);
            }
        }
        table
    }

    fn line(&mut self, fields: &[&'static str]) -> Option<()> {
        let &[service, kind, placeholder, names] = fields else { return None };
        let forms = catalog().service(service)?.resource_types.iter().filter(|known| known.name == kind);
        let placeholder = forms.flat_map(|form| form.arn.placeholders()).find(|name| *name == placeholder)?;
        let names = || names.split(' ').filter(|name| *name != "-");
        let row = Row {
            values: names().filter(|name| !name.starts_with(OTHER)).collect(),
            others: names().filter_map(|name| name.strip_prefix(OTHER)).collect(),
        };
        self.names.insert((service, kind, placeholder), row).is_none().then_some(())
    }
}
