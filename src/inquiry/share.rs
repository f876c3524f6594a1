//! Folds of a lake in shares, on the machines of a cluster: the client says what is folded, each machine folds a share of the
//! lake's files as it would fold a lake of its own, and the client puts together what they came to.
//!
//! The policies travel once to each task. What issued the sessions of a share, and the other copies of its requests, are read
//! where the share is, from the whole lake.

use std::sync::Arc;

use async_trait::async_trait;
use borsh::{BorshDeserialize, BorshSerialize};

use super::Window;
use super::replay::{Question, folded};
use super::unused::{self, first, second};
use crate::lake::{Folds, Session, Shared};
use crate::pack::{pack, unpack};
use crate::query::lineage::{self, FOLDED_FOR_LINEAGE};
use crate::query::{self, Filter, QueryError};
use crate::replay::State;
use crate::snapshot::Snapshot;
use crate::unused::{Assumed, CensusState, Plan, Subjects, Tallies, Wanted, WantedEvents};

/// The ways in which shares are folded, by their names.
const REPLAY: &str = "replay";
const FIRST: &str = "unused, first look";
const SECOND: &str = "unused, second look";

/// Who folds shares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shares;

/// A replay, as it travels.
#[derive(BorshSerialize, BorshDeserialize)]
struct ToReplay {
    snapshot: Snapshot,
    proposed: Option<Snapshot>,
    filter: Filter,
    action: Option<String>,
}

/// What is looked at for `unused`, as it travels.
#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct ToLook {
    pub(super) snapshot: Snapshot,
    pub(super) wanted: Wanted,
    /// Whether single requests are kept.
    pub(super) requests: bool,
    pub(super) events_at_once: u64,
}

/// What a first look at a share came to.
pub(super) type Looked = (CensusState, Tallies, std::collections::BTreeMap<usize, Assumed>);

impl Shares {
    async fn replay(share: &Shared, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let ToReplay { snapshot, proposed, filter, action } = unpack(body)?;
        let question = Question {
            window: Window { from: share.from, to: share.to },
            filter,
            action,
            snapshot: Arc::new(snapshot),
            proposed: proposed.map(Arc::new),
        };
        let replayer = folded(&share.own, &share.whole, &question, None).await?;
        Ok(pack(&replayer.state())?)
    }

    async fn first(share: &Shared, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (plan, look) = looked_at(unpack(body)?)?;
        let window = Window { from: share.from, to: share.to };
        let first = first((&share.own, &share.whole), window, look, &plan).await?;
        let looked: Looked = (first.census.state(), first.detail.tallies(), first.assumptions.by_role());
        Ok(pack(&looked)?)
    }

    async fn second(share: &Shared, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (look, events): (ToLook, WantedEvents) = unpack(body)?;
        let (plan, look) = looked_at(look)?;
        let window = Window { from: share.from, to: share.to };
        let detail = second((&share.own, &share.whole), window, look, (&plan, &Arc::new(events))).await?;
        Ok(pack(&detail.tallies())?)
    }
}

/// What is counted, and how many events at once.
fn looked_at(look: ToLook) -> Result<(Arc<Plan>, u64), unused::UnusedError> {
    let snapshot = Arc::new(look.snapshot);
    let subjects = Arc::new(Subjects::of(&snapshot, &look.wanted)?);
    Ok((Arc::new(Plan::new(snapshot, subjects, Arc::default(), look.requests)), look.events_at_once))
}

#[async_trait]
impl Folds for Shares {
    async fn fold(&self, share: &Shared, what: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        match what {
            REPLAY => Self::replay(share, body).await,
            FIRST => Self::first(share, body).await,
            SECOND => Self::second(share, body).await,
            FOLDED_FOR_LINEAGE => Ok(lineage::folded(&share.own).await?),
            other => anyhow::bail!("no way to fold is named `{other}`"),
        }
    }
}

/// Has a replay done elsewhere; nothing comes where the lake is read here.
pub(super) async fn replayed(ctx: &Session, question: &Question) -> Result<Vec<State>, QueryError> {
    let body = ToReplay {
        snapshot: (*question.snapshot).clone(),
        proposed: question.proposed.as_deref().cloned(),
        filter: question.filter.clone(),
        action: question.action.clone(),
    };
    query::fold_elsewhere(ctx, REPLAY, question.window.ends(), &body).await
}

/// Has the first look taken elsewhere.
pub(super) async fn looked(ctx: &Session, window: Window, look: &ToLook) -> Result<Vec<Looked>, QueryError> {
    query::fold_elsewhere(ctx, FIRST, window.ends(), look).await
}

/// Has the second look taken elsewhere.
pub(super) async fn looked_again(
    ctx: &Session,
    window: Window,
    look: (&ToLook, &WantedEvents),
) -> Result<Vec<Tallies>, QueryError> {
    query::fold_elsewhere(ctx, SECOND, window.ends(), &look).await
}

#[cfg(test)]
#[cfg(feature = "cluster")]
mod tests;
