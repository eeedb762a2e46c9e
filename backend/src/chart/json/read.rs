//! Reads what came over the wire.

use std::collections::BTreeMap;

use rpc::bazi_core as wire;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{
    BasicInfo, Bazi, ByPillar, Data, Detail, ElementCounts, HiddenStem, Pillar, Relationships,
    TenGods,
};

/// An answer of `bazi_core` that lacks what its contract promises.
#[derive(Debug, Error)]
pub enum Error {
    /// A field or the key of a map is missing.
    #[error("the answer of bazi_core lacks {0}")]
    Missing(String),
    /// A value that should be JSON is not the JSON it should be.
    #[error("the answer of bazi_core has a bad {0}: {1}")]
    Malformed(String, serde_json::Error),
}

impl TryFrom<wire::BaziCoreResponse> for Data {
    type Error = Error;

    fn try_from(answer: wire::BaziCoreResponse) -> Result<Self, Error> {
        let wire::BaziCoreResponse {
            mut basic_info,
            year_pillar,
            month_pillar,
            day_pillar,
            hour_pillar,
            mut details,
            mut ten_gods_stats,
            mut elements,
            element_counts,
            mut relationships,
            metadata_json: _,
        } = answer;
        let day = pillar(day_pillar, "day_pillar")?;
        let count = |element: &str| {
            let count = element_counts.get(element).copied();
            count.ok_or_else(|| Error::Missing(format!("element_counts.{element}")))
        };
        Ok(Self {
            rizhu: format!("{}{}", day.stem, day.branch),
            bazi: Bazi {
                basic_info: BasicInfo {
                    solar_date: text(&mut basic_info, "solar_date")?,
                    solar_time: text(&mut basic_info, "solar_time")?,
                    lunar_date: parsed(&mut basic_info, "lunar_date")?,
                    gender: text(&mut basic_info, "gender")?,
                    zi_mode: text(&mut basic_info, "zi_mode")?,
                },
                bazi_pillars: ByPillar {
                    year: pillar(year_pillar, "year_pillar")?,
                    month: pillar(month_pillar, "month_pillar")?,
                    day,
                    hour: pillar(hour_pillar, "hour_pillar")?,
                },
                details: ByPillar::of(|name| {
                    let detail = details.remove(name).map(Detail::from);
                    detail.ok_or_else(|| Error::Missing(format!("details.{name}")))
                })?,
                ten_gods_stats: TenGods {
                    main: parsed(&mut ten_gods_stats, "main")?,
                    sub: parsed(&mut ten_gods_stats, "sub")?,
                    totals: parsed(&mut ten_gods_stats, "totals")?,
                },
                elements: ByPillar::of(|name| parsed(&mut elements, name))?,
                element_counts: ElementCounts {
                    wood: count("木")?,
                    fire: count("火")?,
                    earth: count("土")?,
                    metal: count("金")?,
                    water: count("水")?,
                },
                relationships: Relationships {
                    stem_relations: parsed(&mut relationships, "stem_relations")?,
                    branch_relations: parsed(&mut relationships, "branch_relations")?,
                },
            },
        })
    }
}

impl<T> ByPillar<T> {
    fn of(mut value: impl FnMut(&'static str) -> Result<T, Error>) -> Result<Self, Error> {
        Ok(Self {
            year: value("year")?,
            month: value("month")?,
            day: value("day")?,
            hour: value("hour")?,
        })
    }
}

impl From<wire::PillarDetail> for Detail {
    fn from(detail: wire::PillarDetail) -> Self {
        Self {
            main_star: detail.main_star,
            hidden_stems: detail.hidden_stems,
            hidden_stars: detail.hidden_stars,
            hidden: detail.hidden.into_iter().map(HiddenStem::from).collect(),
            star_fortune: detail.star_fortune,
            self_sitting: detail.self_sitting,
            kongwang: detail.kongwang,
            nayin: detail.nayin,
            deities: detail.deities,
        }
    }
}

impl From<wire::HiddenStem> for HiddenStem {
    fn from(hidden: wire::HiddenStem) -> Self {
        let wire::HiddenStem {
            stem,
            element,
            polarity,
            rank,
            ten_god,
        } = hidden;
        Self {
            stem,
            element,
            polarity,
            rank,
            ten_god,
        }
    }
}

fn pillar(pillar: Option<wire::Pillar>, name: &str) -> Result<Pillar, Error> {
    let wire::Pillar { stem, branch } = pillar.ok_or_else(|| Error::Missing(name.to_owned()))?;
    Ok(Pillar { stem, branch })
}

fn text(map: &mut BTreeMap<String, String>, name: &str) -> Result<String, Error> {
    map.remove(name)
        .ok_or_else(|| Error::Missing(name.to_owned()))
}

fn parsed<T: DeserializeOwned>(map: &mut BTreeMap<String, String>, name: &str) -> Result<T, Error> {
    serde_json::from_str(&text(map, name)?)
        .map_err(|error| Error::Malformed(name.to_owned(), error))
}
