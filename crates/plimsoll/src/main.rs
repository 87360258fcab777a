//! The program's entry: everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    plimsoll::run(std::env::args_os())
}
