//! Writes one log object: a gzip of `{"Records":[…]}`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// An object that is being written.
pub(crate) struct ObjectFile {
    gz: GzEncoder<BufWriter<File>>,
    path: PathBuf,
    records: u64,
    raw_bytes: u64,
}

impl ObjectFile {
    /// Creates the file and its folders.
    pub(crate) fn create(dir: &Path, key: &str) -> io::Result<Self> {
        let path = dir.join(key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        }
        let file = File::create(&path).map_err(|error| at(&path, &error))?;
        let mut object = Self {
            gz: GzEncoder::new(BufWriter::new(file), Compression::new(6)),
            path,
            records: 0,
            raw_bytes: 0,
        };
        object.put(b"{\"Records\":[")?;
        Ok(object)
    }

    /// Adds a record.
    pub(crate) fn record(&mut self, json: &str) -> io::Result<()> {
        if self.records > 0 {
            self.put(b",")?;
        }
        self.records += 1;
        self.put(json.as_bytes())
    }

    /// Ends the file: how many bytes of JSON and of gzip it has.
    pub(crate) fn finish(mut self) -> io::Result<(u64, u64)> {
        self.put(b"]}")?;
        let path = self.path;
        let file =
            self.gz.finish().and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error));
        let length = file.and_then(|file| file.metadata()).map_err(|error| at(&path, &error))?.len();
        Ok((self.raw_bytes, length))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.raw_bytes += bytes.len() as u64;
        self.gz.write_all(bytes).map_err(|error| at(&self.path, &error))
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write `{}`: {error}", path.display()))
}
