//! Whatever a caller says of itself, it counts for the address that the first trusted proxy saw, however many proxies stand behind that.
#![no_main]
use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use nightlatch::web::client::believed;

/// The proxies, the one next to us last.
const PROXIES: [&str; 3] = ["10.0.0.1", "::ffff:10.9.8.7", "fd00::1"];

// The caller's address in the first line; each of the others is an X-Forwarded-For that it sent.
fuzz_target!(|text: &str| {
    let (caller, forged) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(caller) = caller.parse::<IpAddr>() else { return };
    let caller = caller.to_canonical();
    if trusts(&caller) {
        return;
    }
    let mut lines: Vec<String> = forged.lines().map(str::to_owned).collect();
    assert_eq!(ask(caller, &lines), caller, "a caller was believed about itself");
    let mut peer = caller.to_string();
    for (number, proxy) in PROXIES.iter().enumerate() {
        // Some proxies add to the last line, others add one.
        match lines.last_mut() {
            Some(line) if number % 2 == 0 => *line = format!("{line}, {peer}"),
            _ => lines.push(peer),
        }
        assert_eq!(ask(proxy.parse().unwrap(), &lines), caller, "a caller was believed about itself behind {proxy}");
        peer = (*proxy).to_owned();
    }
});

fn ask(peer: IpAddr, lines: &[String]) -> IpAddr {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    believed(peer, &lines, trusts)
}

fn trusts(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.octets()[0] == 0xfd,
    }
}
