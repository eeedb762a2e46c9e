mod calculate;
mod document;
mod health;
mod refusal;
mod stop;
mod surroundings;
