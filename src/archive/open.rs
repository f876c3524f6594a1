//! Opens the objects of a run, wherever they are.

use std::fs::File;
use std::io::{self, Read};

use tokio::runtime::Handle;

use super::s3::{Ahead, Pieces, S3Error};
use super::{Object, Place};

/// Opens the objects of a run; those in S3 are on their way before they are opened.
pub struct Opener<'a> {
    objects: &'a [Object],
    ahead: Ahead<'a>,
}

impl<'a> Opener<'a> {
    /// For a run that so many readers read, each from one place on in order. Requests run on `runtime`; readers are no
    /// part of it, they wait.
    #[must_use]
    pub fn new(objects: &'a [Object], readers: usize, runtime: Handle) -> Self {
        Self { objects, ahead: Ahead::new(objects, readers, runtime) }
    }

    /// Opens the object at a place of the run.
    ///
    /// # Errors
    /// Where it can't be opened. An object in S3 says only when it is read that it can't be.
    pub fn open(&self, index: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        match self.objects.get(index).map(|object| &object.place) {
            Some(Place::File(path)) => Ok(Box::new(File::open(path)?)),
            Some(Place::Stdin) => Ok(Box::new(io::stdin())),
            Some(Place::S3(object)) => Ok(Box::new(Pieces::new(&self.ahead, index, object.size))),
            None => Err(io::Error::other("there is no such object in the run")),
        }
    }

    /// What keeps all further objects from being read, such as credentials that expired: what was read since has to be
    /// read again.
    #[must_use]
    pub fn stopped(&self) -> Option<S3Error> {
        self.ahead.stopped()
    }
}
