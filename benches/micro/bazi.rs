//! Drawing charts: each step by itself, for births spread over two centuries.

use std::hint::black_box;

use bazi::{Chart, CivilTime, Gender, Options, Pillars, ZiMode};
use criterion::{Criterion, criterion_group, criterion_main};

fn births() -> Vec<CivilTime> {
    // Every 37th day at another hour: no two neighbours are in the same month of the tables.
    (0..1000_usize)
        .filter_map(|index| {
            let (year, month, day) = (1900 + index / 5, 1 + index % 12, 1 + index * 37 % 28);
            let time = format!("{:02}:{:02}", index * 7 % 24, index * 13 % 60);
            CivilTime::parse(&format!("{year:04}-{month:02}-{day:02}"), &time).ok()
        })
        .collect()
}

fn charts(criterion: &mut Criterion) {
    let births = births();
    assert_eq!(births.len(), 1000, "a birth was not read");
    let mut group = criterion.benchmark_group("bazi");

    let mut next = births.iter().cycle();
    group.bench_function("four pillars", |bencher| {
        bencher.iter(|| next.next().map(|time| Pillars::of(*time, ZiMode::NextDay)));
    });
    let mut next = births.iter().cycle();
    group.bench_function("whole chart", |bencher| {
        bencher.iter(|| {
            next.next()
                .map(|time| Chart::new(*time, Gender::Male, Options::default()))
        });
    });
    let charts: Vec<_> = births
        .iter()
        .filter_map(|time| Chart::new(*time, Gender::Female, Options::default()).ok())
        .collect();
    assert_eq!(charts.len(), births.len(), "a chart was not drawn");
    let mut next = charts.iter().cycle();
    group.bench_function("chart as JSON", |bencher| {
        bencher.iter(|| next.next().map(serde_json::to_vec));
    });
    group.bench_function("read a date and a time", |bencher| {
        bencher.iter(|| CivilTime::parse(black_box("1990-06-15"), black_box("12:30")));
    });
    group.finish();
}

criterion_group!(benches, charts);
criterion_main!(benches);
