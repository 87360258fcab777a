//! An image as a stream: what `docker save` writes.

use std::io::Read;
use std::time::Duration;

use super::Client;
use crate::error::Error;
use crate::http::encode;

/// An image that can be asked for, any number of times.
#[derive(Clone, Debug)]
pub struct ImageExport {
    client: Client,
    name: String,
}

/// Both engines write the whole image to their own disk before they send the first byte: a 10 GB
/// image on a slow disk takes minutes.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

impl ImageExport {
    pub(super) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The image's name or id, as it will be asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the engine and streams a docker-archive. Dropping the reader ends the export.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        let path = format!("/images/{}/get", encode(&self.name));
        let body = self
            .client
            .inner
            .get(&path, EXPORT_TIMEOUT)
            .map_err(|error| self.client.no_such_image(&self.name, error))?
            .body;
        Ok(Box::new(ClientBody { body, _client: self.client.clone() }))
    }
}

/// Keeps the client, and with it a private service, for as long as its answer is read.
struct ClientBody<R> {
    body: R,
    _client: Client,
}

impl<R: Read> Read for ClientBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.body.read(buffer)
    }
}
