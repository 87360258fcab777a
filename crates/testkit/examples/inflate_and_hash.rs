//! The least that any scanner has to do: inflate every layer of an OCI layout and digest both sides.
//!
//! `cargo xtask bench` compares a cold scan with this: the same crates, the same threads (per layer
//! one that reads and digests, one that inflates, one that digests; as many layers at once as there
//! are processors), but no tar, no analysers, no cache.

#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use plimsoll_unpack::{Algorithm, Checksum, Decoder, Hasher, Limits};

/// As in plimsoll-unpack's pipeline.
const BUFFER_BYTES: usize = 256 << 10;
const BUFFERS: usize = 4;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let layout = PathBuf::from(std::env::args().nth(1).ok_or("usage: inflate_and_hash LAYOUT")?);
    let layers = Mutex::new(layers(&layout)?);
    let next = || layers.lock().ok()?.pop();
    let workers = thread::available_parallelism()?.get();
    let bytes = thread::scope(|scope| {
        let work = || -> Result<u64, Failure> {
            let mut bytes = 0;
            while let Some(path) = next() {
                bytes += read(&path)?;
            }
            Ok(bytes)
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let results =
            workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker panicked")?);
        results.sum::<Result<u64, Failure>>()
    })?;
    println!("{bytes} bytes");
    Ok(())
}

/// The layers of the first image of a layout, last one first.
fn layers(layout: &Path) -> Result<Vec<PathBuf>, Failure> {
    let json = |path: PathBuf| -> Result<serde_json::Value, Failure> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    };
    let blob = |descriptor: &serde_json::Value| {
        let digest = descriptor["digest"].as_str().unwrap_or_default();
        layout.join("blobs").join(digest.replace(':', "/"))
    };
    let index = json(layout.join("index.json"))?;
    let manifest = json(blob(&index["manifests"][0]))?;
    let layers = manifest["layers"].as_array().ok_or("no layers")?;
    Ok(layers.iter().rev().map(blob).collect())
}

/// One layer on three threads.
fn read(path: &Path) -> Result<u64, Failure> {
    let mut file = File::open(path)?;
    let (compressed_in, compressed) = link();
    let (plain_in, plain) = link();
    thread::scope(|scope| {
        let source = scope
            .spawn(move || fill(&mut file, &compressed_in, Some(Hasher::new(Algorithm::Sha256))));
        let inflate = scope.spawn(move || -> Result<(), Failure> {
            let mut decoder = Decoder::new(
                BufReader::with_capacity(BUFFER_BYTES, compressed),
                &Limits::default(),
            )?;
            fill(&mut decoder, &plain_in, None).map(drop)
        });
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut bytes = 0;
        while let Ok((buffer, length)) = plain.full.recv() {
            hasher.update(&buffer[..length]);
            bytes += length as u64;
            let _ = plain.empty.try_send(buffer);
        }
        source.join().map_err(|_| "the reading thread panicked")??;
        inflate.join().map_err(|_| "the inflating thread panicked")??;
        std::hint::black_box(hasher.finish());
        Ok(bytes)
    })
}

struct Producer {
    full: SyncSender<(Vec<u8>, usize)>,
    empty: Receiver<Vec<u8>>,
}

struct Consumer {
    full: Receiver<(Vec<u8>, usize)>,
    empty: SyncSender<Vec<u8>>,
    current: (Vec<u8>, usize),
    position: usize,
}

fn link() -> (Producer, Consumer) {
    let (full_in, full_out) = sync_channel(BUFFERS);
    let (empty_in, empty_out) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        let _ = empty_in.try_send(vec![0; BUFFER_BYTES]);
    }
    let producer = Producer { full: full_in, empty: empty_out };
    (producer, Consumer { full: full_out, empty: empty_in, current: (Vec::new(), 0), position: 0 })
}

/// Reads to the end into the link's buffers, and digests what it reads.
fn fill(
    reader: &mut impl Read,
    link: &Producer,
    mut hasher: Option<Hasher>,
) -> Result<Option<Checksum>, Failure> {
    loop {
        let mut buffer = link.empty.recv()?;
        let mut length = 0;
        while length < buffer.len() {
            match reader.read(&mut buffer[length..])? {
                0 => break,
                read => length += read,
            }
        }
        if length == 0 {
            return Ok(hasher.map(Hasher::finish));
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&buffer[..length]);
        }
        link.full.send((buffer, length))?;
    }
}

impl Read for Consumer {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.position == self.current.1 {
            let spent = std::mem::take(&mut self.current.0);
            if !spent.is_empty() {
                let _ = self.empty.try_send(spent);
            }
            let Ok(next) = self.full.recv() else { return Ok(0) };
            (self.current, self.position) = (next, 0);
        }
        let available = &self.current.0[self.position..self.current.1];
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.position += length;
        Ok(length)
    }
}
