//! The relational database: `SQLite`, in a file or in memory.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use thiserror::Error;
use uuid::Uuid;

/// Where a database is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a file, made with its folder when it is not there.
    File(PathBuf),
    /// In the memory of this process, and gone with it.
    Memory,
}

/// What the database says when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The id given to this node when its database was made.
    pub id: String,
    /// When that was, in UTC.
    pub created_at: String,
    /// The last migration that was applied.
    pub schema_version: i64,
}

/// The connections of the pool, by what they are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Waiting for work.
    pub idle: usize,
    /// At work.
    pub used: usize,
}

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The folder for its file cannot be made.
    #[error("the folder {path:?} cannot be made: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A migration failed, or the file was migrated by a newer program.
    #[error("the database cannot be migrated: {0}")]
    Migration(#[from] MigrateError),
    /// A statement failed.
    #[error("the database does not answer: {0}")]
    Statement(#[from] sqlx::Error),
}

impl Error {
    fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder {
            path: path.to_owned(),
            source,
        }
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Database {
    pool: SqlitePool,
}

impl Database {
    /// Opens the database, making it if it is not there; [`Database::migrate`] fills it.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE);
        let options = SqliteConnectOptions::new().busy_timeout(PATIENCE);
        let pool = match location {
            Location::File(path) => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).map_err(|error| Error::folder(folder, error))?;
                }
                let options = options
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal);
                pool.max_connections(CONNECTIONS)
                    .connect_with(options)
                    .await?
            }
            // Every connection to memory would see a memory of its own, and lose it when it closes.
            Location::Memory => {
                let pool = pool
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None);
                pool.connect_with(options.in_memory(true)).await?
            }
        };
        Ok(Self { pool })
    }

    /// Applies the migrations that are missing and answers what the database then says.
    pub async fn migrate(&self) -> Result<Node, Error> {
        MIGRATIONS.run(&self.pool).await?;
        sqlx::query("INSERT INTO node (one, id) VALUES (1, ?) ON CONFLICT DO NOTHING")
            .bind(Uuid::now_v7().to_string())
            .execute(&self.pool)
            .await?;
        self.node().await
    }

    /// Reads which node this is: the proof that the database works.
    pub async fn node(&self) -> Result<Node, Error> {
        let (id, created_at, schema_version) = sqlx::query_as(
            "SELECT id, created_at, (SELECT MAX(version) FROM _sqlx_migrations WHERE success)
             FROM node",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Node {
            id,
            created_at,
            schema_version,
        })
    }

    /// The connections of the pool.
    pub fn connections(&self) -> Connections {
        let idle = self.pool.num_idle();
        let open = usize::try_from(self.pool.size()).unwrap_or(usize::MAX);
        Connections {
            idle,
            used: open.saturating_sub(idle),
        }
    }

    /// Closes every connection, so that the file is left in order.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement may wait for a connection or for a lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// `SQLite` reads in parallel but writes one at a time; more connections only cost memory.
const CONNECTIONS: u32 = 4;
