mod core;
mod health;
mod later;
mod reflection;
