-- Who made a customer and who changed them last; null where that was nobody with an account (customer_authorship.sql).
alter table customers
  add created_by bigint references users,
  add updated_by bigint references users,
  add external_id text check (external_id <> '' and length(external_id) <= 100),
  -- The photo's files in the file store are named by the key; the hashes (SHA-256, in hex) are those of their content.
  add photo_key text check (photo_key ~ '^[0-9a-f]{32}$'),
  add photo_large_hash text check (photo_large_hash ~ '^[0-9a-f]{64}$'),
  add photo_small_hash text check (photo_small_hash ~ '^[0-9a-f]{64}$'),
  add constraint customers_photo_is_whole check (num_nonnulls(photo_key, photo_large_hash, photo_small_hash) in (0, 3));

create unique index customers_live_external_id_key on customers (external_id) where archived_at is null and external_id is not null;
create index customers_archived_external_id on customers (external_id) where archived_at is not null and external_id is not null;

-- What the sweep of the file store asks: which keys are in use.
create index customers_photo_key on customers (photo_key) where photo_key is not null;

-- What q searches, with the number that a shop knows the customer by. The function with five fields stays for the release before.
create function customer_search_text(first_name text, last_name text, company text, email text, phone text, external_id text)
  returns text language sql immutable parallel safe
  return lower(translate(
    ' ' || first_name || ' ' || last_name || ' ' || coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')
      || ' ' || coalesce(external_id, ''),
    E'\n\r\t', '   '));

drop index customers_search;
create index customers_search on customers
  using gin (customer_search_text(first_name, last_name, company, email, phone, external_id) gin_trgm_ops);
