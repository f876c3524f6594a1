//! The stores that a node of a cluster reads lakes from: its own folders, and S3 as it is configured there.
//!
//! What a node can't read it says with its own name and what could be done: the one who asked sits at another machine, where
//! the same path may well be there.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::object_store::ObjectStoreRegistry;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use url::Url;

use super::RUN_PREFIX;
use super::folder::FolderFiles;
use super::s3::S3Files;
use crate::archive::s3::{Bucket, Store};

/// The stores of a node.
pub struct NodeStores {
    /// How the node calls itself, as `executor 192.0.2.7:50051`.
    node: Arc<str>,
    folders: Arc<dyn ObjectStore>,
    /// None for a node that reads no file.
    s3: Option<Store>,
    buckets: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>,
}

impl NodeStores {
    /// The stores of a node that calls itself so, and asks S3 so; None for one that only handles plans.
    #[must_use]
    pub fn new(node: &str, s3: Option<Store>) -> Self {
        let node: Arc<str> = node.into();
        let folders = NodeStore { node: Arc::clone(&node), inner: Arc::new(FolderFiles::new()) };
        Self { node, folders: Arc::new(folders), s3, buckets: Mutex::default() }
    }
}

impl fmt::Debug for NodeStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeStores").field("node", &self.node).finish_non_exhaustive()
    }
}

impl ObjectStoreRegistry for NodeStores {
    /// A node decides itself what it reads from; what a plan brings along is left aside.
    fn register_store(&self, _: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        drop(store);
        None
    }

    fn get_store(&self, url: &Url) -> EngineResult<Arc<dyn ObjectStore>> {
        match (url.scheme(), url.host_str()) {
            ("file", _) => Ok(Arc::clone(&self.folders)),
            ("s3", Some(bucket)) => {
                let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
                let store = buckets.entry(bucket.to_owned()).or_insert_with(|| {
                    let inner: Arc<dyn ObjectStore> = match &self.s3 {
                        Some(s3) => Arc::new(S3Files::new(Bucket::new(bucket, s3))),
                        None => Arc::new(InMemory::new()),
                    };
                    Arc::new(NodeStore { node: Arc::clone(&self.node), inner })
                });
                Ok(Arc::clone(store))
            }
            _ => Err(DataFusionError::Execution(format!("{} has no store for `{url}`", self.node))),
        }
    }
}

/// A store whose errors say which node met them.
#[derive(Debug)]
struct NodeStore {
    node: Arc<str>,
    inner: Arc<dyn ObjectStore>,
}

impl NodeStore {
    fn told(&self, error: Error) -> Error {
        told(&self.node, &self.inner.to_string(), error)
    }
}

/// An error with the node that met it. Other kinds than a missing file keep their own words.
fn told(node: &str, store: &str, error: Error) -> Error {
    let text = match error {
        Error::NotFound { path, .. } => {
            let path = if store.starts_with("s3://") {
                format!("{store}/{path}")
            } else {
                format!("/{}", path.trim_start_matches('/'))
            };
            let what = if path.contains(RUN_PREFIX) { "a scratch place" } else { "a lake" };
            format!(
                "{node} cannot read `{path}`: there is no such file on its machine\n\
                 hint: {what} of a cluster is in S3, or in a folder that all executors see under the same path"
            )
        }
        other => format!("{node} cannot read the lake: {other}"),
    };
    Error::Generic { store: "lake", source: text.into() }
}

impl fmt::Display for NodeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for NodeStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        // Who writes says by itself who it is, and where to.
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await.map_err(|error| self.told(error))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await.map_err(|error| self.told(error))
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(location, ranges).await.map_err(|error| self.told(error))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (node, store) = (Arc::clone(&self.node), self.inner.to_string());
        self.inner.list(prefix).map(move |found| found.map_err(|error| told(&node, &store, error))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await.map_err(|error| self.told(error))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await.map_err(|error| self.told(error))
    }
}
