//! Writes to the run's log, under the plugin's name. In every hook.
//!
//! ```
//! # fn main() -> phalanx_plugin::Result {
//! # phalanx_plugin::testing::Host::new().run(|_: &phalanx_plugin::Value| {
//! use phalanx_plugin::log;
//!
//! let alarms = 3;
//! log::info!("added {alarms} alarms");
//! # Ok(())
//! # })
//! # }
//! ```

use std::fmt;

pub use crate::{
    __log_debug as debug, __log_error as error, __log_info as info, __log_trace as trace,
    __log_warn as warn,
};

#[doc(hidden)]
pub fn write(level: &str, message: fmt::Arguments<'_>) {
    match message.as_str() {
        Some(message) => crate::wire::log::log(level, message),
        None => crate::wire::log::log(level, &message.to_string()),
    }
}

/// Every small thing; shown with `-vv`. Takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_trace {
    ($($message:tt)+) => { $crate::log::write("trace", ::std::format_args!($($message)+)) };
}

/// For whoever looks into the plugin; shown with `-v`. Takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($message:tt)+) => { $crate::log::write("debug", ::std::format_args!($($message)+)) };
}

/// What was done. Takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($message:tt)+) => { $crate::log::write("info", ::std::format_args!($($message)+)) };
}

/// What a person should look at. Takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($message:tt)+) => { $crate::log::write("warn", ::std::format_args!($($message)+)) };
}

/// What went wrong; the hook's failure is shown anyway. Takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($message:tt)+) => { $crate::log::write("error", ::std::format_args!($($message)+)) };
}
