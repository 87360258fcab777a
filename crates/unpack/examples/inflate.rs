//! How fast layers are read: `cargo run --release -p plimsoll-unpack --example inflate -- FILE…`
//!
//! For each compressed tar, wall and CPU time and MB/s of uncompressed bytes: inflating alone;
//! inflating and hashing both sides on one thread; the same with the uncompressed side hashed on a
//! second thread; and `read_layer`, which walks the tar as well. The best of several runs counts.

#![expect(clippy::print_stdout, reason = "an example prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use plimsoll_unpack::{Algorithm, Decoder, Expected, Hasher, HashingReader, Limits, read_layer};

/// One way to read a file; returns how many bytes came out.
type Way = (&'static str, Run);
type Run = fn(&str) -> Result<u64, Box<dyn Error>>;

const WAYS: [Way; 5] = [
    ("inflate by zlib-rs", zlib_rs),
    ("inflate", inflate),
    ("inflate + hash, one thread", inflate_and_hash),
    ("inflate + hash, two threads", threads),
    ("read_layer", pipeline),
];

const RUNS: usize = 5;
const BUFFER_BYTES: usize = 256 << 10;

/// As many layers are read at once where several are.
const WORKERS: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    for path in &paths {
        println!("{path}");
        measure(|run| run(path).map_err(|error| error.to_string()))?;
    }
    if paths.len() > 1 {
        println!("all of them, {WORKERS} at a time");
        measure(|run| all(&paths, run))?;
    }
    Ok(())
}

fn measure(read: impl Fn(Run) -> Result<u64, String>) -> Result<(), Box<dyn Error>> {
    let mut best = [(f64::MAX, f64::MAX); WAYS.len()];
    let mut bytes = 0;
    // In turns, so that a busy machine disturbs all of them alike.
    for _ in 0..RUNS {
        for ((_, run), (best_wall, best_cpu)) in WAYS.iter().zip(&mut best) {
            let (start, cpu) = (Instant::now(), cpu_seconds()?);
            bytes = read(*run)?;
            *best_wall = best_wall.min(start.elapsed().as_secs_f64());
            *best_cpu = best_cpu.min(cpu_seconds()? - cpu);
        }
    }
    for ((name, _), (wall, cpu)) in WAYS.iter().zip(best) {
        let rate = bytes as f64 / wall / 1e6;
        println!("  {name:28} {:5.0} ms, CPU {:5.0} ms, {rate:5.0} MB/s", wall * 1e3, cpu * 1e3);
    }
    Ok(())
}

fn all(paths: &[String], run: Run) -> Result<u64, String> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            let mut bytes = 0;
            while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                bytes += run(path).map_err(|error| error.to_string())?;
            }
            Ok(bytes)
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
            .sum()
    })
}

/// CPU time of this process, all threads, in steps of 10 ms.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, std::num::ParseIntError>>()?;
    Ok(ticks as f64 / 100.0)
}

fn zlib_rs(path: &str) -> Result<u64, Box<dyn Error>> {
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    drain(flate2::bufread::MultiGzDecoder::new(file))
}

fn inflate(path: &str) -> Result<u64, Box<dyn Error>> {
    drain(Decoder::buffered(File::open(path)?, &Limits::default())?)
}

fn drain(mut reader: impl Read) -> Result<u64, Box<dyn Error>> {
    let (mut buffer, mut total) = (vec![0; BUFFER_BYTES], 0);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(total),
            n => total += n as u64,
        }
    }
}

fn inflate_and_hash(path: &str) -> Result<u64, Box<dyn Error>> {
    let compressed = HashingReader::new(File::open(path)?, Algorithm::Sha256);
    let mut plain =
        HashingReader::new(Decoder::buffered(compressed, &Limits::default())?, Algorithm::Sha256);
    let mut buffer = vec![0; BUFFER_BYTES];
    while plain.read(&mut buffer)? > 0 {}
    Ok(plain.finish().1)
}

fn threads(path: &str) -> Result<u64, Box<dyn Error>> {
    let compressed = HashingReader::new(File::open(path)?, Algorithm::Sha256);
    let mut decoder = Decoder::buffered(compressed, &Limits::default())?;
    let (filled, chunks) = std::sync::mpsc::sync_channel::<(Vec<u8>, usize)>(2);
    let (spent, empty) = std::sync::mpsc::sync_channel(4);
    for _ in 0..4 {
        spent.send(vec![0; BUFFER_BYTES])?;
    }
    std::thread::scope(|scope| {
        let hash = scope.spawn(move || {
            let (mut hasher, mut total) = (Hasher::new(Algorithm::Sha256), 0);
            for (buffer, length) in chunks {
                hasher.update(&buffer[..length]);
                total += length as u64;
                // The filler is gone at the end.
                let _ = spent.send(buffer);
            }
            hasher.finish();
            total
        });
        loop {
            let mut buffer = empty.recv()?;
            let mut length = 0;
            while length < buffer.len() {
                match decoder.read(&mut buffer[length..])? {
                    0 => break,
                    n => length += n,
                }
            }
            if length == 0 {
                break;
            }
            filled.send((buffer, length))?;
        }
        drop(filled);
        hash.join().map_err(|_| "the hashing thread panicked".into())
    })
}

fn pipeline(path: &str) -> Result<u64, Box<dyn Error>> {
    let layer =
        read_layer(File::open(path)?, &Expected::default(), &Limits::default(), |_| Ok(()))?;
    Ok(layer.size)
}
