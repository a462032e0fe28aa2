//! Files of the repository that tests generate: compared, or written with `PHALANX_BLESS=1`.

use std::fs;

use super::repository;

/// True when the files are to be written instead of compared.
pub fn blessing() -> bool {
    std::env::var_os("PHALANX_BLESS").is_some_and(|value| !value.is_empty())
}

/// Fails unless the repository's file has this text.
pub fn assert_file(path: &str, expected: &str) {
    let file = repository().join(path);
    let found = fs::read_to_string(&file).unwrap_or_default();
    if found == expected {
        return;
    }
    if blessing() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
        return;
    }
    let line = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = line.unwrap_or_else(|| found.lines().count().min(expected.lines().count()));
    panic!(
        "{path} is out of date from line {}\n  there: {}\n  now:   {}\nrun the test with \
         PHALANX_BLESS=1 to write it, then read the difference",
        line + 1,
        found.lines().nth(line).unwrap_or("(end)"),
        expected.lines().nth(line).unwrap_or("(end)"),
    );
}
