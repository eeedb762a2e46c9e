//! Answering operators.

use serde_json::json;
use tokio::sync::oneshot;
use vrrp::router::{Input, State};

use super::{Node, Request};
use crate::clock;

impl Node {
    /// Does what an operator asks for.
    pub(super) async fn answer(&mut self, request: Request) {
        match request {
            Request::Status(sender) => {
                let now = clock::now();
                let seats: Vec<_> = self.seats.iter().map(|seat| seat.show(now)).collect();
                let status = json!({
                    "version": env!("CARGO_PKG_VERSION"),
                    "pid": std::process::id(),
                    "config": { "path": self.path },
                    "instances": seats,
                });
                drop(sender.send(status));
            }
            Request::Release(name, sender) => self.release(name.as_deref(), sender).await,
            Request::Resume(name, sender) => {
                let chosen = self.chosen(name.as_deref());
                for index in chosen.iter().flatten() {
                    self.tell(*index, Input::Resume).await;
                }
                drop(sender.send(chosen.map(|_| ())));
            }
        }
    }

    /// Hands over, and has the operator wait for the outcome.
    async fn release(&mut self, name: Option<&str>, sender: oneshot::Sender<Result<(), String>>) {
        let chosen = match self.chosen(name) {
            Ok(chosen) => chosen,
            Err(why) => return drop(sender.send(Err(why))),
        };
        let mut outcomes = Vec::new();
        for index in chosen {
            let Some(seat) = self.seats.get_mut(index) else {
                continue;
            };
            if seat.router.state() == State::Master {
                let (outcome, waiting) = oneshot::channel();
                seat.waiting.push(outcome);
                outcomes.push(waiting);
            }
            self.tell(index, Input::Release).await;
        }
        tokio::spawn(async move {
            let mut result = Ok(());
            for outcome in outcomes {
                result = result.and(outcome.await.unwrap_or(Ok(())));
            }
            drop(sender.send(result));
        });
    }

    /// The instance of this name and those of its group, which would take it back; without a name all.
    fn chosen(&self, name: Option<&str>) -> Result<Vec<usize>, String> {
        let seats = self.seats.iter().enumerate();
        let chosen: Vec<_> = seats
            .filter(|(index, seat)| {
                let mut names = self.others(*index).map(|other| &other.config.name);
                name.is_none_or(|name| seat.config.name == name || names.any(|other| other == name))
            })
            .map(|(index, _)| index)
            .collect();
        match (chosen.is_empty(), name) {
            (true, Some(name)) => Err(format!("there is no instance `{name}`")),
            _ => Ok(chosen),
        }
    }
}
