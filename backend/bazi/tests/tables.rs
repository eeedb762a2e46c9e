//! The checked-in tables are what their generator prints.

#[path = "../examples/tables/generator.rs"]
mod generator;

#[test]
fn checked_in_tables_equal_the_generated_ones() {
    let checked_in = include_str!("../src/calendar/tables.rs");
    let generated = generator::source().unwrap();
    assert!(
        generated == checked_in,
        "src/calendar/tables.rs differs: see its first line"
    );
}
