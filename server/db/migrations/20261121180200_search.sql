-- Full text search over what is asked, what is said, and whom the shop serves.

-- What is searched of a text. Its beginning: that bounds the work and the size, and a vector of words has a limit of 1 MB.
-- PostgreSQL takes what stands in angle brackets for markup and leaves it out; here it was typed by people. And to cut a run without a
-- blank takes the square of its length (measured: 37 s for 20,000 characters of ~/), so none is longer than 100.
create function search_text(given text) returns text language sql immutable parallel safe
  return regexp_replace(translate(left(given, 20000), '<', ' '), '(\S{100})', '\1 ', 'g');

-- Every word as it stands, with its weight and places, and its stems in three languages, with neither: a word as it was typed
-- ranks before its stem, and half the room is spared.
create function cut_words(title text, body text) returns tsvector language sql immutable parallel safe
  return setweight(to_tsvector('pg_catalog.simple'::regconfig, title), 'A') || setweight(to_tsvector('pg_catalog.simple'::regconfig, body), 'B')
    || strip(to_tsvector('pg_catalog.english'::regconfig, title || ' ' || body))
    || strip(to_tsvector('pg_catalog.german'::regconfig, title || ' ' || body))
    || strip(to_tsvector('pg_catalog.spanish'::regconfig, title || ' ' || body));

create function search_words(title text, body text) returns tsvector language sql immutable parallel safe
  return cut_words(search_text(coalesce(title, '')), search_text(coalesce(body, '')));

-- Addresses and numbers are found by their parts, too: PostgreSQL takes each for one word.
create function customer_search_words(first_name text, last_name text, company text, email text, phone text, external_id text)
  returns tsvector language sql immutable parallel safe
  return search_words(first_name || ' ' || last_name, coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')
    || ' ' || coalesce(external_id, '')
    || translate(' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(external_id, ''), '@._+/-', '      '));

-- Kept beside the text and not only in an index: ranking reads it, and so does looking through the newest for a frequent word.
alter table posts
  add search_words tsvector not null generated always as (search_words(subject, message)) stored;
alter table customers
  add search_words tsvector not null generated always as (
    customer_search_words(first_name, last_name, company, email, phone, external_id)
  ) stored;

create index posts_asks_words on posts using gin (search_words) where number = 1;
create index posts_replies_words on posts using gin (search_words) where number > 1 and deleted_at is null;
create index customers_words on customers using gin (search_words);
