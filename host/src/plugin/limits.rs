//! The memory limit of one hook call, summed over all memories and tables of the component.
//!
//! wasmtime's own limiter counts each memory alone, and components of interpreted languages have
//! several.

use wasmtime::ResourceLimiter;

/// Bytes that one table element takes on the host.
const TABLE_ELEMENT: u64 = 16;
/// Core instances, tables and memories of one component. Python's has a few dozen.
const PARTS: usize = 1_000;

/// Counts and limits what a guest allocates.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: u64,
    used: u64,
    peak: u64,
    refused: Option<Refused>,
}

/// An allocation that the limit did not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// Bytes in use when it was asked for.
    pub used: u64,
    /// Bytes asked for beyond those.
    pub wanted: u64,
}

impl Limiter {
    /// Nothing used of `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: 0, peak: 0, refused: None }
    }

    /// The most bytes in use at one time.
    pub(super) fn peak(&self) -> u64 {
        self.peak
    }

    /// The last allocation that was refused. The guest may have gone on without it.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.refused
    }

    fn grow(&mut self, current: u64, desired: u64) -> bool {
        let wanted = desired.saturating_sub(current);
        let used = self.used.saturating_add(wanted);
        if used > self.limit {
            self.refused = Some(Refused { used: self.used, wanted });
            return false;
        }
        self.used = used;
        self.peak = self.peak.max(used);
        true
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64, desired as u64))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(
            (current as u64).saturating_mul(TABLE_ELEMENT),
            (desired as u64).saturating_mul(TABLE_ELEMENT),
        ))
    }

    fn instances(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }

    fn memories(&self) -> usize {
        PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_count_together() {
        let mut limiter = Limiter::new(1_000);
        assert!(limiter.memory_growing(0, 400, None).unwrap());
        assert!(limiter.memory_growing(0, 400, None).unwrap());
        assert!(!limiter.memory_growing(400, 700, None).unwrap());
        assert_eq!(limiter.refused(), Some(Refused { used: 800, wanted: 300 }));
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert!(!limiter.table_growing(10, usize::MAX, None).unwrap());
        assert_eq!(limiter.peak(), 960);
    }
}
