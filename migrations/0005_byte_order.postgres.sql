-- For PostgreSQL alone: what is searched by its beginning is sorted by its bytes, as SQLite does, so that an index finds it.

ALTER TABLE users ALTER COLUMN email TYPE TEXT COLLATE "C";
ALTER TABLE users ALTER COLUMN username TYPE TEXT COLLATE "C";
ALTER TABLE user_words ALTER COLUMN word TYPE TEXT COLLATE "C";
