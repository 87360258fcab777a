//! OpenPGP signatures of distribution archives: which keys may sign, and whether one did.

mod armor;
pub(crate) mod assess;
pub(crate) mod clearsign;
pub(crate) mod keyring;
pub(crate) mod keys;
pub(crate) mod verify;
