//! The chart of 1990-06-15 12:30, male, against the published output of the
//! system being replaced.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bazi::{Chart, CivilTime, Gender, Options};
use serde_json::{Value, json};

fn chart() -> Value {
    let time = CivilTime::parse("1990-06-15", "12:30").unwrap();
    serde_json::to_value(Chart::new(time, Gender::Male, Options::default()).unwrap()).unwrap()
}

/// The values of one key, from year to hour.
fn each(chart: &Value, key: &str) -> Vec<Value> {
    ["year", "month", "day", "hour"]
        .map(|at| chart["details"][at][key].clone())
        .to_vec()
}

#[test]
fn basic_info() {
    assert_eq!(
        chart()["basic_info"],
        json!({
            "solar_date": "1990-06-15",
            "solar_time": "12:30",
            "lunar_date": {"year": 1990, "month": 5, "leap": false, "day": 23},
            "gender": "male",
            "zi_mode": "next_day",
        })
    );
}

#[test]
fn pillars() {
    assert_eq!(
        chart()["bazi_pillars"],
        json!({
            "year": {"stem": "庚", "branch": "午"},
            "month": {"stem": "壬", "branch": "午"},
            "day": {"stem": "辛", "branch": "亥"},
            "hour": {"stem": "甲", "branch": "午"},
        })
    );
}

#[test]
fn stars_and_hidden_stems() {
    let chart = chart();
    assert_eq!(each(&chart, "main_star"), ["劫财", "伤官", "元男", "正财"]);
    let (noon, pig) = (json!(["丁火", "己土"]), json!(["壬水", "甲木"]));
    assert_eq!(
        each(&chart, "hidden_stems"),
        [noon.clone(), noon.clone(), pig, noon]
    );
    let (noon, pig) = (json!(["七杀", "偏印"]), json!(["伤官", "正财"]));
    assert_eq!(
        each(&chart, "hidden_stars"),
        [noon.clone(), noon.clone(), pig, noon]
    );
    assert_eq!(
        chart["details"]["day"]["hidden"],
        json!([
            {"stem": "壬", "element": "水", "polarity": "阳", "rank": "本气", "ten_god": "伤官"},
            {"stem": "甲", "element": "木", "polarity": "阳", "rank": "中气", "ten_god": "正财"},
        ])
    );
}

#[test]
fn stages_voids_and_sounds() {
    let chart = chart();
    assert_eq!(each(&chart, "star_fortune"), ["病", "病", "沐浴", "病"]);
    assert_eq!(each(&chart, "self_sitting"), ["沐浴", "胎", "沐浴", "死"]);
    assert_eq!(each(&chart, "kongwang"), ["戌亥", "申酉", "寅卯", "辰巳"]);
    assert_eq!(
        each(&chart, "nayin"),
        ["路旁土", "杨柳木", "钗钏金", "沙中金"]
    );
}

/// The same spirits as in the published output. That came in the order of a
/// database; ours is that of `Deity`.
#[test]
fn spirits() {
    let noon = json!(["将星", "金匮贵人", "天乙贵人", "福星贵人"]);
    let day = json!([
        "劫煞",
        "太极贵人",
        "文昌贵人",
        "天厨贵人",
        "金舆",
        "天德贵人",
        "月德合",
        "六亲贵人",
        "孤鸾煞",
        "十灵日",
    ]);
    let year = json!(["天乙贵人", "福星贵人"]);
    assert_eq!(each(&chart(), "deities"), [year, noon.clone(), day, noon]);
}

#[test]
fn counts() {
    let chart = chart();
    assert_eq!(
        chart["ten_gods_stats"]["totals"],
        json!({
            "劫财": {"count": 1, "pillars": {"year": 1}},
            "伤官": {"count": 2, "pillars": {"month": 1, "day": 1}},
            "正财": {"count": 2, "pillars": {"day": 1, "hour": 1}},
            "七杀": {"count": 3, "pillars": {"year": 1, "month": 1, "hour": 1}},
            "偏印": {"count": 3, "pillars": {"year": 1, "month": 1, "hour": 1}},
            "元男": {"count": 1, "pillars": {"day": 1}},
        })
    );
    assert_eq!(chart["ten_gods_stats"]["main"]["元男"]["count"], 1);
    assert_eq!(chart["ten_gods_stats"]["sub"]["七杀"]["count"], 3);
    assert_eq!(
        chart["element_counts"],
        json!({"木": 1, "火": 3, "土": 0, "金": 2, "水": 2})
    );
    assert_eq!(
        chart["elements"]["day"],
        json!({"stem": "辛", "stem_element": "金", "branch": "亥", "branch_element": "水"})
    );
}

#[test]
fn relations() {
    let noons = |a: &str, b: &str| json!({"pillars": [a, b], "branches": ["午", "午"]});
    assert_eq!(
        chart()["relationships"],
        json!({
            "stem_relations": {
                "he": [],
                "chong": [{"pillars": ["year", "hour"], "stems": ["庚", "甲"]}],
            },
            "branch_relations": {
                "liuhe": [],
                "chong": [],
                "xing": [noons("year", "month"), noons("year", "hour"), noons("month", "hour")],
                "hai": [],
                "po": [],
                "sanhe": [],
                "banhe": [],
                "gonghe": [],
                "sanhui": [],
            },
        })
    );
}
