-- Lists of users are of people. What a program is when it acts on its own goes by its client.
create index users_created on users (created_at, id) where not is_service;
create index users_updated on users (updated_at, id) where not is_service;
create index users_role_created on users (role, created_at, id) where not is_service;
create index users_role_updated on users (role, updated_at, id) where not is_service;
create index users_status_created on users (status, created_at, id) where not is_service;
create index users_status_updated on users (status, updated_at, id) where not is_service;

-- What q searches: a blank in front of every word lets one or two letters match how a word begins.
create function user_search_text(first_name text, last_name text, username text, email text)
  returns text language sql immutable parallel safe
  return lower(translate(
    ' ' || first_name || ' ' || last_name || ' ' || coalesce(username, '') || ' ' || coalesce(email, ''), E'\n\r\t', '   '));

create index users_search on users using gin (user_search_text(first_name, last_name, username, email) gin_trgm_ops) where not is_service;
