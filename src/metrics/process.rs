//! What this process uses, as the system tells.
use std::{fs, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Processor time of all threads.
pub fn cpu_time() -> Duration {
    // Never negative.
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Bytes of memory that are held, on Linux.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
