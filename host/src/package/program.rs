//! What the first bytes of a program say about where it runs.
//!
//! Catches the two usual mistakes: a program for the developer's own machine, and one for the other
//! architecture. Libraries that a program needs at run time are not examined.

use super::PackageError;
use crate::manifest::Architecture;

/// How many bytes [`Program::of`] needs.
pub(super) const HEADER: usize = 20;

/// What a `bootstrap` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// An ELF program for the processor with this `e_machine`.
    Elf(u16),
    /// Mach-O, thin or fat.
    MacOs,
    /// PE.
    Windows,
    /// A script, or something that only its runtime can judge.
    Other,
}

impl Program {
    /// Judges by the first bytes of a file.
    pub(super) fn of(header: &[u8]) -> Self {
        match header {
            [0x7f, b'E', b'L', b'F', ..] if header.len() >= HEADER => {
                let machine = [header[18], header[19]];
                // Byte 5 is the byte order: 2 means big endian.
                let big = header[5] == 2;
                Self::Elf(if big {
                    u16::from_be_bytes(machine)
                } else {
                    u16::from_le_bytes(machine)
                })
            }
            [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
            | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..]
            | [0xca, 0xfe, 0xba, 0xbe, ..] => Self::MacOs,
            [b'M', b'Z', ..] => Self::Windows,
            _ => Self::Other,
        }
    }

    /// Refuses a program that cannot run as this function.
    pub(super) fn check(self, function: &str, expected: Architecture) -> Result<(), PackageError> {
        let function = function.to_owned();
        // `e_machine` of the System V ABI: 62 is x86-64, 183 is AArch64.
        let found = match (self, expected) {
            (Self::Other, _)
            | (Self::Elf(62), Architecture::X86_64)
            | (Self::Elf(183), Architecture::Arm64) => return Ok(()),
            (Self::MacOs, _) => {
                return Err(PackageError::WrongSystem { function, system: "macOS", expected });
            }
            (Self::Windows, _) => {
                return Err(PackageError::WrongSystem { function, system: "Windows", expected });
            }
            (Self::Elf(62), _) => "x86_64".to_owned(),
            (Self::Elf(183), _) => "arm64".to_owned(),
            (Self::Elf(machine), _) => format!("another processor (ELF machine {machine})"),
        };
        Err(PackageError::WrongArchitecture { function, found, expected })
    }
}
