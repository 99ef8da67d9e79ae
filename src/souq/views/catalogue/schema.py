"""The tables of the catalogue's file."""

VERSION = "2"  # raise it with any change to the tables, or to how records fold into them

# What filters and orders read is kept apart from what a card shows, so that a scan of many
# listings touches few pages. The index of words keeps no copy of them, and no length per
# document: nothing is ranked by how often a word occurs.
SCHEMA = """
CREATE TABLE listings (
    number INTEGER PRIMARY KEY, is_open INTEGER NOT NULL, side TEXT NOT NULL,
    subject TEXT NOT NULL, category TEXT NOT NULL, asset TEXT, price INTEGER,
    delivery TEXT NOT NULL, agent TEXT NOT NULL, principal TEXT NOT NULL,
    mechanisms TEXT NOT NULL, available INTEGER NOT NULL, reserved INTEGER NOT NULL,
    is_paused INTEGER NOT NULL, is_withdrawn INTEGER NOT NULL);
CREATE INDEX by_category ON listings (category);
CREATE INDEX by_agent ON listings (agent);
CREATE INDEX by_price ON listings (asset, price);
CREATE TABLE cards (
    number INTEGER PRIMARY KEY, title TEXT, title_digest TEXT NOT NULL, description TEXT,
    description_digest TEXT NOT NULL, attributes TEXT NOT NULL, unit TEXT NOT NULL,
    shipping_units INTEGER NOT NULL, posted_at INTEGER NOT NULL);
CREATE TABLE attributes (
    number INTEGER NOT NULL, name TEXT NOT NULL, word TEXT NOT NULL, amount INTEGER,
    PRIMARY KEY (number, name)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (
    title, description, content='', columnsize=0, prefix='2 3',
    tokenize='porter unicode61 remove_diacritics 2');
CREATE TABLE sellers (
    agent TEXT PRIMARY KEY, deals INTEGER NOT NULL, rulings INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE scores (
    principal TEXT PRIMARY KEY, quantile INTEGER NOT NULL, is_newcomer INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE matches (
    number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, agent TEXT NOT NULL,
    listing TEXT NOT NULL, want TEXT NOT NULL);
CREATE INDEX matches_by_agent ON matches (agent, seq);
"""
SCRUB = "INSERT INTO words (words) VALUES ('optimize')"
