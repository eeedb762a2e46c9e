//! `limit_req_zone` and `limit_req`: one rate limit for each way in which a zone is used.

use super::Import;
use crate::document::{Table, Value};
use crate::level::Level;
use crate::quantity;
use crate::syntax::Directive;

/// The rate limits so far, by name.
#[derive(Default)]
pub(super) struct Built(Vec<(String, Table)>);

impl Built {
    pub(super) fn print(&self) -> String {
        self.0.iter().map(|(_, table)| table.print()).collect()
    }
}

impl<'d> Import<'d> {
    /// The names of the limits that hold at a place.
    pub(super) fn limits(&self, level: &Level<'d>) -> Option<Value> {
        let limits = level.all("limit_req");
        let names: Vec<String> = limits
            .iter()
            .filter_map(|limit| self.limit(limit, level))
            .collect();
        (!names.is_empty()).then(|| Value::texts(names))
    }

    fn limit(&self, limit: &'d Directive, level: &Level<'d>) -> Option<String> {
        let name = super::zone_name(limit)?;
        let Some(zone) = self.zones.get(name) else {
            self.notes
                .lost(limit, &format!("there is no limit_req_zone `{name}`"), "");
            return None;
        };
        self.notes.seen(zone);
        let mut table = Table::default();
        table.comment(format!(
            "{} and {}",
            self.line(&zone.at),
            self.line(&limit.at)
        ));
        let key = self.variables().text(zone.first(), zone, self.notes);
        table.set("key", Value::text(key));
        table.set(
            "rate",
            Value::text(zone.parameter("rate").unwrap_or("1r/s")),
        );
        if let Some(Ok(burst)) = limit.parameter("burst").map(str::parse) {
            table.set("burst", Value::Number(burst));
        }
        if limit.has("nodelay") {
            table.set("nodelay", Value::Switch(true));
        } else if let Some(Ok(delay)) = limit.parameter("delay").map(str::parse) {
            table.set("delay", Value::Number(delay));
        }
        match level
            .one("limit_req_status")
            .map(|status| status.first().parse())
        {
            Some(Ok(status)) => table.set("status", Value::Number(status)),
            _ => table.set_because(
                "status",
                Value::Number(503),
                "as before; 429 tells clients more",
            ),
        }
        if level.one("limit_req_dry_run").is_some_and(Directive::is_on) {
            table.set("dry_run", Value::Switch(true));
        }
        // nginx has room for 8000 keys in a megabyte.
        let size = zone.parameter("zone").and_then(|zone| zone.split_once(':'));
        let keys = size
            .and_then(|(_, size)| quantity::bytes(size))
            .map(|size| size / 128);
        if let Some(keys) = keys.filter(|keys| *keys > 100_000) {
            table.set("keys", Value::Number(keys.min(u64::from(u32::MAX))));
        }
        Some(self.named_limit(name, limit, table))
    }

    /// The name of a limit that is like this, but for where it is said.
    fn named_limit(&self, zone: &str, limit: &Directive, table: Table) -> String {
        let mut built = self.limits.borrow_mut();
        let same = built.0.iter().find(|(_, other)| other.is_like(&table));
        if let Some((name, _)) = same.filter(|(name, _)| name.starts_with(zone)) {
            return name.clone();
        }
        let others = built.0.iter().filter(|(name, _)| is_of(name, zone)).count();
        let name = if others == 0 {
            zone.to_owned()
        } else {
            let message = "the zone is used with different bursts, so each use counts for itself";
            self.notes.differs(limit, message, "");
            format!("{zone}_{}", others + 1)
        };
        built.0.push((name.clone(), table));
        name
    }

    pub(super) fn limit_tables(&self) -> Table {
        let mut tables = Table::default();
        for (name, table) in self.limits.take().0 {
            tables.set_table(&name, table);
        }
        tables
    }
}

fn is_of(name: &str, zone: &str) -> bool {
    let rest = name.strip_prefix(zone);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('_')
                .is_some_and(|n| n.parse::<u32>().is_ok())
    })
}
