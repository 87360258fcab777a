//! The tags this crate reads, by rpm's numbers.

use std::fmt;

/// What an entry of a header is about. Any number may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// `NAME`
    pub const NAME: Self = Self(1000);
    /// `VERSION`
    pub const VERSION: Self = Self(1001);
    /// `RELEASE`
    pub const RELEASE: Self = Self(1002);
    /// `EPOCH`
    pub const EPOCH: Self = Self(1003);
    /// `INSTALLTIME`: seconds since 1970.
    pub const INSTALL_TIME: Self = Self(1008);
    /// `SIZE`: bytes of the installed files, where they fit 32 bits.
    pub const SIZE: Self = Self(1009);
    /// `VENDOR`
    pub const VENDOR: Self = Self(1011);
    /// `LICENSE`
    pub const LICENSE: Self = Self(1014);
    /// `ARCH`
    pub const ARCH: Self = Self(1022);
    /// `SOURCERPM`: the file name of the source package.
    pub const SOURCE_RPM: Self = Self(1044);
    /// `LONGSIZE`: bytes of the installed files, where they do not fit 32 bits.
    pub const LONG_SIZE: Self = Self(5009);
    /// `MODULARITYLABEL`: `name:stream:version:context` of the module it was built in.
    pub const MODULARITY_LABEL: Self = Self(5096);

    /// `HEADERIMAGE`, `HEADERSIGNATURES`, `HEADERIMMUTABLE`: an entry that spans others.
    pub(super) fn is_region(self) -> bool {
        (61..64).contains(&self.0)
    }

    /// Below `HEADERI18NTABLE`, where no data tag may be.
    pub(super) fn is_reserved(self) -> bool {
        self.0 < 100
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::NAME => "name",
            Self::VERSION => "version",
            Self::RELEASE => "release",
            Self::EPOCH => "epoch",
            Self::INSTALL_TIME => "install time",
            Self::SIZE => "size",
            Self::VENDOR => "vendor",
            Self::LICENSE => "license",
            Self::ARCH => "arch",
            Self::SOURCE_RPM => "source rpm",
            Self::LONG_SIZE => "long size",
            Self::MODULARITY_LABEL => "modularity label",
            Self(number) => return write!(f, "tag {number}"),
        };
        f.write_str(name)
    }
}
