//! The objects of all sources, handed on while the listing goes on.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Shard;
use super::list::{ListError, Object, Unlisted};
use super::s3::Search;

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
    /// What a task lists once the first part is asked for: then it is known which shard is wanted.
    search: Option<Box<Search>>,
    coming: Option<mpsc::Receiver<Result<Listed, ListError>>>,
    lister: Option<AbortHandle>,
    shard: Option<Shard>,
    misses_some: bool,
}

impl Listing {
    /// What is known already, and then what is found.
    pub(super) fn with_search(ready: Listed, search: Search) -> Self {
        let search = Some(Box::new(search));
        Self {
            ready: VecDeque::from([ready]),
            search,
            coming: None,
            lister: None,
            shard: None,
            misses_some: false,
        }
    }

    /// Only what is in a shard; None for all. Said before the first part is asked for, nothing else is held.
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
        if let Some(search) = self.search.take() {
            let (coming, lister) = search.start(self.shard);
            (self.coming, self.lister) = (Some(coming), Some(lister));
        }
        let mut part = match (self.ready.pop_front(), &mut self.coming) {
            (Some(ready), _) => Some(ready),
            (None, Some(coming)) => coming.recv().await.transpose()?,
            (None, None) => None,
        };
        let missed = |part: &Listed| part.unlisted.values().any(|why| matches!(why, Unlisted::Unreadable(_)));
        self.misses_some |= part.as_ref().is_some_and(missed);
        if let (Some(part), Some(shard)) = (&mut part, self.shard) {
            part.objects.retain(|object| shard.has(&object.name));
            part.unlisted.retain(|name, _| shard.has(name));
        }
        Ok(part)
    }

    /// Whether something could not be listed or opened so far: objects of any shard may be in it.
    #[must_use]
    pub fn misses_some(&self) -> bool {
        self.misses_some
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
        Self {
            ready: VecDeque::from([listed]),
            search: None,
            coming: None,
            lister: None,
            shard: None,
            misses_some: false,
        }
    }
}

impl From<(Vec<Object>, BTreeMap<String, Unlisted>)> for Listing {
    fn from((objects, unlisted): (Vec<Object>, BTreeMap<String, Unlisted>)) -> Self {
        Listed { objects, unlisted }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_can_t_be_listed_is_refused_in_one_shard_and_missed_in_each() {
        let unlisted = BTreeMap::from([("/logs/a/".to_owned(), Unlisted::Unreadable("denied".to_owned()))]);
        let mut refused = 0;
        for shard in ["1/3", "2/3", "3/3"] {
            let mut listing = Listing::from((Vec::new(), unlisted.clone())).within(shard.parse().ok());
            refused += listing.next().await.unwrap().unwrap().unlisted.len();
            assert!(listing.misses_some(), "{shard}");
        }
        assert_eq!(refused, 1);
    }
}
