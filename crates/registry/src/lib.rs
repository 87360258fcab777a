//! OCI distribution client: authentication, pull, mirrors.
