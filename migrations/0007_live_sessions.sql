-- Sessions that were not ended, for those who count them.
CREATE INDEX sessions_by_end ON sessions (ends_at) WHERE ended_at IS NULL;
