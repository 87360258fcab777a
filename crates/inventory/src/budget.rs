//! The memory that readers share: `--memory`.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Memory to read layers with. Whoever reads a layer waits here until the layer's share is free.
#[derive(Debug)]
pub struct Budget {
    total: u64,
    free: Mutex<u64>,
    freed: Condvar,
    /// Held by the one rpm database that is in memory although it is larger than a share.
    large: Mutex<()>,
}

/// Borrowed memory; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// What `--memory` is where it is not given.
    pub const DEFAULT: u64 = 192 << 20;

    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self { total: bytes, free: Mutex::new(bytes), freed: Condvar::new(), large: Mutex::new(()) }
    }

    /// Waits until so much is free. A share larger than the budget is the whole budget: one layer
    /// can always be read. No thread may hold two shares, or two threads could wait for each other.
    pub(crate) fn share(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(self.total);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free < bytes)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        Share { budget: self, bytes }
    }

    /// Waits until no other large database is in memory. Nobody who holds this waits for a share.
    pub(crate) fn large(&self) -> MutexGuard<'_, ()> {
        self.large.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn shares_never_exceed_the_budget() {
        let budget = Budget::new(10);
        let used = AtomicU64::new(0);
        let most = AtomicU64::new(0);
        thread::scope(|scope| {
            for index in 0..8 {
                let (budget, used, most) = (&budget, &used, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let bytes = index % 4 + 1;
                        let share = budget.share(bytes);
                        let now = used.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        used.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 10);
        assert_eq!(*budget.free.lock().unwrap(), 10);
    }

    #[test]
    fn a_share_beyond_the_budget_is_all_of_it() {
        let budget = Budget::new(10);
        let share = budget.share(1000);
        assert_eq!(*budget.free.lock().unwrap(), 0);
        drop(share);
        assert_eq!(*budget.free.lock().unwrap(), 10);
    }
}
