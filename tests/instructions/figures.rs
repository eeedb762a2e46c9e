//! What things cost when somebody last looked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// Cargo runs tests in the folder of their package.
const FILE: &str = "instructions/figures.txt";

/// How much dearer or cheaper something may become unsaid, in hundredths.
const TOLERANCE: u64 = 3;

/// The figures of one section of the file.
#[derive(Debug)]
pub(crate) struct Figures {
    section: &'static str,
    measured: Vec<(String, u64)>,
}

impl Figures {
    /// Of the `section` of that name.
    pub(crate) fn of(section: &'static str) -> Self {
        Self {
            section,
            measured: Vec::new(),
        }
    }

    /// Something costs so many instructions.
    pub(crate) fn add(&mut self, title: &str, cost: u64) {
        self.measured.push((title.to_owned(), cost));
    }

    /// Compares them with those in the file, or writes them there if that is asked for.
    pub(crate) fn check(&self) {
        let mut sections = read();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            sections.insert(self.section.to_owned(), self.measured.clone());
            fs::write(FILE, text(&sections)).unwrap();
            return;
        }
        let known = sections.remove(self.section).unwrap_or_default();
        let mut wrong = String::new();
        for (title, cost) in &self.measured {
            let before = known.iter().find(|(other, _)| other == title);
            let before = before.map_or(0, |(_, cost)| *cost);
            if before.abs_diff(*cost) * 100 > before * TOLERANCE {
                writeln!(wrong, "  {title}: {before} -> {cost}").unwrap();
            }
        }
        let gone = known
            .iter()
            .filter(|(title, _)| self.measured.iter().all(|(other, _)| other != title));
        for (title, _) in gone {
            writeln!(wrong, "  {title}: no longer measured").unwrap();
        }
        assert!(
            wrong.is_empty(),
            "instructions of {} have changed by more than {TOLERANCE} %; if they do after `make build`, \
             and that is meant, say so with UPDATE_GOLDEN=1:\n{wrong}",
            self.section
        );
    }
}

type Sections = BTreeMap<String, Vec<(String, u64)>>;

fn read() -> Sections {
    let mut sections = Sections::new();
    let mut section = String::new();
    for line in fs::read_to_string(FILE).unwrap_or_default().lines() {
        if let Some(name) = line.strip_prefix("# ") {
            name.clone_into(&mut section);
        } else if let Some((cost, title)) = line.trim_start().split_once(' ') {
            let figures = sections.entry(section.clone()).or_default();
            figures.push((title.to_owned(), cost.parse().unwrap()));
        }
    }
    sections
}

fn text(sections: &Sections) -> String {
    let mut text = String::new();
    for (section, figures) in sections {
        writeln!(text, "# {section}").unwrap();
        for (title, cost) in figures {
            writeln!(text, "{cost:>9} {title}").unwrap();
        }
    }
    text
}
