//! Asks at once for what several walks would ask one by one: look-ups of the same name find their answer ready.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::condition::{around, issuing, life, may_issue, naming, of_key, seconds_around};
use super::{Source, VALUES_MAX, in_order, keep, kept, one_of};
use crate::aws::Time;
use crate::lake::Column;
use crate::lineage::{Credential, Issuance, settle};
use crate::query::{Filter, QueryError};

impl Source {
    /// What [`Source::issuances`] and [`Source::launches`] would ask with a condition: one look at the lake for both.
    pub(in crate::inquiry::trace) async fn prepare_made(&self, filter: &Filter) -> Result<(), QueryError> {
        let name = format!("{filter:?}");
        if kept(&self.issuances, &name).is_none() || kept(&self.launches, &name).is_none() {
            let (issued, mut launched) = self.relations.made(filter).await?;
            launched.sort_by(|a, b| a.record.cmp(&b.record));
            keep(&self.issuances, name.clone(), &settle(issued));
            keep(&self.launches, name, &launched);
        }
        Ok(())
    }

    /// What [`Source::naming`] would ask for these keys, each about its moment.
    pub(in crate::inquiry::trace) async fn prepare_naming(
        &self,
        asked: &[(String, DateTime<Utc>)],
    ) -> Result<(), QueryError> {
        let open = |(key, moment): &&(String, DateTime<Utc>)| {
            life(key, Some(*moment)).is_some()
                && kept(&self.issuances, &format!("{:?}", naming(key, Some(*moment)))).is_none()
        };
        let asked: BTreeSet<&(String, DateTime<Utc>)> = asked.iter().filter(open).collect();
        let asked: Vec<&(String, DateTime<Utc>)> = asked.into_iter().collect();
        for some in asked.chunks(VALUES_MAX).filter(|some| some.len() > 1) {
            let times = || some.iter().filter_map(|(key, moment)| life(key, Some(*moment)));
            let (Some(from), Some(before)) =
                (times().map(|life| life.0).min(), times().map(|life| life.1).max())
            else {
                continue;
            };
            let keys = some.iter().map(|(key, _)| key.clone()).collect();
            let one = one_of(Column::IssuedAccessKeyId, keys);
            let filter = Filter::All(vec![Filter::From(from), Filter::Before(before), one]);
            let mut found: BTreeMap<String, Vec<Issuance>> = BTreeMap::new();
            for issuance in self.relations.links(&filter).await? {
                found.entry(issuance.key.clone().unwrap_or_default()).or_default().push(issuance);
            }
            for (key, moment) in some {
                let Some((from, before)) = life(key, Some(*moment)) else { continue };
                let inside = |one: &&Issuance| from <= one.record.time && one.record.time < before;
                let own = found.get(key).into_iter().flatten().filter(inside).cloned().collect();
                keep(&self.issuances, format!("{:?}", naming(key, Some(*moment))), &settle(own));
            }
        }
        Ok(())
    }

    /// What [`Source::around`] would ask for these moments and ARNs.
    pub(in crate::inquiry::trace) async fn prepare_around(
        &self,
        asked: &[(DateTime<Utc>, String)],
    ) -> Result<(), QueryError> {
        let open = |(moment, arn): &&(DateTime<Utc>, String)| {
            kept(&self.issuances, &format!("{:?}", around(*moment, Some(arn)))).is_none()
        };
        let asked: BTreeSet<&(DateTime<Utc>, String)> = asked.iter().filter(open).collect();
        if asked.len() < 2 {
            return Ok(());
        }
        let seconds: BTreeSet<i64> = asked.iter().flat_map(|(moment, _)| seconds_around(*moment)).collect();
        let arns = asked.iter().map(|(_, arn)| arn.clone()).collect();
        let all =
            [Filter::Seconds(Column::EventTime, seconds)].into_iter().chain(issuing(Some(arns))).collect();
        let mut found: BTreeMap<i64, Vec<Issuance>> = BTreeMap::new();
        for issuance in self.relations.links(&Filter::All(all)).await? {
            found.entry(issuance.record.time.timestamp()).or_default().push(issuance);
        }
        for (moment, arn) in asked {
            let near = found.range(seconds_around(*moment)).flat_map(|(_, some)| some);
            let own = near.filter(|issuance| may_issue(issuance, arn)).cloned().collect();
            keep(&self.issuances, format!("{:?}", around(*moment, Some(arn))), &settle(own));
        }
        Ok(())
    }

    /// What [`Source::of_key`] would ask for these keys, each about the time at which it was made.
    pub(in crate::inquiry::trace) async fn prepare_keys(
        &self,
        asked: &[(String, DateTime<Utc>)],
    ) -> Result<(), QueryError> {
        // A key that is asked for about two times is left to be asked for by itself.
        let mut times: BTreeMap<&String, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
        for (key, made) in asked {
            times.entry(key).or_default().insert(*made);
        }
        let name = |key: &str, made| format!("{:?}", of_key(key, Some(made)));
        let open: Vec<(&String, DateTime<Utc>)> = (times.into_iter())
            .filter(|(_, made)| made.len() == 1)
            .filter_map(|(key, made)| Some((key, made.first().copied()?)))
            .filter(|(key, made)| kept(&self.credentials, &name(key, *made)).is_none())
            .collect();
        for some in open.chunks(VALUES_MAX).filter(|some| some.len() > 1) {
            let span = |(key, made): &(&String, DateTime<Utc>)| {
                let (from, before) = life(key, Some(*made))?;
                Some(((*key).clone(), (Time(from), Time(before))))
            };
            let filter = Filter::Within(Column::AccessKeyId, some.iter().filter_map(span).collect());
            let mut found: BTreeMap<String, Vec<Credential>> = BTreeMap::new();
            for credential in self.relations.credentials(&filter).await? {
                let key = credential.caller.access_key.clone().unwrap_or_default();
                found.entry(key).or_default().push(credential);
            }
            for (key, made) in some.iter().filter(|(key, made)| life(key, Some(*made)).is_some()) {
                let own = found.remove(*key).unwrap_or_default();
                keep(&self.credentials, name(key, *made), &in_order(own));
            }
        }
        Ok(())
    }
}
