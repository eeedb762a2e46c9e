//! Compiles `proto/*.proto` with protox, so that no `protoc` is needed.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = [
        "bazi_core.proto",
        "bazi_fortune.proto",
        "bazi_analyzer.proto",
        "bazi_rule.proto",
        "fortune_analysis.proto",
        "payment.proto",
        "fortune_rule.proto",
    ];
    let descriptors = protox::compile(files, ["proto"])?;
    let out = env::var("OUT_DIR")?;
    fs::write(
        Path::new(&out).join("descriptors.bin"),
        descriptors.encode_to_vec(),
    )?;
    // Ordered maps, so that equal messages have equal bytes.
    tonic_prost_build::configure()
        .btree_map(".")
        .bytes(".")
        .compile_fds(descriptors)?;
    Ok(())
}
