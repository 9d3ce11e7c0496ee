//! Signing and verifying the tokens of both kinds.
use std::hint::black_box;

use criterion::Criterion;
use nightlatch::{
    accounts::Internal,
    clock::Timestamp,
    db::Pool,
    jwt::Jwts,
    keys::{Keys, Purpose},
    model::{
        id::{SessionId, UserId},
        session::Session,
        user::Role,
    },
    secret::Secret,
};
use tokio::runtime::Runtime;

use crate::NOW;

/// Signs and verifies one token.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tokens");
    let runtime = Runtime::new().expect("a runtime");
    let mint = runtime.block_on(mint()).expect("the mint opens");
    let session = session(NOW);
    for (kind, jwt) in [("session", &mint.session), ("access", &mint.access)] {
        let token = jwt.sign(&session, NOW).expect("our own key signs");
        assert!(jwt.verify(&token, NOW).is_some(), "the genuine one is taken");
        group.bench_function(format!("sign {kind}"), |bencher| {
            bencher.iter(|| jwt.sign(black_box(&session), NOW));
        });
        group.bench_function(format!("verify {kind}"), |bencher| {
            bencher.iter(|| jwt.verify(black_box(&token), NOW));
        });
    }
}

async fn mint() -> Result<Jwts, Internal> {
    let db = Pool::connect("sqlite::memory:", 1).await?;
    db.migrate().await?;
    let secret = Secret::new(&*Secret::draw()).expect("a strong secret");
    let session = Keys::load(&db, &secret, Purpose::Session, NOW).await?;
    let access = Keys::load(&db, &secret, Purpose::Access, NOW).await?;
    Ok(Jwts::new(session, access, "https://id.example.com"))
}

fn session(now: Timestamp) -> Session {
    Session {
        id: SessionId::random(),
        user_id: UserId::new(now),
        version: 1,
        role: Role::User,
        auth_time: now,
        expires_at: Timestamp::from_seconds(now.seconds() + 600),
        ends_at: Timestamp::from_seconds(now.seconds() + 43_200),
    }
}
