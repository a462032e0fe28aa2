//! Deflates blocks so that large files can be compressed on all processors.
//!
//! As pigz does it: a file is cut into blocks of a fixed size, each compressed by itself with the last
//! 32 KiB before it as its dictionary and, but for the last, ended at a byte boundary. Joined they are
//! one deflate stream, the same whatever the number of threads, and under one percent larger than if
//! compressed in one go.

use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress, Status};

/// Bytes per block: large enough that cutting costs little, small enough that a 5 MB program keeps
/// several processors busy.
pub(super) const BLOCK: usize = 512 * 1024;

/// How far back deflate can refer, in bytes.
pub(super) const WINDOW: usize = 32 * 1024;

thread_local! {
    // A compressor is 300 KB of tables: worth keeping when thousands of small files come by.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(6), false));
}

/// Compresses one block. `before` is what comes before it in the file, at most [`WINDOW`] bytes.
pub(super) fn block(before: &[u8], input: &[u8], last: bool) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        if !before.is_empty() {
            compressor
                .set_dictionary(before)
                .expect("a raw stream takes a dictionary at its start");
        }
        let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
        let mut output = Vec::with_capacity(input.len() / 2 + 1024);
        loop {
            let done = usize::try_from(compressor.total_in()).expect("a block fits in memory");
            let status = compressor
                .compress_vec(&input[done..], &mut output, flush)
                .expect("a compressor cannot fail on any input");
            // A flush is complete when it left room unused.
            let flushed = !last && output.len() < output.capacity();
            if status == Status::StreamEnd || flushed {
                return output;
            }
            output.reserve(output.capacity().max(1024));
        }
    })
}
