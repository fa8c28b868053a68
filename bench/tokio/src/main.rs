//! What Tokio's channels, tasks and timers cost on one thread, for bench/core.py.
//!
//!     tokio_race ROUNDS
//!
//! Prints a line of JSON for each: its case, its name, and nanoseconds an operation in each round.

use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::mpsc;

const HOPS: u32 = 1 << 20;
const TASKS: u32 = 4096;
const TIMERS: u32 = 1_000_000;

fn nanoseconds(since: Instant, operations: u32) -> f64 {
    since.elapsed().as_nanos() as f64 / f64::from(operations)
}

async fn channel() -> f64 {
    let (sender, mut receiver) = mpsc::channel::<(u64, u64)>(1024);
    let start = Instant::now();
    for _ in 0..HOPS {
        sender.send((1, 2)).await.expect("the channel is open");
        receiver.recv().await.expect("there is an item");
    }
    nanoseconds(start, HOPS)
}

async fn spawn() -> f64 {
    let start = Instant::now();
    for _ in 0..64 {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(async {})).collect();
        for task in tasks {
            task.await.expect("the task ran");
        }
    }
    nanoseconds(start, 64 * TASKS)
}

/// A million tasks, each asleep for ten to twenty milliseconds.
async fn timer() -> f64 {
    let mut random: u32 = 1;
    let start = Instant::now();
    let tasks: Vec<_> = (0..TIMERS)
        .map(|_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let delay = 10_000_000 + (u64::from(random) * 10_000_000 >> 32);
            tokio::spawn(tokio::time::sleep(Duration::from_nanos(delay)))
        })
        .collect();
    for task in tasks {
        task.await.expect("the timer fired");
    }
    nanoseconds(start, TIMERS)
}

fn main() {
    let rounds: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("usage: tokio_race ROUNDS");
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        took[0].push(runtime.block_on(channel()));
        took[1].push(runtime.block_on(spawn()));
        took[2].push(runtime.block_on(timer()));
    }
    for (case, rounds) in ["channel", "spawn", "timer"].iter().zip(took) {
        println!("{{\"case\": \"{case}\", \"name\": \"Tokio\", \"rounds\": {rounds:?}}}");
    }
}
