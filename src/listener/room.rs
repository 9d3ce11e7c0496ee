//! How many connections there may be, and who has to go when one more comes.
use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use rustix::process;
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

/// How many may be on their way out before anybody else is let in: their files are open until they are gone.
const LEAVING: usize = 32;

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
        let files = process::getrlimit(process::Resource::Nofile).current.unwrap_or(u64::MAX);
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
    /// Those that were sent away and are not gone yet.
    leaving: usize,
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
            leaving: 0,
            complained: None,
        }
    }

    /// Whether somebody can be let in, or has to wait until others are out.
    pub fn is_open(&self) -> bool {
        self.leaving < LEAVING
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

    /// Sends the oldest connection away of which no whole request is there, if there is one that had no answer yet; false where all are
    /// being answered.
    pub fn make(&mut self) -> bool {
        let waiting = |served| {
            let mut oldest = self.places.iter().take(ASKED);
            oldest.find(|(_, place)| (served || place.seat.now().0 == 0) && place.seat.take())
        };
        let Some((&number, place)) = waiting(false).or_else(|| waiting(true)) else { return false };
        place.task.abort();
        let id = place.id;
        self.numbers.remove(&id);
        self.clear(number);
        self.leaving += 1;
        self.complain("there are as many connections as there may be; those that wait longest have to go");
        true
    }

    /// Somebody is gone, by themselves or sent away.
    pub fn leave(&mut self, id: Id) {
        match self.numbers.remove(&id) {
            Some(number) => self.clear(number),
            None => self.leaving = self.leaving.saturating_sub(1),
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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn room(most: usize, per_network: usize) -> Room {
        Room::new(Limits { most, per_network, trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()] })
    }

    fn come(room: &mut Room, peer: &str) -> Option<Id> {
        let network = room.admit(peer.parse().unwrap())?;
        let task = tokio::spawn(pending::<()>()).abort_handle();
        let id = task.id();
        room.take(task, Arc::default(), network);
        Some(id)
    }

    #[tokio::test]
    async fn one_network_has_so_many_connections_and_others_have_theirs() {
        let mut room = room(100, 2);
        let first = come(&mut room, "192.0.2.1").unwrap();
        for (peer, enters) in [
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::ffff:1", true),
            ("2001:db8::2", false),
            ("2001:db8:0:1::2", true),
        ] {
            assert_eq!(come(&mut room, peer).is_some(), enters, "{peer}");
        }
        room.leave(first);
        assert!(come(&mut room, "192.0.2.1").is_some() && come(&mut room, "192.0.2.1").is_none());
        for crowd in ["127.0.0.1", "::1", "10.1.2.3"] {
            assert!((0..10).all(|_| come(&mut room, crowd).is_some()), "{crowd}");
        }
    }

    #[tokio::test]
    async fn the_oldest_makes_room_but_those_that_were_served_last_and_those_that_are_being_answered_never() {
        let mut room = room(3, 10);
        let ids: Vec<Id> = (0..3).map(|_| come(&mut room, "127.0.0.1").unwrap()).collect();
        let seats: Vec<Arc<Seat>> = room.places.values().map(|place| Arc::clone(&place.seat)).collect();
        // The first was answered once, the second is being answered.
        assert!(seats[0].read() && seats[0].answer());
        seats[0].done();
        assert!(seats[1].read() && seats[1].answer());
        assert!(room.make() && !room.numbers.contains_key(&ids[2]));
        assert!(room.make() && !room.numbers.contains_key(&ids[0]));
        assert!(!room.make(), "the second stays");
        // Whoever lost the place notices before anything is done, and leaves once.
        assert!(!seats[0].read() && !seats[2].read());
        room.leave(ids[0]);
        room.leave(ids[2]);
        room.leave(ids[1]);
        assert_eq!((room.places.len(), room.numbers.len(), room.networks.len(), room.leaving), (0, 0, 0, 0));
    }

    #[tokio::test]
    async fn nobody_is_let_in_before_those_are_out_that_were_sent_away() {
        let mut room = room(1, 10);
        let mut ids: Vec<Id> = Vec::new();
        while room.is_open() {
            ids.push(come(&mut room, "127.0.0.1").unwrap());
        }
        assert_eq!(ids.len(), LEAVING + 1);
        room.leave(ids[0]);
        assert!(room.is_open());
    }
}
