//! Version order of every ecosystem: comparison without allocation, and sort keys.
