//! How much memory this process may use.

use std::fs;

/// The memory of the machine or of this control group, whichever is less, in bytes.
pub(crate) fn limit() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_deref().and_then(total);
    // Containers see their own group there; `max` is no limit.
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse().ok());
    [machine, group].into_iter().flatten().min()
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{limit, total};

    #[test]
    fn of_the_machine() {
        let meminfo = "MemTotal:       16303428 kB\nMemFree:         1 kB\n";
        assert_eq!(total(meminfo), Some(16_303_428 << 10));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(limit().is_none_or(|limit| limit > 1 << 20));
    }
}
