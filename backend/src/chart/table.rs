//! A chart on a terminal, laid out as practitioners write it: hour, day, month and year from left
//! to right.

use std::fmt;

use bazi::{Chart, Detail, Element, LunarDate, Position, Relation};
use unicode_width::UnicodeWidthStr;

/// Prints a chart as a table. Chinese characters take two columns each.
#[derive(Debug, Clone, Copy)]
pub struct Table<'c> {
    chart: &'c Chart,
}

impl<'c> Table<'c> {
    /// The table of `chart`.
    pub fn new(chart: &'c Chart) -> Self {
        Self { chart }
    }

    fn heading(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let basic = &self.chart.basic;
        let LunarDate {
            year,
            month,
            leap,
            day,
        } = basic.lunar_date;
        let leap = if leap { "闰" } else { "" };
        let (time, gender, zi_mode) = (basic.time, basic.gender, basic.zi_mode);
        writeln!(
            f,
            "{time}  {gender}  农历 {year}年{leap}{month}月{day}日  zi_mode={zi_mode}"
        )
    }

    /// A row with a name and, in each column, one line or several.
    fn row(
        self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        cell: impl Fn(Position, &Detail) -> Vec<String>,
    ) -> fmt::Result {
        let cells = COLUMNS.map(|position| cell(position, self.chart.details.at(position)));
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = padded(if line == 0 { name } else { "" }, NAME);
            for cell in &cells {
                text += &padded(cell.get(line).map_or("", String::as_str), COLUMN);
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }

    fn elements(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &element in Element::ALL {
            let count = self.chart.element_counts.count(element);
            let bar = "██".repeat(count.into());
            let line = format!("{}{count} {bar}", padded(element.name(), NAME));
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn relations(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Relation {
            kind,
            positions,
            element,
        } in self.chart.relations.iter()
        {
            let places: Vec<_> = positions.iter().map(heading).collect();
            let element = element
                .map(|element| format!(" 化{element}"))
                .unwrap_or_default();
            writeln!(
                f,
                "{}{}{element}",
                padded(kind.name(), NAME),
                places.join(" ")
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pillars = &self.chart.pillars;
        let one = |text: String| vec![text];
        self.heading(f)?;
        writeln!(f)?;
        self.row(f, "", |position, _| one(heading(position).to_owned()))?;
        self.row(f, "主星", |_, detail| one(detail.main_star.to_string()))?;
        self.row(f, "天干", |position, _| {
            let stem = pillars.at(position).stem();
            one(format!("{stem} {}{}", stem.polarity(), stem.element()))
        })?;
        self.row(f, "地支", |position, _| {
            let branch = pillars.at(position).branch();
            one(format!(
                "{branch} {}{}",
                branch.polarity(),
                branch.element()
            ))
        })?;
        self.row(f, "藏干", |_, detail| {
            let line = |hidden: bazi::HiddenStem| {
                format!("{}{} {}", hidden.stem, hidden.element, hidden.ten_god)
            };
            detail.hidden().map(line).collect()
        })?;
        self.row(f, "星运", |_, detail| {
            one(detail.star_fortune.to_string())
        })?;
        self.row(f, "自坐", |_, detail| {
            one(detail.self_sitting.to_string())
        })?;
        self.row(f, "空亡", |_, detail| {
            one(detail.void.map(bazi::Branch::name).concat())
        })?;
        self.row(f, "纳音", |_, detail| one(detail.nayin.to_string()))?;
        self.row(f, "神煞", |_, detail| {
            detail
                .deities
                .iter()
                .map(|deity| deity.to_string())
                .collect()
        })?;
        writeln!(f)?;
        self.elements(f)?;
        writeln!(f)?;
        self.relations(f)
    }
}

fn heading(position: Position) -> &'static str {
    match position {
        Position::Year => "年柱",
        Position::Month => "月柱",
        Position::Day => "日柱",
        Position::Hour => "时柱",
    }
}

/// `text` and as many spaces as fill `columns` of the terminal.
fn padded(text: &str, columns: usize) -> String {
    let spaces = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(spaces))
}

/// From left to right.
const COLUMNS: [Position; 4] = [
    Position::Hour,
    Position::Day,
    Position::Month,
    Position::Year,
];

/// The width of a column, and of the names before them, on the terminal.
const COLUMN: usize = 14;
const NAME: usize = 10;
