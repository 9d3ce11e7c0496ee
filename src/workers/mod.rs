//! Long-running tasks, each a loop around one unit of work that a test can call.
pub mod counter;
pub mod crew;
pub mod follower;
pub mod keysmith;
pub mod postman;
pub mod publisher;
pub mod scribe;
pub mod sealer;
pub mod sweeper;
