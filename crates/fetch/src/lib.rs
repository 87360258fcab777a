//! HTTP for all: retries, conditional requests, proxies, private CAs, size limits, the address policy.
