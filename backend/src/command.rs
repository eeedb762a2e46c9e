//! What each command does.

use std::io::{self, Write};
use std::path::Path;

use daemon::config::Report;
use daemon::lifecycle::{self, Signals};
use daemon::log;
use hifate_backend::app::{self, App};
use hifate_backend::birth::{Birth, Violation, Written};
use hifate_backend::chart::{self, Table, json};
use hifate_backend::config::{Config, file};
use store::Database;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Chart, Serve, Source};

/// Why a command failed, as it is printed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Config(#[from] Report),
    #[error(transparent)]
    Start(#[from] app::Error),
    #[error(transparent)]
    Database(#[from] store::Error),
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error("{0}")]
    Birth(String),
    #[error(transparent)]
    Calculation(#[from] bazi::Error),
    #[error(transparent)]
    Wire(#[from] json::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs until a signal says stop.
pub(crate) fn serve(serve: &Serve) -> Result<(), Error> {
    let config = load(&serve.source)?;
    log::start(config.log_level, config.log_format, io::stderr)?;
    let runtime = runtime(&config)?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        if serve.stop_on_stdin_eof {
            lifecycle::end_with_stdin();
        }
        let app = App::start(&config, &serve.parts()).await?;
        for (part, address) in app.addresses() {
            tracing::info!(part = part.name(), %address, "listening");
        }
        lifecycle::ready();
        let signal = signals.stop().await;
        tracing::info!(?signal, "stopping");
        lifecycle::stopping();
        app.stop().await;
        Ok(())
    })
}

/// Brings the database up to date and says what it is.
pub(crate) fn migrate(source: &Source) -> Result<(), Error> {
    let config = load(source)?;
    runtime(&config)?.block_on(async {
        let database = Database::open(&config.database).await?;
        let node = database.migrate().await?;
        database.close().await;
        let (version, id) = (node.schema_version, node.id);
        Ok(writeln!(
            io::stdout(),
            "schema version {version}, node {id}"
        )?)
    })
}

/// Prints one chart.
pub(crate) fn chart(asked: &Chart) -> Result<(), Error> {
    let moment = asked.moment.trim();
    let (solar_date, solar_time) = moment
        .split_once(['T', ' '])
        .ok_or_else(|| not_a_moment(moment))?;
    let Chart {
        gender, zi_mode, ..
    } = asked;
    let birth = Birth::read(Written {
        solar_date,
        solar_time,
        gender,
        zi_mode,
    });
    let chart = birth.map_err(|violations| wrong(&violations))?.chart()?;
    let mut out = io::stdout().lock();
    if asked.json {
        let data = json::Data::try_from(chart::response(&chart)?)?;
        serde_json::to_writer_pretty(&mut out, &data)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", Table::new(&chart))?;
    }
    Ok(())
}

/// Says whether the configuration is valid.
pub(crate) fn check(source: &Source) -> Result<(), Error> {
    load(source)?;
    let name = source
        .config
        .as_deref()
        .map_or("defaults".into(), Path::to_string_lossy);
    Ok(writeln!(io::stdout(), "{name}: valid")?)
}

/// Prints the JSON Schema of the configuration.
pub(crate) fn schema() -> Result<(), Error> {
    let schema = schemars::schema_for!(file::Config);
    Ok(writeln!(
        io::stdout(),
        "{}",
        serde_json::to_string_pretty(&schema)?
    )?)
}

fn load(source: &Source) -> Result<Config, Report> {
    Config::load(source.config.as_deref(), &source.overrides())
}

fn runtime(config: &Config) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(config.threads.get())
        .enable_all()
        .build()
}

fn not_a_moment(text: &str) -> Error {
    Error::Birth(format!(
        "{text:?} is not a date and a time, such as 1990-06-15T12:30"
    ))
}

fn wrong(violations: &[Violation]) -> Error {
    let messages: Vec<_> = violations
        .iter()
        .map(|violation| &*violation.message)
        .collect();
    Error::Birth(messages.join("\n"))
}
