//! Writes zip archives of entries that are compressed already.
//!
//! Only what a package needs of PKWARE's APPNOTE 6.3: stored and deflated entries, Unix modes, one fixed
//! time, and zip64 for more than 65,535 entries (4.3.14, 4.3.15). No extra fields, no encryption, no
//! directories. The sizes of an entry stay below 4 GiB: Lambda's limit is 250 MiB for all together.

use std::io::{self, Seek, SeekFrom, Write};

/// 1980-01-01 in DOS form, the earliest date that a zip can hold (4.4.6); the time is 0.
const DATE: u16 = 1 << 5 | 1;
/// Made by Unix (3), so that modes count (4.4.2).
const MADE_BY_UNIX: u16 = 3 << 8;
/// Version 2.0 reads deflate, 4.5 reads zip64 (4.4.3).
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// Bit 11: the name is UTF-8 (4.4.4).
const UTF8: u16 = 1 << 11;
/// `S_IFREG`.
const REGULAR_FILE: u32 = 0o100_000;

/// How an entry is compressed (4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored = 0,
    Deflated = 8,
}

/// True when a file that begins with `magic` can be a zip archive with something in it.
pub(super) fn is_zip(magic: &[u8]) -> bool {
    magic == b"PK\x03\x04"
}

/// Writes one archive.
pub(super) struct Writer<W> {
    out: W,
    /// Where the next byte goes.
    offset: u64,
    directory: Vec<u8>,
    entries: u64,
    open: Option<Open>,
}

/// The entry that is being written.
struct Open {
    header_at: u64,
    data_at: u64,
    name: String,
    mode: u32,
    method: Method,
}

impl<W: Write + Seek> Writer<W> {
    /// An empty archive at the start of `out`.
    pub(super) fn new(out: W) -> Self {
        Self { out, offset: 0, directory: Vec::new(), entries: 0, open: None }
    }

    /// Begins an entry, of which checksum and sizes are not known yet.
    pub(super) fn begin(&mut self, name: &str, mode: u32, method: Method) -> io::Result<()> {
        let open = Open {
            header_at: self.offset,
            data_at: self.offset + 30 + name.len() as u64,
            name: name.to_owned(),
            mode,
            method,
        };
        self.write(&local_header(&open, 0, 0, 0)?)?;
        self.open = Some(open);
        Ok(())
    }

    /// Writes compressed data, or all of it when the entry is stored.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.out.write_all(data)?;
        self.offset += data.len() as u64;
        Ok(())
    }

    /// Ends an entry of `size` bytes before compression.
    pub(super) fn end(&mut self, crc: u32, size: u64) -> io::Result<()> {
        let open = self.open.take().expect("an entry was begun");
        let compressed = narrow(self.offset - open.data_at)?;
        let size = narrow(size)?;
        self.out.seek(SeekFrom::Start(open.header_at))?;
        self.out.write_all(&local_header(&open, crc, compressed, size)?)?;
        self.out.seek(SeekFrom::Start(self.offset))?;
        self.list(&open, crc, compressed, size)
    }

    /// Writes a whole entry.
    pub(super) fn add(
        &mut self,
        name: &str,
        mode: u32,
        method: Method,
        crc: u32,
        size: u64,
        data: &[u8],
    ) -> io::Result<()> {
        let open = Open { header_at: self.offset, data_at: 0, name: name.to_owned(), mode, method };
        let (compressed, size) = (narrow(data.len() as u64)?, narrow(size)?);
        self.write(&local_header(&open, crc, compressed, size)?)?;
        self.write(data)?;
        self.list(&open, crc, compressed, size)
    }

    /// Adds the central directory's header (4.3.12).
    fn list(&mut self, open: &Open, crc: u32, compressed: u32, size: u32) -> io::Result<()> {
        let header_at = narrow(open.header_at)?;
        let fields = common_fields(open, crc, compressed, size)?;
        let directory = &mut self.directory;
        directory.extend(b"PK\x01\x02");
        directory.extend((MADE_BY_UNIX | VERSION).to_le_bytes());
        directory.extend(fields);
        // No comment, disk 0, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(((REGULAR_FILE | open.mode) << 16).to_le_bytes());
        directory.extend(header_at.to_le_bytes());
        directory.extend(open.name.as_bytes());
        self.entries += 1;
        Ok(())
    }

    /// Writes the directory and ends the archive.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let start = self.offset;
        let directory = std::mem::take(&mut self.directory);
        self.write(&directory)?;
        let size = directory.len() as u64;
        if self.entries >= u64::from(u16::MAX) {
            self.finish_zip64(start, size)?;
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX).to_le_bytes();
        let mut end = Vec::with_capacity(22);
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend(entries);
        end.extend(entries);
        end.extend(narrow(size)?.to_le_bytes());
        end.extend(narrow(start)?.to_le_bytes());
        end.extend([0; 2]);
        self.write(&end)?;
        self.out.flush()
    }

    /// The zip64 end record and its locator.
    fn finish_zip64(&mut self, start: u64, size: u64) -> io::Result<()> {
        let record_at = self.offset;
        let mut end = Vec::with_capacity(76);
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes());
        end.extend((MADE_BY_UNIX | VERSION_ZIP64).to_le_bytes());
        end.extend(VERSION_ZIP64.to_le_bytes());
        end.extend([0; 8]);
        for number in [self.entries, self.entries, size, start] {
            end.extend(number.to_le_bytes());
        }
        end.extend(b"PK\x06\x07\0\0\0\0");
        end.extend(record_at.to_le_bytes());
        end.extend(1_u32.to_le_bytes());
        self.write(&end)
    }
}

/// The local file header (4.3.7).
fn local_header(open: &Open, crc: u32, compressed: u32, size: u32) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(30 + open.name.len());
    header.extend(b"PK\x03\x04");
    header.extend(common_fields(open, crc, compressed, size)?);
    header.extend(open.name.as_bytes());
    Ok(header)
}

/// The 26 bytes that both headers have in common.
fn common_fields(open: &Open, crc: u32, compressed: u32, size: u32) -> io::Result<Vec<u8>> {
    let name_length = u16::try_from(open.name.len()).map_err(|_| too_large("name"))?;
    let flags = if open.name.is_ascii() { 0 } else { UTF8 };
    let mut fields = Vec::with_capacity(26);
    for short in [VERSION, flags, open.method as u16, 0, DATE] {
        fields.extend(short.to_le_bytes());
    }
    for long in [crc, compressed, size] {
        fields.extend(long.to_le_bytes());
    }
    fields.extend(name_length.to_le_bytes());
    fields.extend([0; 2]);
    Ok(fields)
}

fn narrow(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| too_large("archive or file"))
}

fn too_large(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("{what} too large for a zip archive"))
}
