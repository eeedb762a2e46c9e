//! The database as a program uses it.

use store::{Database, Error, Location};

#[tokio::test]
async fn a_file_keeps_its_node_and_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("new/hifate.db"));
    let database = Database::open(&location).await.unwrap();
    assert!(matches!(database.node().await, Err(Error::Statement(_))));
    let made = database.migrate().await.unwrap();
    assert_eq!(made.schema_version, 1);
    database.close().await;

    let again = Database::open(&location).await.unwrap();
    assert_eq!(again.migrate().await.unwrap(), made);
}

#[tokio::test]
async fn memory_survives_between_statements_but_is_not_shared() {
    let one = Database::open(&Location::Memory).await.unwrap();
    let made = one.migrate().await.unwrap();
    assert_eq!(one.node().await.unwrap(), made);
    let other = Database::open(&Location::Memory).await.unwrap();
    assert_ne!(other.migrate().await.unwrap().id, made.id);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let location = Location::File("/proc/hifate/hifate.db".into());
    let error = Database::open(&location).await.unwrap_err();
    assert!(error.to_string().contains("/proc/hifate"), "{error}");
}
