//! Prints how many Argon2id hashes all cores made, and how many a second, with the program's library and parameters, in memory that is kept.
//!
//! usage: ceiling-hash SECONDS
use std::{
    env,
    error::Error,
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Hashes that one thread makes in the given time, and how many a second that is.
fn hashes(time: Duration) -> Result<(f64, f64), argon2::Error> {
    let params = Params::new(19_456, 2, 1, Some(32))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (began, mut made, mut tag) = (Instant::now(), 0.0, [0; 32]);
    while began.elapsed() < time {
        argon2.hash_password_into_with_memory(b"plum-harbor-velvet-signal", &[7; 16], &mut tag, &mut memory)?;
        made += 1.0;
    }
    Ok((made, made / began.elapsed().as_secs_f64()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = env::args().nth(1).ok_or("usage: ceiling-hash SECONDS")?.parse()?;
    let threads: Vec<_> = (0..thread::available_parallelism()?.get())
        .map(|_| thread::spawn(move || hashes(Duration::from_secs(seconds))))
        .collect();
    let (mut made, mut rate) = (0.0, 0.0);
    for thread in threads {
        let (some, often) = thread.join().map_err(|_| "a thread ended early")??;
        made += some;
        rate += often;
    }
    println!("{made:.0} {rate:.1}");
    Ok(())
}
