//! What this process uses of the machine, read from `/proc` when somebody asks.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Opts};

/// The conventional `process_*` metrics.
#[derive(Debug, Clone)]
pub(super) struct Process {
    descriptions: Vec<Desc>,
}

impl Process {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let gauges = GAUGES.iter().map(|(name, help, _)| (*name, *help));
        let descriptions = gauges
            .chain([CPU])
            .map(|(name, help)| {
                let (labels, constants) = (Vec::new(), std::collections::HashMap::new());
                Desc::new(name.to_owned(), help.to_owned(), labels, constants)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { descriptions })
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    /// What cannot be read is left out.
    fn collect(&self) -> Vec<MetricFamily> {
        let Some(usage) = Usage::read() else {
            return Vec::new();
        };
        let mut families = Vec::new();
        if let Ok(cpu) = Counter::with_opts(Opts::new(CPU.0, CPU.1)) {
            cpu.inc_by(usage.cpu_seconds);
            families.extend(cpu.collect());
        }
        for (name, help, value) in GAUGES {
            if let (Ok(gauge), Some(value)) = (Gauge::new(*name, *help), value(&usage)) {
                gauge.set(value);
                families.extend(gauge.collect());
            }
        }
        families
    }
}

struct Usage {
    cpu_seconds: f64,
    threads: f64,
    started: Option<f64>,
    virtual_bytes: f64,
    resident_bytes: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
}

impl Usage {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name in parentheses and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        // Numbered as in proc(5), where the first field after the name is the third.
        let field = |number: usize| fields.get(number - 3)?.trim().parse::<f64>().ok();
        let ticks = system(SysconfVar::CLK_TCK)?;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / ticks,
            threads: field(20)?,
            started: booted()
                .zip(field(22))
                .map(|(boot, start)| boot + start / ticks),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)
                .zip(system(SysconfVar::PAGE_SIZE))
                .map(|(n, size)| n * size),
            open_fds: open_fds(),
            max_fds: system(SysconfVar::OPEN_MAX),
        })
    }
}

fn system(variable: SysconfVar) -> Option<f64> {
    let value = sysconf(variable).ok()??;
    i32::try_from(value).ok().map(f64::from)
}

/// When the machine started, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

fn open_fds() -> Option<f64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(open).ok().map(f64::from)
}

const CPU: (&str, &str) = (
    "process_cpu_seconds_total",
    "User and system CPU time that was spent, in seconds.",
);

type Value = fn(&Usage) -> Option<f64>;

const GAUGES: &[(&str, &str, Value)] = &[
    (
        "process_max_fds",
        "Most file descriptors that may be open.",
        |usage| usage.max_fds,
    ),
    (
        "process_open_fds",
        "File descriptors that are open.",
        |usage| usage.open_fds,
    ),
    (
        "process_resident_memory_bytes",
        "Memory in RAM, in bytes.",
        |usage| usage.resident_bytes,
    ),
    (
        "process_start_time_seconds",
        "Start of the process, in seconds since 1970.",
        |usage| usage.started,
    ),
    ("process_threads", "Operating system threads.", |usage| {
        Some(usage.threads)
    }),
    (
        "process_virtual_memory_bytes",
        "Virtual memory, in bytes.",
        |usage| Some(usage.virtual_bytes),
    ),
];
