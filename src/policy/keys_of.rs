//! Which condition keys single statements read.

use super::StatementRef;
use super::compile::{CompiledSet, KeyId};
use super::survey::StatementId;

impl CompiledSet {
    /// The condition keys that a statement of this set reads, in conditions and variables; folded to lower case, in order,
    /// none twice. Empty for a statement that is not in the set.
    #[must_use]
    pub fn keys_of(&self, id: StatementId) -> Vec<&str> {
        let policies = self.layers.iter().flat_map(|layer| &layer.policies);
        let policy = policies.into_iter().find(|policy| policy.number == id.policy);
        let Some(rule) = policy.and_then(|policy| policy.statements.get(id.statement)) else {
            return Vec::new();
        };
        let conditions = rule.conditions.iter().map(|condition| condition.key);
        let keys: std::collections::BTreeSet<KeyId> = conditions.chain(rule.variables()).collect();
        let mut names: Vec<&str> = keys.into_iter().filter_map(|key| self.name(key)).collect();
        names.sort_unstable();
        names
    }

    /// The condition keys that the statements about an action read, in conditions and variables; folded to lower case, in
    /// order, none twice. Requests for the action that agree in all of them, and in caller and resource, get the same
    /// decision.
    #[must_use]
    pub fn keys_for(&self, action: &str) -> Vec<&str> {
        let action = action.to_ascii_lowercase();
        let (service, name) = action.split_once(':').unwrap_or(("", &action));
        let policies = self.layers.iter().flat_map(|layer| &layer.policies);
        let rules = policies.flat_map(|policy| policy.candidates(service)).map(|(_, rule)| rule);
        let about = rules.filter(|rule| rule.is_about(service, name));
        let keys: std::collections::BTreeSet<KeyId> = about
            .flat_map(|rule| rule.conditions.iter().map(|condition| condition.key).chain(rule.variables()))
            .collect();
        let mut names: Vec<&str> = keys.into_iter().filter_map(|key| self.name(key)).collect();
        names.sort_unstable();
        names
    }

    /// The id of a statement that a decision of this set names; None if it is not in the set.
    #[must_use]
    pub fn id_of(&self, statement: StatementRef<'_>) -> Option<StatementId> {
        let same = |own: StatementRef<'_>| {
            own.layer == statement.layer && own.policy == statement.policy && own.index == statement.index
        };
        self.statements().find(|numbered| same(numbered.statement)).map(|numbered| numbered.id)
    }
}
