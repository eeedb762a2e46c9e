//! Adverts from one node to another, and the election that they decide.

use benches::{Adverts, Election};
use criterion::{Criterion, criterion_group, criterion_main};

fn adverts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vrrp");
    for (name, signed) in [("advert", false), ("signed advert", true)] {
        let Some(mut adverts) = Adverts::new(signed) else {
            continue;
        };
        assert!(adverts.exchange(), "it is not believed");
        group.bench_function(name, |bencher| bencher.iter(|| adverts.exchange()));
    }
    let mut election = Election::new();
    group.bench_function("step of an election", |bencher| {
        bencher.iter(|| election.step());
    });
}

criterion_group!(benches, adverts);
criterion_main!(benches);
