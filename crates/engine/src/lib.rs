//! Docker and Podman: images, containers; a read-only client type.
