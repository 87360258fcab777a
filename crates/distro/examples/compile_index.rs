//! Time and memory of compiling an index, beside those of only unpacking it.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]
use std::io::Read;
use std::time::Instant;

use plimsoll_distro::CompiledIndex;
use plimsoll_unpack::{Decoder, Limits};

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned()
}

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let bytes = std::fs::read(path).unwrap();
    for _ in 0..5 {
        let start = Instant::now();
        let mut decoder = Decoder::buffered(bytes.as_slice(), &Limits::default()).unwrap();
        let mut buffer = vec![0; 256 << 10];
        let mut total = 0;
        loop {
            let n = decoder.read(&mut buffer).unwrap();
            if n == 0 { break; }
            total += n;
        }
        let inflate = start.elapsed();
        println!("{total} {inflate:?} {}", peak());
        let start = Instant::now();
        let decoder = Decoder::buffered(bytes.as_slice(), &Limits::default()).unwrap();
        let compiled = CompiledIndex::of(decoder).unwrap();
        let built = start.elapsed();
        let mut out = std::fs::File::create("/tmp/index.out").unwrap();
        let mut writer = std::io::BufWriter::new(&mut out);
        compiled.write_to(&mut writer).unwrap();
        drop(writer);
        let written = start.elapsed();
        println!("{} packages built {built:?} written {written:?} ratio {:.3} {} size {}", compiled.packages(), written.as_secs_f64() / inflate.as_secs_f64(), peak(), out.metadata().unwrap().len());
    }
}
