//! Bodies in chunks.

use std::hint::black_box;

use criterion::Criterion;
use edge_core::forward;
use edge_core::http::{Chunks, Piece};

const CHUNK: &[u8] = &[b'x'; 4096];

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut body = Vec::new();
    for _ in 0..16 {
        forward::write_chunk_size(&mut body, CHUNK.len());
        body.extend_from_slice(CHUNK);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(decode(&body), 16 * CHUNK.len(), "content is missing");
    let mut group = criterion.benchmark_group("edge/chunks");
    group.bench_function("decode 16 of 4 KiB", |bencher| {
        bencher.iter(|| decode(black_box(&body)));
    });
    group.finish();
}

/// How much content a chunked body has.
fn decode(mut body: &[u8]) -> usize {
    let mut chunks = Chunks::default();
    let mut content = 0;
    while let Ok(Piece::Data { skip, data }) = chunks.next(body) {
        content += data;
        body = body.get(skip + data..).unwrap_or_default();
    }
    content
}
