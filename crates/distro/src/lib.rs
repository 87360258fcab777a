//! Distribution archives: signatures, candidates; judges bytes, fetches nothing.
