//! Heads: a request's from the client to the server, and an answer's back.

use std::hint::black_box;

use benches::{DRAWN, REQUEST, RESPONSE, answered, outgoing};
use criterion::Criterion;
use edge_core::forward;
use edge_core::headers::Edit;
use edge_core::http::{HeadEnd, RequestHead, ResponseHead, find_head_end};
use edge_core::trace::{self, Trace};

pub(crate) fn benches(criterion: &mut Criterion) {
    requests(criterion);
    responses(criterion);
}

fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge/request head");
    group.bench_function("find its end", |bencher| {
        bencher.iter(|| find_head_end(black_box(REQUEST), 0));
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| RequestHead::parse(black_box(REQUEST)).is_ok());
    });
    let (edit, id) = (Edit::default(), trace::request_id(1));
    let mut out = Vec::with_capacity(4096);
    let head = RequestHead::parse(REQUEST).expect("a head that is right");
    let known = Trace::of(&head.headers, DRAWN);
    group.bench_function("join or begin a trace", |bencher| {
        bencher.iter(|| Trace::of(black_box(&head.headers), black_box(DRAWN)));
    });
    let to = outgoing(&head, &known, &id, &edit);
    forward::write_request(&mut out, &head, &to);
    let written = String::from_utf8_lossy(&out).into_owned();
    assert!(
        written.contains("X-Forwarded-For: 192.0.2.1\r\n"),
        "{written}"
    );
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            out.clear();
            forward::write_request(&mut out, black_box(&head), &to);
        });
    });
    group.bench_function("from the client's bytes to the server's", |bencher| {
        bencher.iter(|| {
            out.clear();
            let received = black_box(REQUEST);
            let HeadEnd::Complete(end) = find_head_end(received, 0) else {
                return;
            };
            let Ok(head) = RequestHead::parse(received.get(..end).unwrap_or_default()) else {
                return;
            };
            let trace = Trace::of(&head.headers, black_box(DRAWN));
            forward::write_request(&mut out, &head, &outgoing(&head, &trace, &id, &edit));
        });
    });
    group.finish();
}

fn responses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge/response head");
    group.bench_function("read", |bencher| {
        bencher.iter(|| ResponseHead::parse(black_box(RESPONSE), false).is_ok());
    });
    let head = ResponseHead::parse(RESPONSE, false).expect("a head that is right");
    let edit = Edit::default();
    let form = answered(&edit);
    let mut out = Vec::with_capacity(4096);
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            out.clear();
            forward::write_response(&mut out, black_box(&head), &form);
        });
    });
    group.finish();
}
