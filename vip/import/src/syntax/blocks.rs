//! Lines and braces, as statements within statements.

use super::words::{Kind, split};
use super::{At, Line, Mistake, Statement};
use crate::finding::{Findings, Severity};

/// Blocks within blocks; keepalived's own go four deep.
const DEEPEST: usize = 32;

pub(super) fn blocks(lines: Vec<Line>, findings: &mut Findings) -> Result<Vec<Statement>, Mistake> {
    let mut reading = Reading {
        findings,
        open: Vec::new(),
        statements: Vec::new(),
    };
    for line in lines {
        reading.line(&line)?;
    }
    // Whatever is left open ends with the file, as it does for keepalived.
    while let Some((statement, _)) = reading.open.last() {
        let at = statement.at.clone();
        let message = format!("the block of `{}` is not closed", statement.keyword);
        reading
            .findings
            .add(("syntax", Severity::Problem), &at, message, "");
        reading.close(&at);
    }
    Ok(reading.statements)
}

struct Reading<'a> {
    findings: &'a mut Findings,
    /// Statements whose blocks are open, with what is around the innermost of them.
    open: Vec<(Statement, Vec<Statement>)>,
    /// What stands in the innermost block.
    statements: Vec<Statement>,
}

impl Reading<'_> {
    fn line(&mut self, line: &Line) -> Result<(), Mistake> {
        let mut current: Option<Statement> = None;
        for word in split(&line.text) {
            match word.kind {
                Kind::Text => match &mut current {
                    Some(statement) => statement.words.push(word.text),
                    None => {
                        current = Some(Statement {
                            at: line.at.clone(),
                            keyword: word.text,
                            words: Vec::new(),
                            block: None,
                        });
                    }
                },
                Kind::Open => self.open(current.take(), &line.at)?,
                Kind::Close => {
                    self.statements.extend(current.take());
                    self.close(&line.at);
                }
            }
        }
        self.statements.extend(current);
        Ok(())
    }

    /// Opens the block of the statement before the brace, which may be on a line above.
    fn open(&mut self, statement: Option<Statement>, at: &At) -> Result<(), Mistake> {
        let above = || self.statements.pop_if(|above| above.block.is_none());
        let Some(statement) = statement.or_else(above) else {
            return Err(Mistake {
                at: at.clone(),
                message: "there is a `{` with nothing before it".to_owned(),
            });
        };
        if self.open.len() >= DEEPEST {
            return Err(Mistake {
                at: at.clone(),
                message: format!("blocks are {DEEPEST} deep"),
            });
        }
        self.open
            .push((statement, std::mem::take(&mut self.statements)));
        Ok(())
    }

    fn close(&mut self, at: &At) {
        let Some((mut statement, around)) = self.open.pop() else {
            let message = "there is a `}` and no block is open";
            self.findings
                .add(("syntax", Severity::Problem), at, message, "");
            return;
        };
        statement.block = Some(std::mem::replace(&mut self.statements, around));
        self.statements.push(statement);
    }
}
