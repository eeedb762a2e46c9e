//! The service manager's watchdog (`WatchdogSec=` of systemd): it is told that all is well only when
//! every worker has just shown that it gets on, so that one that hangs is found.

use daemon::lifecycle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Control;

/// Feeds the watchdog, if there is one, for as long as this process is the one that serves.
pub(super) async fn feed(control: &Control) {
    let Some(limit) = lifecycle::watchdog() else {
        return std::future::pending().await;
    };
    // sd_watchdog_enabled(3) asks for half of it; a third leaves time for a worker that is busy.
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut well = true;
    while !control.has_left() {
        ticks.tick().await;
        match timeout(limit, control.carried_out()).await {
            Ok(true) => {
                lifecycle::well();
                well = true;
            }
            Ok(false) | Err(_) if well => {
                well = false;
                tracing::error!(
                    ?limit,
                    "a worker hangs; the service manager is not told that all is well"
                );
            }
            Ok(false) | Err(_) => {}
        }
    }
    std::future::pending::<()>().await;
}
