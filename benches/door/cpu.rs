//! Processor time, from /proc: ours and the database server's. Part of several benches, and each uses some of it.
#![allow(dead_code)]

use crate::support::postgres::Cluster;

/// Microseconds.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cpu {
    pub client: f64,
    pub server: f64,
}

impl Cpu {
    pub fn each(self, answered: u64) -> Self {
        let answered = answered.max(1) as f64;
        Self { client: self.client / answered, server: self.server / answered }
    }
}

pub struct Server {
    postmaster: u32,
}

impl Server {
    pub fn of(cluster: &Cluster) -> Self {
        Self { postmaster: cluster.postmaster().expect("the server runs") }
    }

    pub fn now(&self) -> Cpu {
        let mut server = 0.0;
        for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let Some(stat) = stat(&pid.to_string()) else { continue };
            if pid == self.postmaster {
                server += stat.children; // Backends that have ended.
            } else if stat.parent == self.postmaster {
                server += stat.own;
            }
        }
        Cpu { client: stat("self").expect("we run").own, server }
    }

    pub fn since(&self, before: Cpu) -> Cpu {
        let now = self.now();
        Cpu { client: now.client - before.client, server: now.server - before.server }
    }
}

/// Microseconds that a process has used.
pub fn of_process(pid: u32) -> f64 {
    stat(&pid.to_string()).map_or(0.0, |stat| stat.own)
}

/// Microseconds that the calling thread has used.
pub fn of_this_thread() -> f64 {
    stat("thread-self").map_or(0.0, |stat| stat.own)
}

struct Stat {
    parent: u32,
    own: f64,
    children: f64,
}

/// Linux counts in ticks of 10 ms.
const TICK_MICROS: f64 = 10_000.0;

fn stat(pid: &str) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent, ..; user and system time are the 12th and 13th.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: (ticks(11)? + ticks(12)?) * TICK_MICROS,
        children: (ticks(13)? + ticks(14)?) * TICK_MICROS,
    })
}
