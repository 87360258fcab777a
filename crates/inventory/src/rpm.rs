//! rpm's databases, read by `plimsoll-rpmdb`, as records.

use plimsoll_rpmdb::Package;

use crate::record::{Packages, Record};

/// Reads the packages of an rpm database, with the write-ahead log beside it where there is one.
pub fn read(database: &[u8], wal: Option<&[u8]>) -> Packages {
    let mut packages = Packages::default();
    match plimsoll_rpmdb::read(database, wal) {
        Ok(installed) => {
            for package in &installed.packages {
                push(package, &mut packages);
                if packages.is_full() {
                    break;
                }
            }
            for problem in &installed.problems {
                packages.problem(problem.to_string());
            }
        }
        Err(error) => packages.problem(error.to_string()),
    }
    packages
}

fn push(package: &Package, packages: &mut Packages) {
    let version = version(package.epoch, &package.version, &package.release);
    // SOURCERPM has no epoch. Nearly always it is the binary's; without it the comparison with an
    // advisory by source would call an epoch-1 package older than any.
    let source = package
        .source()
        .map(|source| (source.name, self::version(package.epoch, source.version, source.release)));
    packages.push(&Record {
        name: &package.name,
        version: &version,
        arch: package.arch.as_deref(),
        source: source.as_ref().map(|(name, version)| (*name, version.as_str())),
        module: package.modularity_label.as_deref().and_then(stream),
        vendor: package.vendor.as_deref(),
        license: package.license.as_deref(),
        held: false,
        unsettled: None,
    });
}

/// rpm compares an epoch of zero as equal to none; without it, one package has one spelling.
fn version(epoch: Option<u32>, version: &str, release: &str) -> String {
    match epoch {
        None | Some(0) => format!("{version}-{release}"),
        Some(epoch) => format!("{epoch}:{version}-{release}"),
    }
}

/// `name:stream` of `name:stream:version:context`; nothing for packages outside modules.
fn stream(label: &str) -> Option<&str> {
    let (name, rest) = label.split_once(':')?;
    let length = rest.split(':').next().map(str::len).filter(|length| *length > 0)?;
    if name.is_empty() { None } else { label.get(..name.len() + 1 + length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_name_and_stream() {
        assert_eq!(stream("nodejs:18:9020230726:rhel9"), Some("nodejs:18"));
        assert_eq!(stream("nodejs:18"), Some("nodejs:18"));
        for none in ["", "(none)", "nodejs", ":18", "nodejs:", "nodejs::1"] {
            assert_eq!(stream(none), None, "{none}");
        }
    }

    #[test]
    fn an_epoch_of_zero_is_not_spelled() {
        assert_eq!(version(None, "1", "2"), "1-2");
        assert_eq!(version(Some(0), "1", "2"), "1-2");
        assert_eq!(version(Some(4), "1", "2"), "4:1-2");
    }

    #[test]
    fn what_is_no_database_is_a_problem() {
        let packages = read(b"hello", None);
        assert!(packages.is_empty());
        assert_eq!(packages.problems.len(), 1);
    }
}
