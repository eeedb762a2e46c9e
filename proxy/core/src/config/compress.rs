//! Compression, from written to meant.

use settings::{Place, Problems};

use super::file;
use crate::encoding::{Coding, Compression, Offer};

/// What a site says about compression.
pub(super) fn meant(
    written: &file::Site,
    at: &Place,
    problems: &mut Problems,
) -> Option<Compression> {
    match (&written.gzip, &written.compress) {
        (None, None) => None,
        (Some(written), None) => Some(gzip(written, &at.key("gzip"), problems)),
        (None, Some(written)) => Some(compress(written, &at.key("compress"), problems)),
        (Some(_), Some(_)) => {
            problems.push_with_help(
                &at.key("compress"),
                "`gzip` is there too, and a site has one of them",
                "`compress` offers gzip as well: compress = { gzip = 5 }",
            );
            None
        }
    }
}

fn gzip(written: &file::Gzip, at: &Place, problems: &mut Problems) -> Compression {
    let coding = Coding::Gzip;
    let level = level(coding, written.level, &at.key("level"), problems);
    Compression {
        offers: vec![Offer { coding, level }],
        min_length: written.min_length.0,
        types: written.types.clone(),
    }
}

fn compress(written: &file::Compress, at: &Place, problems: &mut Problems) -> Compression {
    let gzip = level(Coding::Gzip, written.gzip, &at.key("gzip"), problems);
    let brotli = level(Coding::Brotli, written.brotli, &at.key("brotli"), problems);
    let zstd = level(Coding::Zstd, written.zstd, &at.key("zstd"), problems);
    let place = at.key("prefer");
    if written.prefer.is_empty() {
        problems.push_with_help(&place, "nothing is offered", "leave it out to offer all");
    }
    let mut offers: Vec<Offer> = Vec::new();
    for (index, name) in written.prefer.iter().enumerate() {
        let (coding, level) = match name {
            file::CodingName::Gzip => (Coding::Gzip, gzip),
            file::CodingName::Br => (Coding::Brotli, brotli),
            file::CodingName::Zstd => (Coding::Zstd, zstd),
        };
        if offers.iter().any(|offer| offer.coding == coding) {
            let message = format!("`{}` is already in the list", coding.name());
            problems.push(&place.index(index), message);
        }
        offers.push(Offer { coding, level });
    }
    Compression {
        offers,
        min_length: written.min_length.0,
        types: written.types.clone(),
    }
}

/// The level as it is written, which has to be one of the coding's.
fn level(coding: Coding, written: u32, at: &Place, problems: &mut Problems) -> u32 {
    let levels = match coding {
        Coding::Gzip => 1..=9,
        Coding::Brotli => 0..=11,
        // Above 19 windows are larger than clients have to take (RFC 9659).
        Coding::Zstd => 1..=19,
    };
    if !levels.contains(&written) {
        let (first, last) = levels.into_inner();
        problems.push(at, format!("the level is a number from {first} to {last}"));
    }
    written
}
