//! A chart as `bazi.core` sends it.

use std::collections::BTreeMap;

use bazi::{Chart, Detail, HiddenStem, Pillar, Position};
use rpc::bazi_core as wire;
use serde::Serialize;
use serde_json::json;

/// The answer of `CalculateBazi`: the fields of the contract, and beside them what they lack.
pub fn response(chart: &Chart) -> Result<wire::BaziCoreResponse, serde_json::Error> {
    let Chart {
        basic,
        pillars,
        details,
        ten_gods,
        elements,
        element_counts,
        relations,
    } = chart;
    let positions = Position::ALL.iter().copied();
    let named = |position: Position| position.name().to_owned();
    Ok(wire::BaziCoreResponse {
        basic_info: strings(basic)?,
        year_pillar: Some(pillar(pillars.year)),
        month_pillar: Some(pillar(pillars.month)),
        day_pillar: Some(pillar(pillars.day)),
        hour_pillar: Some(pillar(pillars.hour)),
        details: positions
            .map(|at| (named(at), detail(details.at(at))))
            .collect(),
        ten_gods_stats: strings(ten_gods)?,
        elements: strings(elements)?,
        element_counts: bazi::Element::ALL
            .iter()
            .map(|&element| {
                (
                    element.name().to_owned(),
                    element_counts.count(element).into(),
                )
            })
            .collect(),
        relationships: strings(relations)?,
        metadata_json: json!({ "service": "bazi_core", "version": env!("CARGO_PKG_VERSION") })
            .to_string(),
    })
}

fn pillar(pillar: Pillar) -> wire::Pillar {
    wire::Pillar {
        stem: pillar.stem().to_string(),
        branch: pillar.branch().to_string(),
    }
}

fn detail(detail: &Detail) -> wire::PillarDetail {
    let [first, second] = detail.void;
    let named = |hidden: HiddenStem| format!("{}{}", hidden.stem, hidden.element);
    wire::PillarDetail {
        main_star: detail.main_star.to_string(),
        nayin: detail.nayin.to_string(),
        kongwang: format!("{first}{second}"),
        deities: detail
            .deities
            .iter()
            .map(|deity| deity.to_string())
            .collect(),
        hidden_stems: detail.hidden().map(named).collect(),
        hidden_stars: detail
            .hidden()
            .map(|hidden| hidden.ten_god.to_string())
            .collect(),
        star_fortune: detail.star_fortune.to_string(),
        self_sitting: detail.self_sitting.to_string(),
        hidden: detail.hidden().map(hidden).collect(),
    }
}

fn hidden(hidden: HiddenStem) -> wire::HiddenStem {
    let HiddenStem {
        stem,
        element,
        polarity,
        rank,
        ten_god,
    } = hidden;
    wire::HiddenStem {
        stem: stem.to_string(),
        element: element.to_string(),
        polarity: polarity.to_string(),
        rank: rank.to_string(),
        ten_god: ten_god.to_string(),
    }
}

/// The members of an object as a map of strings: texts as they are, all else as JSON.
fn strings(value: &impl Serialize) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let serde_json::Value::Object(members) = serde_json::to_value(value)? else {
        return Ok(BTreeMap::new());
    };
    let text = |value| {
        if let serde_json::Value::String(text) = value {
            text
        } else {
            value.to_string()
        }
    };
    Ok(members
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect())
}
