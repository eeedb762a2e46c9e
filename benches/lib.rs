//! Nothing: the benchmarks are in `micro/` and `load/`.
