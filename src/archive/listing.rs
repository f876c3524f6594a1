//! The objects of all sources, handed on while the listing goes on.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Shard;
use super::list::{ListError, Object, Unlisted};

/// A part of a listing: objects in the order in which they are read, and what was found beside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Objects that may hold records.
    pub objects: Vec<Object>,
    /// By name: what is not read. A name that ends with a slash is a folder that was not looked into.
    pub unlisted: BTreeMap<String, Unlisted>,
}

/// The parts of a listing, as they come.
#[derive(Debug)]
pub struct Listing {
    ready: VecDeque<Listed>,
    coming: Option<mpsc::Receiver<Result<Listed, ListError>>>,
    lister: Option<AbortHandle>,
    shard: Option<Shard>,
}

impl Listing {
    /// What is known already, and then what a task finds.
    pub(super) fn with_task(
        ready: Listed,
        coming: mpsc::Receiver<Result<Listed, ListError>>,
        lister: AbortHandle,
    ) -> Self {
        Self { ready: VecDeque::from([ready]), coming: Some(coming), lister: Some(lister), shard: None }
    }

    /// Only what is in a shard; None for all.
    #[must_use]
    pub fn within(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// The next part; None at the end.
    ///
    /// # Errors
    /// Where listing failed; the parts before hold what was found till then.
    pub async fn next(&mut self) -> Result<Option<Listed>, ListError> {
        let mut part = match (self.ready.pop_front(), &mut self.coming) {
            (Some(ready), _) => Some(ready),
            (None, Some(coming)) => coming.recv().await.transpose()?,
            (None, None) => None,
        };
        if let (Some(part), Some(shard)) = (&mut part, self.shard) {
            part.objects.retain(|object| shard.has(&object.name));
            part.unlisted.retain(|name, _| shard.has(name));
        }
        Ok(part)
    }

    /// All parts in one.
    ///
    /// # Errors
    /// Where listing failed.
    pub async fn all(mut self) -> Result<Listed, ListError> {
        let mut all = Listed::default();
        while let Some(mut part) = self.next().await? {
            all.objects.append(&mut part.objects);
            all.unlisted.append(&mut part.unlisted);
        }
        Ok(all)
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        if let Some(lister) = &self.lister {
            lister.abort();
        }
    }
}

impl From<Listed> for Listing {
    fn from(listed: Listed) -> Self {
        Self { ready: VecDeque::from([listed]), coming: None, lister: None, shard: None }
    }
}

impl From<(Vec<Object>, BTreeMap<String, Unlisted>)> for Listing {
    fn from((objects, unlisted): (Vec<Object>, BTreeMap<String, Unlisted>)) -> Self {
        Listed { objects, unlisted }.into()
    }
}
