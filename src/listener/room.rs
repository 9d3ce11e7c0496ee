//! How many connections there may be, and who has to go when one more comes.
use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use rustix::process::{Resource, getrlimit};
use tokio::{
    task::{AbortHandle, Id},
    time::Instant,
};

use super::seat::Seat;
use crate::settings::Settings;

/// Files for everything but connections: the database's, the mail server's, the broker's, the metrics.
const OTHER_FILES: u64 = 128;

/// How many of the oldest connections are asked to make room; where all of them are being answered, nobody is let in.
const ASKED: usize = 256;

/// How often a line of the log may say that there is no room.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// How many connections there may be.
pub struct Limits {
    /// In all.
    pub most: usize,
    /// From one client's network: an IPv4 address, or the first half of an IPv6 address.
    pub per_network: usize,
    /// Networks that many clients come from, beside this machine.
    pub trusted_proxies: Vec<IpNet>,
}

impl Limits {
    /// What the settings say, as far as the system allows as many open files.
    pub fn of(settings: &Settings) -> Self {
        let wanted = settings.connections.max;
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let fit = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1);
        if fit < wanted {
            tracing::info!("{fit} connections at most, and not {wanted}: the system allows {files} open files");
        }
        Self {
            most: wanted.min(fit),
            per_network: settings.connections.per_network,
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }
}

/// The connections that are there, the oldest first.
pub struct Room {
    limits: Limits,
    next: u64,
    places: BTreeMap<u64, Place>,
    numbers: HashMap<Id, u64>,
    networks: HashMap<IpAddr, usize>,
    complained: Option<Instant>,
}

struct Place {
    id: Id,
    task: AbortHandle,
    seat: Arc<Seat>,
    network: Option<IpAddr>,
}

/// The network that a newcomer counts for; none where many clients come from one.
pub struct Network(Option<IpAddr>);

impl Room {
    /// Nobody yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: 0,
            places: BTreeMap::new(),
            numbers: HashMap::new(),
            networks: HashMap::new(),
            complained: None,
        }
    }

    /// Lets a newcomer in, if need be in the place of somebody who only waits.
    pub fn admit(&mut self, peer: IpAddr) -> Option<Network> {
        let network = self.network(peer.to_canonical());
        let crowd = network.and_then(|network| self.networks.get(&network));
        if crowd.is_some_and(|crowd| *crowd >= self.limits.per_network) {
            self.complain("one network has as many connections as it may, and gets no more");
            return None;
        }
        if self.places.len() < self.limits.most || self.make() {
            return Some(Network(network));
        }
        self.complain(
            "there are as many connections as there may be, all of them being answered; others are let in no more",
        );
        None
    }

    /// Gives the newcomer a place.
    pub fn take(&mut self, task: AbortHandle, seat: Arc<Seat>, Network(network): Network) {
        if let Some(network) = network {
            *self.networks.entry(network).or_default() += 1;
        }
        let id = task.id();
        self.numbers.insert(id, self.next);
        self.places.insert(self.next, Place { id, task, seat, network });
        self.next += 1;
    }

    /// Sends the oldest connection away of which no whole request is there; false where all are being answered.
    pub fn make(&mut self) -> bool {
        let waiting = self.places.iter().take(ASKED).find(|(_, place)| place.seat.take());
        let Some((&number, place)) = waiting else { return false };
        place.task.abort();
        let id = place.id;
        self.numbers.remove(&id);
        self.clear(number);
        self.complain("there are as many connections as there may be; those that wait longest have to go");
        true
    }

    /// Somebody left, whether or not the place was somebody else's already.
    pub fn leave(&mut self, id: Id) {
        if let Some(number) = self.numbers.remove(&id) {
            self.clear(number);
        }
    }

    /// One line of the log in a while.
    pub fn complain(&mut self, why: &str) {
        if self.complained.is_none_or(|last| last.elapsed() >= COMPLAINTS) {
            self.complained = Some(Instant::now());
            tracing::warn!(connections = self.places.len(), "{why}");
        }
    }

    fn clear(&mut self, number: u64) {
        let network = self.places.remove(&number).and_then(|place| place.network);
        let Some(network) = network else { return };
        if let Some(crowd) = self.networks.get_mut(&network) {
            *crowd -= 1;
            if *crowd == 0 {
                self.networks.remove(&network);
            }
        }
    }

    fn network(&self, peer: IpAddr) -> Option<IpAddr> {
        if peer.is_loopback() || self.limits.trusted_proxies.iter().any(|net| net.contains(&peer)) {
            return None;
        }
        Some(match peer {
            IpAddr::V4(_) => peer,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }
}
