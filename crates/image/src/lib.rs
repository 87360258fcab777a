//! One view of an image from any source: configuration and ordered layer streams.
